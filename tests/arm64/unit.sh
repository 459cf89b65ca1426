#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unit tests, and the suite of back ends for the CPU, on an emulated Cortex-A53.
set -eu
. "$ZURT_SOURCE/tests/arm64/quick_tests.sh"
build=$ZURT_BUILD/arm64
[ -e "$build/tests/conf/conf_backend" ] || { echo "skipped: no cross build" && exit 77; }
names=$(echo "$quick_tests" | paste -s -d'|')
ctest --test-dir "$build" -R "^unit\.($names)\$" -j 2 --output-on-failure --timeout 300
qemu-aarch64-static -cpu cortex-a53 -L "$ZURT_ARM64_ROOT" "$build/tests/conf/conf_backend" cpu
