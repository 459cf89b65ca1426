# SPDX-License-Identifier: Apache-2.0
"""Compares zurt with ONNX Runtime on the models of scripts/differential.

usage: differential_run.py ZURT FOLDER SECONDS    models in FOLDER/models, wrong ones to FOLDER/wrong
"""
import glob
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/golden"))
from ort_compare import Zurt, ort, run_all  # noqa: E402


def main():
    zurt, folder, seconds = sys.argv[1], os.path.abspath(sys.argv[2]), float(sys.argv[3])
    models = sorted(glob.glob(os.path.join(folder, "models", "*.onnx")))
    numbered = [(path, int(re.findall(r"\d+", os.path.basename(path))[-1])) for path in models]
    print(f"{len(numbered)} models, ONNX Runtime {ort.__version__}, {zurt}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        wrong, _ = run_all(Zurt(zurt), numbered, seconds, os.path.join(folder, "wrong"))
        os.chdir("/")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
