# SPDX-License-Identifier: Apache-2.0
# Manual pages, made of docs/ by lowdown where it is there: ocelli.1, ocelli-convert.1, ocelli.ini.5.
option(OCELLI_MAN "Manual pages, where lowdown is installed" ON)
find_program(LOWDOWN lowdown)
find_program(AWK NAMES gawk mawk awk)
if(NOT OCELLI_MAN OR NOT LOWDOWN OR NOT AWK)
  message(STATUS "Manual pages: left out, as lowdown is not installed or OCELLI_MAN is OFF")
  return()
endif()

set(MAN_PAGES)
string(TIMESTAMP MAN_DATE "%Y-%m-%d" UTC) # SOURCE_DATE_EPOCH, where it is set
# manual_page(NAME SECTION DOCUMENTS... then awk's variables as VARIABLE=TEXT)
function(manual_page name section)
  set(documents)
  set(parts)
  set(variables)
  foreach(argument ${ARGN})
    if(argument MATCHES "^docs/")
      list(APPEND parts ${argument})
      string(REGEX REPLACE "#.*" "" document ${argument})
      list(APPEND documents ${document})
    else()
      list(APPEND variables -v "${argument}")
    endif()
  endforeach()
  list(JOIN parts " " parts)
  set(page ${CMAKE_CURRENT_BINARY_DIR}/${name}.${section})
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${AWK} -v page=${name} -v section=${section} -v version=${PROJECT_VERSION} -v date=${MAN_DATE} -v "parts=${parts}" ${variables}
            -f ${CMAKE_CURRENT_SOURCE_DIR}/cmake/man.awk > ${page}.md
    COMMAND ${LOWDOWN} -s -Tman -o ${page}.macros ${page}.md
    COMMAND ${AWK} -f ${CMAKE_CURRENT_SOURCE_DIR}/cmake/man_macros.awk ${page}.macros > ${page}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    DEPENDS ${documents} cmake/man.awk cmake/man_macros.awk
    VERBATIM)
  set(MAN_PAGES ${MAN_PAGES} ${page} PARENT_SCOPE)
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()

manual_page(ocelli 1 docs/cli.md "about=runs CLIP models on small boards: tags pictures, watches cameras, answers requests" "skip=ocelli-convert"
            "synopsis=ocelli COMMAND [OPTION]...|ocelli COMMAND --help" "also=ocelli-convert(1), ocelli.ini(5)")
manual_page(ocelli-convert 1 docs/cli.md "about=makes of a CLIP checkpoint the one file that ocelli runs" "only=ocelli-convert"
            "synopsis=ocelli-convert CHECKPOINT -o OUT.gguf [OPTION]..." "also=ocelli(1)")
manual_page(ocelli.ini 5 docs/run.md "docs/cli.md#tags.ini" docs/tags.md docs/sources.md "about=the file of ocelli run: source, tags, where it answers"
            "synopsis=ocelli run -c ocelli.ini|ocelli learn -c ocelli.ini|ocelli check -c ocelli.ini"
            "skip=RGB|The test scene" "also=ocelli(1)")
add_custom_target(ocelli_man ALL DEPENDS ${MAN_PAGES})
