# SPDX-License-Identifier: Apache-2.0
# Debian packages by CPack, a component each. scripts/package deb-ARCH configures a build for them
# (shared libraries, below /usr) and starts it; packaging/debian/arrange gives them Debian's form.
if(NOT BUILD_SHARED_LIBS OR NOT ZURT_BUILD_APPS)
  return()
endif()
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME zurt)
set(CPACK_PACKAGE_VENDOR zurt)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PROJECT_CONFIG_FILE ${debian}/depends.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${debian}/arrange.cmake)
set(CPACK_ZURT_STRIP ${CMAKE_STRIP})

# Release and maintainer are those of the first entry; arrange checks the version.
file(STRINGS ${debian}/changelog entry REGEX "^zurt |^ -- ")
list(GET entry 0 title)
list(GET entry 1 author)
string(REGEX MATCH "-([^)]+)\\)" release "${title}")
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_1})
string(REGEX MATCH "^ -- (.*>)" author "${author}")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CMAKE_MATCH_1}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(exact "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

# zurt_deb(COMPONENT NAME SECTION TEXT [LIBRARY]): a package, described by TEXT, whose first line is
# the summary. LIBRARY: a shared library in it that others may link; ldconfig runs by a trigger.
set(CPACK_COMPONENTS_ALL "")
macro(zurt_deb component name section text)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "int8 neural networks on Zynq UltraScale+, ${text}")
  if(${ARGC} GREATER 4)
    set(control ${PROJECT_BINARY_DIR}/debian/${component})
    file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
    file(WRITE ${control}/shlibs "${ARGV4} ${ZURT_ABI} ${name} (>= ${PROJECT_VERSION})\n")
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${control}/triggers ${control}/shlibs)
  endif()
endmacro()

install(CODE "" COMPONENT library) # arrange takes it out of component runtime
zurt_deb(library libzurt${ZURT_ABI} libs "library
libzurt loads .zurt files, quantised networks, and runs them on the
programmable logic of AMD Zynq UltraScale+ boards, by XRT, and on the
processor. Both give the same bytes. Without XRT, or without an overlay that
has zurt's engine, the processor does everything." libzurt)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_MULTIARCH same)
# Loaded when a session asks for the PL; AMD's and Canonical's packages for boards are named xrt.
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SUGGESTS "libxrt1 | xrt")

zurt_deb(runtime zurt science "command
The command zurt runs .zurt files on pictures, arrays and data sets, measures
accuracy and latency, and shows what a network takes on the programmable
logic. A udev rule opens XRT's render node to the group render.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "libzurt${ZURT_ABI} ${exact}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "zurt-compiler, zurt-doc")

set(of_dev "libzurt${ZURT_ABI} ${exact}")
if(ZURT_BUILD_COMPILER)
  string(APPEND of_dev ", zurt-compiler ${exact}")
  zurt_deb(compiler zurt-compiler science "compiler
Makes int8 .zurt files, and QDQ models for other runtimes, from float ONNX
models and samples to calibrate with. With it the command zurt has compile
and quantize, and reads .onnx files wherever it reads .zurt files."
           libzurt-compiler)
  set(CPACK_DEBIAN_COMPILER_PACKAGE_DEPENDS "libzurt${ZURT_ABI} ${exact}, zurt ${exact}")
  set(CPACK_DEBIAN_COMPILER_PACKAGE_SUGGESTS graphviz)
endif()

zurt_deb(dev libzurt-dev libdevel "headers
Headers of libzurt and libzurt-compiler, and what linkers, pkg-config and
CMake's find_package want.")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${of_dev}")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS zurt-doc)

zurt_deb(doc zurt-doc doc "documentation
How to quantise networks and run them with zurt, its formats, its arithmetic,
and an example to begin with.")
list(APPEND CPACK_COMPONENTS_ALL examples)
set(CPACK_COMPONENT_EXAMPLES_GROUP doc)
set(CPACK_COMPONENT_DOC_GROUP doc)
set(CPACK_DEBIAN_DOC_PACKAGE_ARCHITECTURE all)

# As Debian has Python's packages: in the place of distributions, compiled when they are installed.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/python/zurt DESTINATION lib/python3/dist-packages
        COMPONENT python EXCLUDE_FROM_ALL FILES_MATCHING PATTERN *.py PATTERN py.typed
        PATTERN __pycache__ EXCLUDE)
zurt_deb(python python3-zurt python "for Python
numpy arrays in and out of libzurt without a copy, requests as futures, pictures,
time by layer; with zurt-compiler also calibration and quantisation.")
set(CPACK_DEBIAN_PYTHON_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS
    "python3 (>= 3.9), python3-numpy, libzurt${ZURT_ABI} (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_PYTHON_PACKAGE_SUGGESTS "zurt-compiler")
set(control ${PROJECT_BINARY_DIR}/debian/python)
foreach(row "postinst;configure;py3compile" "prerm;remove;py3clean")
  list(GET row 0 script)
  list(GET row 1 when)
  list(GET row 2 tool)
  file(WRITE ${control}/${script}
       "#!/bin/sh\nset -e\n"
       "if [ \"$1\" = ${when} ] && command -v ${tool} >/dev/null; then\n"
       "    ${tool} -p python3-zurt\nfi\n")
  file(CHMOD ${control}/${script} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
       GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  list(APPEND CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA ${control}/${script})
endforeach()

if(ZURT_BUILD_SWEMU)
  zurt_deb(swemu zurt-swemu science "board on a PC
A device process for XRT's software emulation that runs the sources of zurt's
engine: zurt-swemu-env gives a program a board that is not there.")
endif()
include(CPack)
