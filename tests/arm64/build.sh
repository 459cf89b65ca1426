#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# zurt with its emulation, and what the tests of the boards' processor run, cross-built into
# $ZURT_BUILD/arm64.
set -eu
. "$ZURT_SOURCE/tests/arm64/quick_tests.sh"
[ -e "$ZURT_ARM64_ROOT/complete" ] || { echo "skipped: no arm64 packages" && exit 77; }
cmake -S "$ZURT_SOURCE" -B "$ZURT_BUILD/arm64" -G Ninja -DZURT_WERROR=ON \
    -DZURT_ARM64_ROOT="$ZURT_ARM64_ROOT" \
    -DCMAKE_TOOLCHAIN_FILE="$ZURT_SOURCE/scripts/cmake/aarch64-debian.cmake"
# shellcheck disable=SC2086 # names
cmake --build "$ZURT_BUILD/arm64" --target zurt-cli swemu output_hashes conf_backend $quick_tests
file=$(od -An -tx1 -j18 -N2 "$ZURT_BUILD/arm64/apps/zurt/zurt")
[ "$file" = " b7 00" ] || { echo "not built for AArch64: machine $file" && exit 1; }
