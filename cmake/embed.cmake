# SPDX-License-Identifier: Apache-2.0
# embed(NAME FILE): NAME_SOURCE is a C file that holds FILE, which is ASCII, as the string NAME. It is made anew when FILE changes.
function(embed name file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} digits HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${digits}")
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.c)
  file(CONFIGURE OUTPUT ${source} CONTENT "extern const char ${name}[];\nconst char ${name}[] = {${bytes}0};\n")
  set(${name}_SOURCE ${source} PARENT_SCOPE)
endfunction()
