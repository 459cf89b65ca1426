#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The A53 model against loops whose time on a Cortex-A53 is known (selfcheck.S).

Usage: selfcheck.py A53.so

Exit 77 with the reason where the cross compiler or a qemu-aarch64 with plugins is missing.
"""
import os
import shutil
import subprocess
import sys
import tempfile

import bench_a53

# Cycles of one turn, its counter and branch included, which pair with each other.
# Measured: github.com/ocxtal/insn_bench_aarch64, results/raspberry-pi-3_cortex-a53.md; mixtures
# with loads: gemmlowp, standalone/neon-gemm-kernel-benchmark.cc.
TIMES = [
    ("16 independent smlal, one a cycle", 17),
    ("16 dependent fmla, forwarded after 4", 64),
    ("16 independent sadalp, 2 cycles each", 32),
    ("4 x (128-bit load, alone for 2 cycles, and 3 smlal)", 21),
    ("4 x (the same load in halves beside 3 smlal)", 17),
    ("16 dependent loads, 3 cycles each", 48),
    ("16 independent additions, two a cycle", 9),
]
TURNS = 1000


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def main():
    compiler = shutil.which("aarch64-linux-gnu-gcc")
    if not compiler:
        skip("no aarch64-linux-gnu-gcc")
    if not bench_a53.qemu_with_plugins():
        skip("no qemu-aarch64 that takes plugins")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "selfcheck.S")
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "selfcheck")
        subprocess.run([compiler, "-nostdlib", "-static", source, "-o", program], check=True)
        _, intervals = bench_a53.run(sys.argv[1], [program])
    failed = False
    for (what, expected), (_, cycles) in zip(TIMES, intervals[1::2], strict=True):
        turn = cycles / TURNS
        same = abs(turn - expected) < 0.1  # the first turns find cold caches
        failed = failed or not same
        print(f"{'ok  ' if same else 'FAIL'} {turn:6.2f} cycles, {expected} expected: {what}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
