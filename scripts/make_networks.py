#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes well-known networks as ONNX files, with generated weights.

build/venv/bin/python scripts/make_networks.py FOLDER [NAME...]      (scripts/venv makes build/venv)

NAME: mobilenet_v1, resnet50_v1, resnet50_v1_5, vgg16, yolov3_tiny_416; all of them by default. For timing and for
tests of size: the shapes are those of the networks, the answers mean nothing. Weights are He's
normal initialisation with a fixed seed, batch norms are near the identity, so that values keep
their spread from layer to layer and int8 scales are ordinary ones. The same bytes every time.
"""
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

OPSET = 13


class Network:
    """An ONNX graph that grows node by node."""

    def __init__(self, name, shape):
        self.name = name
        self.random = np.random.default_rng(list(name.encode()))
        self.nodes, self.constants, self.outputs = [], [], []
        self.channels = {"x": shape[1]}
        self.input = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, op, inputs, channels=None, **attributes):
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.channels[name] = channels or self.channels[inputs[0]]
        return name

    def weights(self, shape, gain=2.0):
        spread = np.sqrt(gain / np.prod(shape[1:]))
        return self.random.standard_normal(shape, dtype=np.float32) * np.float32(spread)

    def noise(self, n, mean, spread):
        return (mean + spread * self.random.standard_normal(n)).astype(np.float32)

    def conv(self, x, out, k, stride=1, norm=True, bias=False, gain=1.0, group=1):
        """Convolution with half padding; with batch norm or with a bias."""
        pad = (k - 1) // 2
        inputs = [x, self.constant(self.weights((out, self.channels[x] // group, k, k)))]
        if bias:
            inputs.append(self.constant(self.noise(out, 0.0, 0.05)))
        y = self.node("Conv", inputs, out, kernel_shape=[k, k], strides=[stride, stride],
                      pads=[pad, pad, pad, pad], **({"group": group} if group > 1 else {}))
        if not norm:
            return y
        scale = gain * self.noise(out, 1.0, 0.1)
        values = [scale, self.noise(out, 0.0, 0.1), self.noise(out, 0.0, 0.1),
                  np.abs(self.noise(out, 1.0, 0.1))]
        return self.node("BatchNormalization",
                         [y] + [self.constant(v.astype(np.float32)) for v in values])

    def pool(self, x, k, stride, pads=(0, 0, 0, 0)):
        return self.node("MaxPool", [x], kernel_shape=[k, k], strides=[stride, stride],
                         pads=list(pads))

    def dense(self, x, n_in, out):
        return self.node("Gemm", [x, self.constant(self.weights((out, n_in))),
                                  self.constant(self.noise(out, 0.0, 0.05))], out, transB=1)

    def output(self, x, shape):
        self.outputs.append(helper.make_tensor_value_info(x, TensorProto.FLOAT, shape))

    def save(self, folder):
        graph = helper.make_graph(self.nodes, self.name, [self.input], self.outputs,
                                  self.constants)
        model = helper.make_model(graph, producer_name="zurt",
                                  opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 8
        checker.check_model(model)
        save(model, folder / f"{self.name}.onnx")


def mobilenet_v1(name):
    """Howard et al. 2017, width 1.0."""
    n = Network(name, [1, 3, 224, 224])
    low, high = (n.constant(np.array(v, dtype=np.float32)) for v in (0, 6))

    def relu6(x):
        return n.node("Clip", [x, low, high])

    x = relu6(n.conv("x", 32, 3, 2))
    for out, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1),
                        (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)):
        x = relu6(n.conv(x, n.channels[x], 3, stride, group=n.channels[x]))
        x = relu6(n.conv(x, out, 1))
    x = n.node("Flatten", [n.node("GlobalAveragePool", [x])])
    n.output(n.dense(x, 1024, 1000), [1, 1000])
    return n


def resnet50(name, v1):
    """He et al. 2015; v1 strides in the first convolution of a block, v1.5 in the second."""
    n = Network(name, [1, 3, 224, 224])
    x = n.node("Relu", [n.conv("x", 64, 7, 2)])
    x = n.pool(x, 3, 2, (1, 1, 1, 1))
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for i in range(blocks):
            stride = 2 if i == 0 and stage > 0 else 1
            shortcut = x
            if i == 0 and v1:
                shortcut = n.conv(x, 4 * width, 1, stride)
            y = n.node("Relu", [n.conv(x, width, 1, stride if v1 else 1)])
            y = n.node("Relu", [n.conv(y, width, 3, 1 if v1 else stride)])
            y = n.conv(y, 4 * width, 1, gain=0.5)
            if i == 0 and not v1:
                shortcut = n.conv(x, 4 * width, 1, stride)
            x = n.node("Relu", [n.node("Add", [y, shortcut])])
    x = n.node("Flatten", [n.node("GlobalAveragePool", [x])])
    n.output(n.dense(x, 2048, 1000), [1, 1000])
    return n


def vgg16(name):
    """Simonyan and Zisserman 2014, configuration D."""
    n = Network(name, [1, 3, 224, 224])
    x = "x"
    for channels, layers in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(layers):
            x = n.node("Relu", [n.conv(x, channels, 3, norm=False, bias=True)])
        x = n.pool(x, 2, 2)
    x = n.node("Flatten", [x])
    x = n.node("Relu", [n.dense(x, 25088, 4096)])
    x = n.node("Relu", [n.dense(x, 4096, 4096)])
    n.output(n.dense(x, 4096, 1000), [1, 1000])
    return n


def yolov3_tiny(name):
    """Redmon and Farhadi 2018, the small one; ends with its two 1x1 convolutions."""
    n = Network(name, [1, 3, 416, 416])

    def leaky(x, out, k):
        return n.node("LeakyRelu", [n.conv(x, out, k)], alpha=0.1)

    x, route = "x", None
    for i in range(6):
        x = leaky(x, 16 << i, 3)
        route = x if i == 4 else route
        x = n.pool(x, 2, 2) if i < 5 else n.pool(x, 2, 1, (0, 0, 1, 1))
    narrow = leaky(leaky(x, 1024, 3), 256, 1)
    coarse = n.conv(leaky(narrow, 512, 3), 255, 1, norm=False, bias=True)
    n.output(coarse, [1, 255, 13, 13])
    x = leaky(narrow, 128, 1)
    scales = n.constant(np.array([1, 1, 2, 2], dtype=np.float32))
    x = n.node("Resize", [x, "", scales], mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric")
    x = n.node("Concat", [x, route], 128 + 256, axis=1)
    n.output(n.conv(leaky(x, 256, 3), 255, 1, norm=False, bias=True), [1, 255, 26, 26])
    return n


NETWORKS = {
    "mobilenet_v1": mobilenet_v1,
    "resnet50_v1": lambda name: resnet50(name, True),
    "resnet50_v1_5": lambda name: resnet50(name, False),
    "vgg16": vgg16,
    "yolov3_tiny_416": yolov3_tiny,
}


def main():
    if len(sys.argv) < 2 or any(name not in NETWORKS for name in sys.argv[2:]):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETWORKS:
        NETWORKS[name](name).save(folder)
        print(folder / f"{name}.onnx")
    return 0


if __name__ == "__main__":
    sys.exit(main())
