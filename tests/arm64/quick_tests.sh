# shellcheck shell=sh disable=SC2034 # sourced
# SPDX-License-Identifier: Apache-2.0
# Unit tests that run on an emulated Cortex-A53 in every run, for build.sh and unit.sh: those that
# compute through kernels, threads, files and memory. The others parse and plan; xrt.arm64 runs all
# at night.
quick_tests=$(cd "$ZURT_SOURCE/tests/unit" && for file in test_cpu_count.c test_crc32c.c \
    test_emit_zurt.c test_executor.c test_format_1_1.c test_heap.c test_image.c test_impl.c \
    test_matmul.c test_memory.c test_op_*.c test_ops_*.c test_pool.c test_pooling.c \
    test_requant.c test_session*.c test_toy_backend.c; do echo "${file%.c}"; done)
