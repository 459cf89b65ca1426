# SPDX-License-Identifier: Apache-2.0
# XRT's headers and libraries (Debian: libxrt-dev). Sets ZURT_HAVE_XRT, XRT_INCLUDE_DIR,
# XRT_COREUTIL, and where Debian's amd64 shim is to be cured XRT_SWEMU_ARCHIVE, XRT_SWEMU_NEEDS.
# libzurt loads libxrt_coreutil at run time: nothing here makes it depend on XRT.
set(ZURT_XRT AUTO CACHE STRING "The XRT back end: AUTO, ON or OFF")
set_property(CACHE ZURT_XRT PROPERTY STRINGS AUTO ON OFF)
set(ZURT_HAVE_XRT OFF)
set(XRT_VERSION "")
if(NOT ZURT_XRT STREQUAL "OFF")
  find_path(XRT_INCLUDE_DIR xrt/xrt_bo.h PATH_SUFFIXES xrt)
  find_path(UUID_INCLUDE_DIR uuid/uuid.h)
  find_library(XRT_COREUTIL xrt_coreutil)
  find_file(XRT_SWEMU_ARCHIVE libxrt_swemu.a PATHS /usr/lib /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}
            NO_DEFAULT_PATH)
  if(XRT_INCLUDE_DIR AND XRT_COREUTIL AND UUID_INCLUDE_DIR)
    set(ZURT_HAVE_XRT ON)
    # 2.13's is the first, the second that of later ones
    find_file(XRT_VERSION_HEADER NAMES version.h xrt/detail/version-slim.h
              PATHS ${XRT_INCLUDE_DIR} NO_DEFAULT_PATH)
    if(XRT_VERSION_HEADER)
      file(STRINGS ${XRT_VERSION_HEADER} XRT_VERSION REGEX "xrt_build_version\\[\\]")
    endif()
    string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" XRT_VERSION "${XRT_VERSION}")
  elseif(ZURT_XRT STREQUAL "ON")
    message(FATAL_ERROR "ZURT_XRT is ON, but XRT's headers, libxrt_coreutil or uuid/uuid.h is "
                        "missing. Debian: apt-get install libxrt-dev uuid-dev")
  endif()
endif()
# What the archive was linked with; none of it has a development package that we need.
set(XRT_SWEMU_NEEDS "")
if(XRT_SWEMU_ARCHIVE)
  get_filename_component(xrt_library_dir ${XRT_SWEMU_ARCHIVE} DIRECTORY)
  foreach(name protobuf boost_filesystem uuid)
    file(GLOB found ${xrt_library_dir}/lib${name}.so.[0-9]*)
    list(SORT found)
    if(found)
      list(GET found 0 first)
      list(APPEND XRT_SWEMU_NEEDS ${first})
    endif()
  endforeach()
endif()

# What stands in for a board is made by programs of this build, which a cross build can only run
# with an emulator, and is of no use on a board.
set(swemu_default ${ZURT_HAVE_XRT})
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  set(swemu_default OFF)
endif()
option(ZURT_BUILD_SWEMU "Build the device process and the kernels of XRT's sw_emu" ${swemu_default})
if(ZURT_BUILD_SWEMU AND NOT ZURT_HAVE_XRT)
  message(FATAL_ERROR "ZURT_BUILD_SWEMU is ON in a build without XRT")
endif()
set(ZURT_SWEMU_DIR ${PROJECT_BINARY_DIR}/swemu)

# Another XRT to test with, unpacked by scripts/xrt-next: its programs run through its own loader.
# Sets XRT_NEXT_LIBRARIES, empty where there is none or it cannot be used.
set(ZURT_XRT_NEXT "${PROJECT_SOURCE_DIR}/build/xrt-next" CACHE PATH
    "Where scripts/xrt-next unpacked another XRT")
set(XRT_NEXT_LIBRARIES "")
if(XRT_SWEMU_ARCHIVE AND NOT CMAKE_CROSSCOMPILING AND NOT ZURT_SANITIZE
   AND EXISTS ${ZURT_XRT_NEXT}/complete)
  set(XRT_NEXT_LIBRARIES ${ZURT_XRT_NEXT}/root/usr/lib/x86_64-linux-gnu)
endif()
set(ZURT_NEXT_DIR ${PROJECT_BINARY_DIR}/xrt-next)
