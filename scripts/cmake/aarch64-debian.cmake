# SPDX-License-Identifier: Apache-2.0
# Cross-compiles for the boards' processor (Cortex-A53, AArch64) with Debian's gcc-aarch64-linux-gnu
# against a folder of arm64 packages, which scripts/arm64-root makes:
#
#   cmake -S . -B build/arm64/zurt -DCMAKE_TOOLCHAIN_FILE=scripts/cmake/aarch64-debian.cmake \
#         -DZURT_ARM64_ROOT=$PWD/build/arm64/root
#
# Programs of the build run under qemu-aarch64-static where it is installed, tests too: on a
# Cortex-A53, so that an instruction which it lacks traps.
set(ZURT_ARM64_ROOT "" CACHE PATH "Root folder of an arm64 Debian")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZURT_ARM64_ROOT)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_SYSROOT ${ZURT_ARM64_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${ZURT_ARM64_ROOT})
set(ENV{PKG_CONFIG_LIBDIR}
    ${ZURT_ARM64_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${ZURT_ARM64_ROOT}/usr/share/pkgconfig)

find_program(ZURT_QEMU_AARCH64 NAMES qemu-aarch64-static qemu-aarch64)
if(ZURT_QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${ZURT_QEMU_AARCH64} -cpu cortex-a53 -L ${ZURT_ARM64_ROOT})
endif()
