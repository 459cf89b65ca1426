#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernels and their test alone, cross-built statically, on an emulated Cortex-A53: an
# instruction that the core lacks traps. Skipped, with the reason, without the tools.
set -eu
cd "$(dirname "$0")/../.."
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static; do
    command -v $tool >/dev/null || {
        echo "skipped: no $tool"
        exit 77
    }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sources=$(find tests/kern -name '*.c' ! -name kern_compiler.c)
# shellcheck disable=SC2086 # names without spaces
aarch64-linux-gnu-gcc -std=c11 -O2 -static -ffp-contract=off -D_POSIX_C_SOURCE=200809L \
    -Iruntime -Iruntime/include -Itests -o "$folder/kern" $sources runtime/kernels/*.c \
    runtime/kernels/ref/*.c runtime/kernels/neon/*.c runtime/kernels/neon/*.S \
    runtime/quant/*.c runtime/base/cpu.c -lm
qemu-aarch64-static -cpu cortex-a53 "$folder/kern" "$@"
