# SPDX-License-Identifier: Apache-2.0
# OCELLI_PORTABLE: one build that starts on Debian 12 and 13 and on Ubuntu 22.04 and 24.04. It is made on the oldest of them whose
# compiler is at hand, as a C library's symbols are those of where the link was made.
#
# Dynamic is what has the same name on all four: the C library, libcrypto.so.3, libssl.so.3, libz.so.1, libpng16.so.16, libwebp.so.7,
# libwebpdemux.so.2, libsqlite3.so.0, libcjson.so.1. They get security updates there. Linked from archives, as Debian's -dev packages
# have them, is what differs:
#
#   libjpeg      libjpeg.so.62 on Debian, libjpeg.so.8 on Ubuntu
#   libutf8proc  libutf8proc.so.2 on Debian 12 and Ubuntu 22.04, libutf8proc.so.3 on the others
#   libcoap      libcoap-3-openssl.so.3 on all, but 4.3.0 on Ubuntu 22.04, without functions of later ones
#   libinih      libinih.so.1 on all; two small files that spare a package
#
# libmicrohttpd.so.12, libmosquitto.so.1 and libpq.so.5 have these names on all four, and are loaded when they are wanted.
#
# libcamera has another name in each release: the module camera.so is made on a system of that release, by an ordinary build.
# cmake/portable_check.sh reads each file that was linked, and fails the build if it would not start everywhere.
option(OCELLI_PORTABLE "One build for Debian 12 and 13, Ubuntu 22.04 and 24.04" OFF)

# link_archive(JPEG libjpeg.a others...): what pkg-config found in JPEG is linked from the archive, with `others` behind it.
function(link_archive variable archive)
  if(NOT OCELLI_PORTABLE OR NOT TARGET PkgConfig::${variable})
    return()
  endif()
  find_library(${variable}_ARCHIVE ${archive} HINTS ${${variable}_LIBRARY_DIRS})
  if(NOT ${variable}_ARCHIVE)
    message(FATAL_ERROR "OCELLI_PORTABLE: no ${archive}: install the -dev package that has it, or leave this part out")
  endif()
  set(linked ${${variable}_ARCHIVE})
  if(variable STREQUAL "JPEG") # see portable_stderr.c
    set(linked ${CMAKE_CURRENT_BINARY_DIR}/portable_jpeg.a)
    execute_process(COMMAND ${CMAKE_OBJCOPY} --redefine-sym stderr=ocelli_stderr ${JPEG_ARCHIVE} ${linked} COMMAND_ERROR_IS_FATAL ANY)
    add_library(portable_stderr OBJECT ${PROJECT_SOURCE_DIR}/cmake/portable_stderr.c)
    list(APPEND linked $<TARGET_OBJECTS:portable_stderr>)
  endif()
  set_target_properties(PkgConfig::${variable} PROPERTIES INTERFACE_LINK_LIBRARIES "${linked};${ARGN}")
  message(STATUS "Portable: ${archive} is linked from its archive")
endfunction()

# Behind the link of each target; what the archives define stays inside.
function(check_portable)
  foreach(target ${ARGN})
    target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL)
    add_custom_command(TARGET ${target} POST_BUILD COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/portable_check.sh $<TARGET_FILE:${target}> VERBATIM)
  endforeach()
endfunction()
