#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The networks of docs/performance.md as files: made, compiled, inspected, run.

usage: networks.py ZURT MODEL_PERFORMANCE CONF_CYCLES
$ZURT_PYTHON: a python3 that has tests/requirements.txt

What `zurt inspect` says of the float file and of the compiled one must be what the tables say, which
are made from shapes alone; the engine must count as many iterations as were planned, step by step;
and device sim must give the CPU's bytes. With $ZURT_DATA the real MobileNetV2, too.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path

from enter_venv import skip

SOURCE = Path(__file__).resolve().parent.parent.parent
FILES = {"ResNet-50 v1": ("resnet50_v1", 224), "ResNet-50 v1.5": ("resnet50_v1_5", 224),
         "YOLOv3-tiny 416": ("yolov3_tiny_416", 416), "VGG-16": ("vgg16", 224)}
REAL = {"MobileNetV2": ("mobilenetv2_1.0_224_float_deq.onnx", 224)}
MOST_DIFFERENT = 0.002  # of the cycles: branches may stand in another order


def run(*command):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {result.stdout}{result.stderr}")
    return result.stdout


def compare(zurt, name, model, tables):
    """Number of boards for which the file costs something else than the table says."""
    wrong = 0
    for board in ("kv260", "zcu104"):
        got = json.loads(run(zurt, "inspect", model, "--board", board, "--json"))["totals"]
        want = next(t for t in tables if t["network"] == name and t["board"] == board
                    and t["mhz"] == 200)
        off = abs(got["cycles"] / want["cycles"] - 1)
        print(f"{name} {board} {model.suffix}: {got['pl_fps']:.1f} fps, {got['cycles']} cycles, table "
              f"{want['cycles']}")
        wrong += off > MOST_DIFFERENT or got["pl_macs"] != got["macs"]
    return wrong


def outputs(zurt, model, picture, device):
    result = json.loads(run(zurt, "run", model, picture, "--device", device, "--json"))
    return [output["sha256"] for output in result["outputs"]]


def check(tools, name, source, side, folder, tables):
    """Number of things that are not as they should be for one network."""
    zurt, cycles = tools
    model, picture = Path(folder, "model.zurt"), Path(folder, "picture.f32")
    wrong = compare(zurt, name, source, tables)
    run(zurt, "compile", source, "--calib", "random:1", "--force", "-o", model)
    wrong += compare(zurt, name, model, tables)
    if name != "VGG-16":  # four runs of 10 million iterations; sim below counts them as well
        print(f"{name}: {run(cycles, model)}", end="")
    values = random.Random(1)
    picture.write_bytes(array("f", [values.gauss(0, 1) for _ in range(3 * side * side)]))
    if outputs(zurt, model, picture, "cpu") != outputs(zurt, model, picture, "sim"):
        print(f"{name}: sim and cpu differ")
        wrong += 1
    return wrong


def main():
    python = os.path.abspath(os.environ.get("ZURT_PYTHON", sys.executable))
    if not os.access(python, os.X_OK):
        skip(f"{python}: not there; scripts/venv makes it")
    if subprocess.run([python, "-c", "import onnx"], capture_output=True, check=False).returncode:
        skip(f"{python} has no onnx; scripts/venv makes one that has")
    zurt, tool, cycles = sys.argv[1:]
    tables = [json.loads(line) for line in run(tool).splitlines()]
    wrong = 0
    for name, (file, side) in FILES.items():
        with tempfile.TemporaryDirectory() as folder:
            run(python, SOURCE / "scripts/make_networks.py", folder, file)
            source = Path(folder, f"{file}.onnx")
            wrong += check((zurt, cycles), name, source, side, folder, tables)
    for name, (file, side) in REAL.items():
        source = Path(os.environ.get("ZURT_DATA", ""), "onnx", file)
        if not source.is_file():
            print(f"{name}: not compared, {source} is not there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            wrong += check((zurt, cycles), name, source, side, folder, tables)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
