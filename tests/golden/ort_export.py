#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime runs the QDQ ONNX that `zurt quantize` writes, and finds zurt's classes.

usage: ort_export.py ZURT   ($ZURT_DATA: models and samples; $ZURT_PYTHON: python3 that has
                             tests/requirements.txt)

Of LeNet at least 99 % of the classes must be the same. MobileNetV2 cannot be held to that: zurt
rounds as TFLite does, twice (docs/arithmetic.md), ONNX Runtime computes in float and rounds once.
Where the factor of a layer is 2^-n, one output in about 2^(n+1) therefore differs by one step, and
52 layers amplify these steps until a class changes where the two best are close. ONNX Runtime's
own two ways of running the file, in float and in its integer kernels, differ as often. So there
the test asks for two other things: zurt agrees with ONNX Runtime as well as that does with itself
(without VNNI its integer kernels let sums of two products saturate: 83 % of the classes), and no layer *alone*, fed with the same bytes, differs by more than one step or more often than
rounding explains.
"""
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile

NORM_IMAGENET = [".485/.229", ".456/.224", ".406/.225"]
LENET_SAMPLES = 2000
LAYER_PICTURES = 2
MOST_DIFFERENT = 0.03  # of one layer's bytes; a mean over 49 pixels has n = 5, hence 1 in 64

from enter_venv import enter_venv, skip

enter_venv()

try:
    import numpy as np
    import onnx
    import onnxruntime as ort
    from PIL import Image
except ImportError as missing:
    skip(f"{missing.name} is not installed; scripts/venv does that")

DATA = os.environ.get("ZURT_DATA", "")


def zurt(*arguments):
    command = [sys.argv[1], *arguments, "--quiet"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def convert(model, *options):
    """The float model as QDQ ONNX and, with the same options, as a .zurt."""
    source = os.path.join(DATA, "onnx", model)
    zurt("quantize", source, *options, "--sqnr-samples", "0", "-o", "q.onnx", "--force")
    zurt("compile", source, *options, "--sqnr-samples", "0", "-o", "q.zurt", "--force")
    onnx.checker.check_model("q.onnx", full_check=True)


def session(model, optimised):
    options = ort.SessionOptions()
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimised else level.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def classes_of_ort(batches, optimised):
    s = session("q.onnx", optimised)
    name = s.get_inputs()[0].name
    return np.concatenate([np.argmax(s.run(None, {name: x})[0], axis=1) for x in batches])


def classes_of_zurt(batches):
    files = []
    for i, batch in enumerate(batches):
        files.append(f"batch{i}.npy")
        np.save(files[-1], batch)
    outputs = json.loads(zurt("run", "q.zurt", *files, "--top", "1", "--json"))["outputs"]
    return np.array([best["class"] for output in outputs for best in output["top"]])


def agreements(title, batches):
    """Shares of equal classes: zurt with ONNX Runtime, plain and optimised; those two."""
    own = classes_of_zurt(batches)
    plain, optimised = (classes_of_ort(batches, o) for o in (False, True))
    assert len(own) == len(plain) == sum(len(batch) for batch in batches)
    result = [np.mean(own == plain), np.mean(own == optimised), np.mean(plain == optimised)]
    print(f"{title}, {len(own)} samples: same class as ONNX Runtime {result[0]:.2%} (plain), "
          f"{result[1]:.2%} (optimised); these two among themselves {result[2]:.2%}", flush=True)
    return result


def digits(n):
    path = os.path.join(DATA, "mnist", "t10k-images-idx3-ubyte.gz")
    with gzip.open(path) as file:
        pixels = np.frombuffer(file.read(), np.uint8, n * 784, 16)
    values = (pixels.astype(np.float32) / 255 - np.float32(.1307)) / np.float32(.3081)
    return values.reshape(-1, 10, 1, 28, 28)


def pictures():
    """NCHW batches of one: shorter side to 224, centre crop, ImageNet's mean and deviation."""
    mean, std = (np.array([float(pair.split("/")[i]) for pair in NORM_IMAGENET], np.float32)
                 for i in (0, 1))
    batches = []
    for path in sorted(glob.glob(os.path.join(DATA, "imagenet_samples", "*.JPEG"))):
        with Image.open(path) as file:
            image = file.convert("RGB")
        factor = 224 / min(image.size)
        image = image.resize([max(224, round(side * factor)) for side in image.size],
                             Image.Resampling.BILINEAR)
        left, top = ((side - 224) // 2 for side in image.size)
        pixels = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32) / 255
        batches.append(((pixels - mean) / std).transpose(2, 0, 1)[None])
    return batches


class Layers:
    """The model cut at its QuantizeLinear nodes: each piece is s8 to s8."""

    def __init__(self, path):
        self.graph = onnx.load(path).graph
        self.constants = {c.name: c for c in self.graph.initializer}
        self.maker = {out: node for node in self.graph.node for out in node.output}
        self.cuts = [n.output[0] for n in self.graph.node if n.op_type == "QuantizeLinear"]

    def values(self, path, batches):
        """Every cut's bytes for every batch, as ONNX Runtime computes them."""
        model = onnx.load(path)
        for cut in self.cuts:
            info = onnx.helper.make_tensor_value_info(cut, onnx.TensorProto.INT8, None)
            model.graph.output.append(info)
        s = session(model.SerializeToString(), False)
        name = s.get_inputs()[0].name
        return [dict(zip(self.cuts, s.run(self.cuts, {name: batch}))) for batch in batches]

    def piece(self, cut):
        """Nodes and inputs of the piece that ends in `cut`; no inputs if it starts the model."""
        nodes, inputs, todo = set(), [], [cut]
        while todo:
            name = todo.pop()
            if name != cut and name in self.cuts:
                inputs += [name] if name not in inputs else []
            elif name in self.maker:
                nodes.add(name)
                todo += self.maker[name].input
        return [n for n in self.graph.node if n.output[0] in nodes], inputs

    def write(self, path, cut, shapes):
        nodes, inputs = self.piece(cut)
        used = {name for node in nodes for name in node.input}
        info = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT8, shapes[name].shape)
                for name in [*inputs, cut]]
        graph = onnx.helper.make_graph(nodes, "piece", info[:-1], info[-1:],
                                       [c for name, c in self.constants.items() if name in used])
        opset = [onnx.helper.make_opsetid("", 13)]
        onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=7), path)
        return inputs


def check_layers(batches):
    layers = Layers("q.onnx")
    values = layers.values("q.onnx", batches)
    checked, most = 0, 0.0
    for cut in layers.cuts:
        if not layers.piece(cut)[1]:
            continue  # the input's own QuantizeLinear
        inputs = layers.write("piece.onnx", cut, values[0])
        zurt("compile", "piece.onnx", "-o", "piece.zurt", "--force")
        reference = session("piece.onnx", False)
        steps = []
        for value in values:
            with open("piece.raw", "wb") as file:
                file.write(b"".join(value[name].tobytes() for name in inputs))
            zurt("run", "piece.zurt", "piece.raw", "-o", "piece", "--force")
            own = np.fromfile("piece.0.0.s8", np.int8).astype(np.int32)
            theirs = reference.run(None, {name: value[name] for name in inputs})[0]
            steps.append(own - theirs.reshape(-1))
        steps = np.concatenate(steps)
        share = np.mean(steps != 0)
        assert np.max(np.abs(steps)) <= 1, f"{cut}: differs by {np.max(np.abs(steps))} steps"
        assert share <= MOST_DIFFERENT, f"{cut}: {share:.2%} of the bytes differ"
        checked, most = checked + 1, max(most, share)
    assert checked > 50
    print(f"MobileNetV2, {checked} layers alone: within one step; at most {most:.2%} of the bytes")


def main():
    if not os.path.isdir(os.path.join(DATA, "onnx")):
        skip("ZURT_DATA has no models")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        mnist = os.path.join(DATA, "mnist", "train-images-idx3-ubyte.gz")
        convert("lenet_mnist.onnx", "--calib", f"idx:{mnist}", "--samples", "500",
                "--input-norm", ".1307/.3081")
        lenet = agreements("LeNet", digits(LENET_SAMPLES))
        assert min(lenet[:2]) >= 0.99

        convert("mobilenetv2_1.0_224_float_deq.onnx", "--calib",
                "dir:" + os.path.join(DATA, "imagenet_samples"), "--samples", "40",
                "--input-norm", *NORM_IMAGENET)
        batches = pictures()
        check_layers(batches[:LAYER_PICTURES])
        plain, optimised, among = agreements("MobileNetV2", batches)
        assert min(plain, optimised) >= among - 0.02
        assert plain >= 0.90
        os.chdir("/")


if __name__ == "__main__":
    sys.argv[1] = os.path.abspath(sys.argv[1])
    main()
