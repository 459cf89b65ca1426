# SPDX-License-Identifier: Apache-2.0
# Headers, libraries, the package for find_package(zurt) and the pkg-config files.
include(CMakePackageConfigHelpers)
set(zurt_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/zurt)

set(libraries zurt)
if(ZURT_BUILD_COMPILER)
  list(APPEND libraries zurt-compiler)
endif()
install(TARGETS ${libraries} EXPORT zurtTargets
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY runtime/include/zurt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "experimental.h" EXCLUDE)
if(ZURT_BUILD_COMPILER)
  install(DIRECTORY compiler/include/zurt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h" PATTERN "experimental.h" EXCLUDE)
endif()
if(TARGET zurt-cli)
  install(TARGETS zurt-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  get_target_property(pages zurt_page_files ZURT_FOLDER)
  install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
  install(FILES ${pages}/zurt.bash RENAME zurt
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${pages}/_zurt DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${pages}/zurt.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
if(ZURT_HAVE_XRT) # what stands in for a board
  install(DIRECTORY ${ZURT_SWEMU_DIR}/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/zurt/swemu
          USE_SOURCE_PERMISSIONS COMPONENT swemu)
  install(PROGRAMS ${PROJECT_SOURCE_DIR}/scripts/swemu-env RENAME zurt-swemu-env
          DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT swemu)
endif()

install(EXPORT zurtTargets NAMESPACE zurt:: DESTINATION ${zurt_package_dir})
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/zurtConfig.cmake.in ${PROJECT_BINARY_DIR}/zurtConfig.cmake
  INSTALL_DESTINATION ${zurt_package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/zurtConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/zurtConfig.cmake ${PROJECT_BINARY_DIR}/zurtConfigVersion.cmake
        DESTINATION ${zurt_package_dir})

# pkg-config wants absolute directories unless they hang on its prefix.
foreach(kind LIB INCLUDE)
  if(IS_ABSOLUTE ${CMAKE_INSTALL_${kind}DIR})
    set(pc_${kind}DIR ${CMAKE_INSTALL_${kind}DIR})
  else()
    set(pc_${kind}DIR "\${prefix}/${CMAKE_INSTALL_${kind}DIR}")
  endif()
endforeach()
foreach(library ${libraries})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${library}.pc.in ${PROJECT_BINARY_DIR}/${library}.pc
                 @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${library}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
