# SPDX-License-Identifier: Apache-2.0
# Boards: each folder of boards/ that has a file `compatible` is one, so that a new board is a new folder and nothing else.
file(GLOB boards CONFIGURE_DEPENDS boards/*/compatible)
foreach(compatible ${boards})
  get_filename_component(folder ${compatible} DIRECTORY)
  get_filename_component(board ${folder} NAME)
  foreach(file compatible ocelli.ini service.conf config.txt)
    if(EXISTS ${folder}/${file})
      install(FILES ${folder}/${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/ocelli/boards/${board})
    endif()
  endforeach()
  # Names devices by their place in the board's address map, so that on other boards nothing matches.
  if(EXISTS ${folder}/udev.rules)
    install(FILES ${folder}/udev.rules DESTINATION lib/udev/rules.d RENAME 70-ocelli-${board}.rules)
  endif()
endforeach()
