#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The costs that runtime/plan/cpu_cost.c has for the boards' CPU, against the modelled core.

cost_a53.py [--build BUILD] [--ops FOLDER] [MODEL.zurt...]

For every model: what `zurt inspect` says that its nodes take, what bench_a53.py counts, and the
error. Then for every operator and type, over all models, what its row in cpu_cost.c wants to be
multiplied with, and for those with multiply-accumulates their two figures, fitted. --ops also makes and counts networks of one
operator each (with the Python of scripts/venv). Places of programs are those of bench_a53.py.
"""
import argparse
import json
import math
import os
import subprocess
import sys
from collections import defaultdict

import bench_a53

CYCLES_PER_NS = 1.2  # of inspect's times: zi_cpu_node_cycles() at the clock of plan_report.c
SHAPE = [1, 32, 40, 40]  # 51,200 elements

# name: operator, attributes, further inputs (a shape, or the name of constants)
SINGLE = {
    "Add": ("Add", {}, [SHAPE]), "Sub": ("Sub", {}, [SHAPE]), "Mul": ("Mul", {}, [SHAPE]),
    "Div": ("Div", {}, [SHAPE]), "Min": ("Min", {}, [SHAPE]), "Max": ("Max", {}, [SHAPE]),
    "Relu": ("Relu", {}, []), "Sigmoid": ("Sigmoid", {}, []), "HardSwish": ("HardSwish", {}, []),
    "Tanh": ("Tanh", {}, []), "LeakyRelu": ("LeakyRelu", {"alpha": 0.1}, []),
    "Softmax": ("Softmax", {"axis": 1}, []),
    "MaxPool2": ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}, []),
    "MaxPool3": ("MaxPool", {"kernel_shape": [3, 3], "pads": [1] * 4}, []),
    "MaxPool5": ("MaxPool", {"kernel_shape": [5, 5], "pads": [2] * 4}, []),
    "AveragePool3": ("AveragePool", {"kernel_shape": [3, 3], "pads": [1] * 4}, []),
    "GlobalAverage": ("GlobalAveragePool", {}, []),
    "Concat": ("Concat", {"axis": 1}, [SHAPE]), "Transpose": ("Transpose", {"perm": [0, 2, 3, 1]}, []),
    "DepthToSpace": ("DepthToSpace", {"blocksize": 2}, []),
    "SpaceToDepth": ("SpaceToDepth", {"blocksize": 2}, []),
    "Pad": ("Pad", {}, ["pads"]), "Resize": ("Resize", {"mode": "nearest"}, ["scales"]),
    "ConvTranspose": ("ConvTranspose", {"kernel_shape": [2, 2], "strides": [2, 2]}, ["transposed"]),
    "Grouped": ("Conv", {"kernel_shape": [3, 3], "pads": [1] * 4, "group": 4}, ["grouped"]),
    "MatMul": ("MatMul", {}, [[1, 32, 40, 64]]), "Dense": ("MatMul", {}, ["dense"]),
    "Depthwise3": ("Conv", {"kernel_shape": [3, 3], "pads": [1] * 4, "group": 32}, ["depthwise3"]),
    "Depthwise5": ("Conv", {"kernel_shape": [5, 5], "pads": [2] * 4, "group": 32}, ["depthwise"]),
}


def write_single(path, name):
    """A float network of the operator; a second input of data is another input of the model."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    op, attributes, further = SINGLE[name]
    rng = np.random.default_rng(1)
    values = {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
              "scales": np.array([1, 1, 2, 2], np.float32),
              "transposed": rng.standard_normal((32, 16, 2, 2)).astype(np.float32),
              "grouped": rng.standard_normal((32, 8, 3, 3)).astype(np.float32),
              "dense": rng.standard_normal((40, 64)).astype(np.float32),
              "depthwise3": rng.standard_normal((32, 1, 3, 3)).astype(np.float32),
              "depthwise": rng.standard_normal((32, 1, 5, 5)).astype(np.float32)}
    inputs, names, constants = [("x", SHAPE)], ["x"], []
    for what in further:
        if isinstance(what, list):
            inputs.append(("x2", what))
            names.append("x2")
        else:
            constants.append(numpy_helper.from_array(values[what], what))
            names += ["", what] if op == "Resize" else [what]
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], name=name.lower(), **attributes)], name,
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.save(onnx.shape_inference.infer_shapes(model), path)


def singles(zurt, folder):
    """Compiles each, in int8 and with the operator in float; what zurt does not take is said."""
    os.makedirs(folder, exist_ok=True)
    made = []
    for name in SINGLE:
        source = os.path.join(folder, name + ".onnx")
        write_single(source, name)
        for form, options in (("s8", []), ("f32", ["--keep-float", name.lower(), "--io", "float"])):
            out = os.path.join(folder, f"{name}.{form}.zurt")
            calib = "x=random:2,x2=random:2" if any(isinstance(w, list) for w in SINGLE[name][2]) \
                else "random:2"
            done = subprocess.run([zurt, "compile", source, "--calib", calib, "--sqnr-samples", "0",
                                   "-o", out, "--force", "--quiet", *options], text=True,
                                  capture_output=True)
            if done.returncode:
                print(f"{name} in {form}: {done.stderr.strip()}")
            else:
                made.append(out)
    return made


def kind_of(node):
    """The row of cpu_cost.c: operator and type; convolutions by what cpu_cost.c tells
    apart."""
    op = node["op"]
    outputs = math.prod(node["shape"])
    if node["name"] == "grouped":
        op = "grouped"
    elif op == "Conv" and node["macs"] == outputs * math.prod(node["kernel"]):
        op = "depthwise"
    elif op == "Conv" and node["kernel"] == [3, 3] and node["stride"] == [1, 1]:
        op = "Conv 3x3"
    return f"{op} {node['type']}", node["macs"], outputs


def compare(path, zurt):
    """[(row, multiply-accumulates, outputs, cycles of the table, of the core)] of a model's nodes."""
    text = subprocess.run([zurt, "inspect", path, "--json"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    lines, intervals = bench_a53.run(bench_a53.place("ZURT_A53", "build/test/bench/a53/a53.so"),
                                     [bench_a53.place("ZURT_A53_RUN",
                                                      "build/arm64/zurt/bench/a53/a53_run"), path],
                                     bench_a53.place("ZURT_ARM64_ROOT", "build/arm64/root"))
    steps = [line.split("\t") for line in lines[1:]]
    counted = {s[2]: i[1] for s, i in zip(steps, intervals[int(lines[0]):])}
    return [(*kind_of(n), n["cpu_ns"] * CYCLES_PER_NS, counted.get(n["name"], 0))
            for n in json.loads(text)["nodes"]]


def fit(rows):
    """Cycles a multiply-accumulate and an output, of least relative error."""
    import numpy as np
    work = np.array([[macs, outputs] for _, macs, outputs, _, _ in rows], float)
    core = np.array([r[4] for r in rows], float)
    a, b = np.linalg.lstsq(work / core[:, None], np.ones(len(rows)), rcond=None)[0]
    return f"{a:.3f} a product and {b:.2f} an output"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=os.path.join(bench_a53.SOURCE, "build/test"))
    parser.add_argument("--ops", metavar="FOLDER", help="networks of one operator, made there")
    parser.add_argument("models", nargs="*", metavar="MODEL.zurt")
    arguments = parser.parse_args()
    zurt = os.path.join(arguments.build, "apps/zurt/zurt")
    by_row = defaultdict(list)
    for path in arguments.models + (singles(zurt, arguments.ops) if arguments.ops else []):
        rows = compare(path, zurt)
        table, core = (sum(r[k] for r in rows) for k in (3, 4))
        print(f"{os.path.basename(path):40} table {table / 1e6:8.3f} core {core / 1e6:8.3f} "
              f"Mcycles {100 * (table / core - 1):+6.1f} %", flush=True)
        for row in rows:
            by_row[row[0]].append(row)
    for name, rows in sorted(by_row.items()):
        outputs, table, core = (sum(r[k] for r in rows) for k in (2, 3, 4))
        factor = f"times {core / table:5.2f}" if table else "          -"
        print(f"{name:20} {len(rows):4} nodes, table {table / 1e6:9.3f} core {core / 1e6:9.3f} Mcycles: "
              f"{factor}, {core / outputs:8.2f} an output"
              + (f"; {fit(rows)}" if rows[0][1] and len(rows) > 2 else ""))


if __name__ == "__main__":
    sys.exit(main())
