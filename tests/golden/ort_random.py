#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tests' random graphs, as ONNX, in zurt and in ONNX Runtime: see ort_compare.py.

usage: ort_random.py ZURT MAKE_RANDOM_ONNX [--seed N] [--count N] [--seconds N]

The seeds are printed; refusals are counted by their reason. scripts/differential, run by hand and
nightly, does the same for models that others generate.
"""
import argparse
import os
import subprocess
import sys
import tempfile

from enter_venv import enter_venv, skip

enter_venv()

try:
    from ort_compare import ORT_VERSION, Zurt, run_all
except ImportError as missing:
    skip(f"{missing.name} is not installed; scripts/venv does that")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("zurt")
    parser.add_argument("make_random_onnx")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=45)
    arguments = parser.parse_args()
    zurt, make = (os.path.abspath(p) for p in (arguments.zurt, arguments.make_random_onnx))
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    print(f"seeds {seeds.start} to {seeds.stop - 1}, ONNX Runtime {ORT_VERSION}")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        made = subprocess.run([make, str(seeds.start), str(len(seeds)), "."], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        print(f"{made.count(chr(10))} are not ONNX")
        models = [(f"{seed}.onnx", seed) for seed in seeds if os.path.exists(f"{seed}.onnx")]
        tally = run_all(Zurt(zurt), models, arguments.seconds)
        os.chdir("/")
    if tally["wrong"] or tally["crashes"] or tally["float equal"] < tally["models"] / 3:
        sys.exit(1)


if __name__ == "__main__":
    main()
