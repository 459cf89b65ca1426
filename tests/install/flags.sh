#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# flags.sh FOLDER: which flags a build has. Those that CMake was given are kept; without any, a
# release is optimised fully, and no type of build loses its asserts, sanitised ones least of all.
set -euo pipefail
folder=$1
rm -rf "$folder"

# configured NAME ARGUMENTS...: leaves the compiler's calls in $calls.
configured() {
    local build=$folder/$1
    shift
    cmake -S "$ZURT_SOURCE" -B "$build" -G Ninja -DCMAKE_C_COMPILER="${CC:-cc}" \
        -DZURT_BUILD_TESTS=OFF -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "$@" >"$folder.log" 2>&1 || {
        cat "$folder.log"
        exit 1
    }
    calls=$(grep '"command"' "$build/compile_commands.json")
}

every() { # FLAG: every call has it
    ! grep -qv -- " $1 " <<<"$calls" || { echo "a call without $1"; exit 1; }
}

none() { # FLAG
    ! grep -q -- " $1 " <<<"$calls" || { echo "a call with $1"; exit 1; }
}

mkdir -p "$folder"
configured default
every -O3
none -DNDEBUG
configured sanitised -DCMAKE_BUILD_TYPE=RelWithDebInfo -DZURT_SANITIZE=address,undefined
every -O2
none -DNDEBUG
none -O3
configured small -DCMAKE_BUILD_TYPE=MinSizeRel
every -Os
none -DNDEBUG
configured given -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS="-DMINE=1" \
    "-DCMAKE_C_FLAGS_RELEASE=-O2 -g1 -DNDEBUG"
every -DMINE=1
every -g1
every -DNDEBUG
none -O3

# From a toolchain file, as Yocto's class does it.
cat >"$folder/toolchain.cmake" <<'CMAKE'
set(CMAKE_C_FLAGS "-DFROM_TOOLCHAIN=1" CACHE STRING "")
set(CMAKE_C_FLAGS_RELEASE "-Os" CACHE STRING "")
CMAKE
configured toolchain -DCMAKE_TOOLCHAIN_FILE="$folder/toolchain.cmake"
every -DFROM_TOOLCHAIN=1
every -Os
none -O3
rm -rf "$folder" "$folder.log"
