# SPDX-License-Identifier: Apache-2.0
# What is installed, by component:
#
#   runtime    libzurt and the zurt command of a board, with its pages and completion
#   compiler   libzurt-compiler and the complete command, which the other becomes when it must
#   dev        headers, what a linker wants, find_package(zurt), pkg-config
#   doc        the pages of docs/
#   examples   sources to begin with
#   swemu      what stands in for a board in XRT's sw_emu
include(CMakePackageConfigHelpers)
set(zurt_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/zurt)

# zurt_install_library(TARGET COMPONENT)
function(zurt_install_library target component)
  if(NOT BUILD_SHARED_LIBS)
    set(component dev)
  endif()
  install(TARGETS ${target} EXPORT zurtTargets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component} NAMELINK_COMPONENT dev
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

# zurt_install_headers(FOLDER)
function(zurt_install_headers folder)
  install(DIRECTORY ${folder}/include/zurt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
          FILES_MATCHING PATTERN "*.h" PATTERN "experimental.h" EXCLUDE)
endfunction()

set(libraries zurt)
zurt_install_library(zurt runtime)
zurt_install_headers(runtime)
if(ZURT_BUILD_COMPILER)
  list(APPEND libraries zurt-compiler)
  zurt_install_library(zurt-compiler compiler)
  zurt_install_headers(compiler)
endif()

if(ZURT_BUILD_APPS)
  install(TARGETS zurt-runtime-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
  if(ZURT_BUILD_COMPILER)
    install(TARGETS zurt-cli RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/zurt
            COMPONENT compiler)
  endif()
  get_target_property(pages zurt_page_files ZURT_FOLDER)
  install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT runtime
          FILES_MATCHING PATTERN "*.1")
  foreach(shell "zurt.bash;bash-completion/completions;zurt" "_zurt;zsh/site-functions;_zurt"
                "zurt.fish;fish/vendor_completions.d;zurt.fish")
    list(GET shell 0 page)
    list(GET shell 1 folder)
    list(GET shell 2 name)
    install(FILES ${pages}/${page} RENAME ${name} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder}
            COMPONENT runtime)
  endforeach()
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT doc)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/SECURITY.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT doc)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/apps/examples/classify
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT examples)

if(ZURT_BUILD_SWEMU)
  install(DIRECTORY ${ZURT_SWEMU_DIR}/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/zurt/swemu
          USE_SOURCE_PERMISSIONS COMPONENT swemu)
  install(PROGRAMS ${PROJECT_SOURCE_DIR}/scripts/swemu-env RENAME zurt-swemu-env
          DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT swemu)
endif()

install(EXPORT zurtTargets NAMESPACE zurt:: DESTINATION ${zurt_package_dir} COMPONENT dev)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/zurtConfig.cmake.in ${PROJECT_BINARY_DIR}/zurtConfig.cmake
  INSTALL_DESTINATION ${zurt_package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/zurtConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/zurtConfig.cmake ${PROJECT_BINARY_DIR}/zurtConfigVersion.cmake
        DESTINATION ${zurt_package_dir} COMPONENT dev)

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
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()
