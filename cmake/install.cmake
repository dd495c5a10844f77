# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where. Nothing of it holds the prefix of the configuration: `--prefix` and DESTDIR work for all.
include(CMakePackageConfigHelpers)

# libocelli.a: the same parts as libocelli.so, made one object in which what ocelli.h does not declare is local, so that an
# application may have functions of the same names.
add_custom_command(
  OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/libocelli.a
  COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ocelli_archive.o ${LIBRARY_OBJECTS}
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden ocelli_archive.o
  COMMAND ${CMAKE_COMMAND} -E rm -f libocelli.a
  COMMAND ${CMAKE_AR} crs libocelli.a ocelli_archive.o
  DEPENDS ${LIBRARY_PARTS}
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(ocelli_archive ALL DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/libocelli.a)

# What the parts link, as pkg-config calls it. Read off the targets, so that a new library needs no line here unless its target is of a
# kind that is not known yet.
set(OCELLI_REQUIRES "")
foreach(part ${LIBRARY_PARTS})
  get_target_property(linked ${part} INTERFACE_LINK_LIBRARIES)
  foreach(library ${linked})
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" library "${library}")
    if(library MATCHES "^PkgConfig::(.+)$")
      if(DEFINED ${CMAKE_MATCH_1}_MODULES)
        list(APPEND OCELLI_REQUIRES ${${CMAKE_MATCH_1}_MODULES})
      else()
        list(APPEND OCELLI_REQUIRES ${${CMAKE_MATCH_1}_MODULE_NAME})
      endif()
    elseif(library STREQUAL "JPEG::JPEG")
      list(APPEND OCELLI_REQUIRES libjpeg)
    elseif(library MATCHES "::" AND NOT library STREQUAL "Threads::Threads")
      message(FATAL_ERROR "cmake/install.cmake: add what pkg-config calls ${library}")
    endif()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES OCELLI_REQUIRES)
# Debian 13's libcrypto.pc names libzstd for static programs, and libssl-dev does not bring it: -lcrypto alone, which is in Libs.private.
list(REMOVE_ITEM OCELLI_REQUIRES libcrypto)
list(JOIN OCELLI_REQUIRES " " OCELLI_REQUIRES)

# The way from lib/pkgconfig back to the prefix; absolute folders stay.
foreach(kind LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}}")
    set(OCELLI_${kind} "${CMAKE_INSTALL_${kind}}")
  else()
    set(OCELLI_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
  endif()
endforeach()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(OCELLI_PREFIX "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH back "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" /p)
  string(REGEX REPLACE "/$" "" back "${back}")
  set(OCELLI_PREFIX "\${pcfiledir}/${back}")
endif()
configure_file(cmake/ocelli.pc.in ocelli.pc @ONLY)
configure_package_config_file(cmake/ocelliConfig.cmake.in ocelliConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ocelli
                              PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(ocelliConfigVersion.cmake VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)

install(TARGETS ocelli ocelli-convert ocelli_shared RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
                                                    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(CAMERA_MODULE)
  install(TARGETS camera LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/ocelli) # runtime/source/camera.c looks there
endif()
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libocelli.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/ocelli.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ocelli.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ocelliConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/ocelliConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ocelli)

# What `ocelli init` writes, for a board that is set up by hand.
install(FILES tools/ocelli/init/example/ocelli.ini DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(PROGRAMS tools/ocelli/init/example/on_change DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

# Completion of commands: bash loads it by the program's name. Debian's zsh looks in share/zsh/vendor-completions.
set(OCELLI_ZSH_COMPLETIONS share/zsh/site-functions CACHE STRING "Folder of zsh's completions")
foreach(program ocelli ocelli-convert)
  install(FILES tools/completion/ocelli.bash DESTINATION share/bash-completion/completions RENAME ${program})
  install(FILES tools/completion/_${program} DESTINATION ${OCELLI_ZSH_COMPLETIONS})
endforeach()

# The service, its user and its folder: docs/run.md. The unit names the program where this very installation puts it.
install(CODE "
  set(OCELLI_BINDIR \"${CMAKE_INSTALL_BINDIR}\")
  get_filename_component(OCELLI_BINDIR \"\${OCELLI_BINDIR}\" ABSOLUTE BASE_DIR \"\${CMAKE_INSTALL_PREFIX}\")
  get_filename_component(OCELLI_BINDIR \"\${OCELLI_BINDIR}\" ABSOLUTE)
  configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/boards/generic/ocelli.service.in\" \"${CMAKE_CURRENT_BINARY_DIR}/ocelli.service\" @ONLY)")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ocelli.service DESTINATION lib/systemd/system)
install(FILES boards/generic/sysusers.conf DESTINATION lib/sysusers.d RENAME ocelli.conf)
install(FILES boards/generic/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME ocelli.conf)

include(cmake/boards.cmake)

# What only a flashed board has: `cmake --install ... --component image`.
install(TARGETS ocelli-settings RUNTIME DESTINATION lib/ocelli COMPONENT image EXCLUDE_FROM_ALL)
install(DIRECTORY boards/image/lib/ DESTINATION lib/ocelli USE_SOURCE_PERMISSIONS COMPONENT image EXCLUDE_FROM_ALL)
install(DIRECTORY boards/image/units/ DESTINATION lib/systemd/system COMPONENT image EXCLUDE_FROM_ALL)
install(FILES boards/image/ocelli.txt DESTINATION ${CMAKE_INSTALL_DATADIR}/ocelli/image COMPONENT image EXCLUDE_FROM_ALL)
