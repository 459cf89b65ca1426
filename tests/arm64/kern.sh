#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernels, their test and the corpus of its fuzz target alone, cross-built statically, on an emulated Cortex-A53: an
# instruction that the core lacks traps. Arguments are kern's. Skipped, with the reason, without the
# tools.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static; do
    command -v $tool >/dev/null || {
        echo "skipped: no $tool"
        exit 77
    }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
build() {
    aarch64-linux-gnu-gcc -std=c11 -O2 -ffp-contract=off -D_POSIX_C_SOURCE=200809L \
        -I"$source/runtime" -I"$source/runtime/include" "$@"
}
kernels=$source/runtime/kernels
kern=$source/tests/kern
build -c "$kern"/kern_*.c "$kern"/harness_*.c \
    "$kern/layers.c" "$kern/naive.c" "$kern/call_kept_aarch64.S" "$kernels"/*.c \
    "$kernels"/ref/*.c "$kernels"/neon/*.c "$kernels"/neon/*.S "$source"/runtime/quant/*.c \
    "$source/runtime/base/cpu.c"
build -static -o kern "$kern/kern.c" ./*.o -lm
build -static -I"$source/tests" -o replay "$source/tests/fuzz/fuzz_kern.c" \
    "$source/tests/fuzz/driver.c" ./*.o -lm
build -static -o bad "$kern/bad_kernels.c" "$kern/bad_kernels_aarch64.S" ./*.o -lm
qemu-aarch64-static -cpu cortex-a53 ./bad
qemu-aarch64-static -cpu cortex-a53 ./replay "$source/tests/fuzz/corpus/kern"
qemu-aarch64-static -cpu cortex-a53 ./kern "$@"
