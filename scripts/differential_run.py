# SPDX-License-Identifier: Apache-2.0
"""Compares zurt with ONNX Runtime on the models of scripts/differential.

usage: differential_run.py ZURT MODELS SECONDS WRONG    all of the folder MODELS; copies to WRONG
"""
import glob
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/golden"))
from ort_compare import ORT_VERSION, Zurt, run_all  # noqa: E402


def main():
    zurt, keep = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[4])
    seconds = float(sys.argv[3])
    models = sorted(glob.glob(os.path.join(os.path.abspath(sys.argv[2]), "*.onnx")))
    numbered = [(path, int(re.findall(r"\d+", os.path.basename(path))[-1])) for path in models]
    print(f"{len(numbered)} models, ONNX Runtime {ORT_VERSION}, {zurt}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        tally = run_all(Zurt(zurt), numbered, seconds, keep)
        os.chdir("/")
    if tally["wrong"] or tally["crashes"]:
        sys.exit(1)
    if not tally["float equal"]:
        sys.exit("nothing was compared")


if __name__ == "__main__":
    main()
