# SPDX-License-Identifier: Apache-2.0
# CPack runs this between installation and packing: the folders of the packages are to be Debian's.
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/arrange ${CPACK_TEMPORARY_DIRECTORY}
                        ${CPACK_PACKAGE_VERSION} ${CPACK_ZURT_STRIP} RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "packaging/debian/arrange failed")
endif()
