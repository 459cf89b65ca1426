# SPDX-License-Identifier: Apache-2.0
"""What bench/a53 compares: layers, as networks of one node, and how a53_xnnpack is told a network."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# name: height, width, channels in, out, kernel, stride, groups
LAYERS = {
    "3x3, 56x56x64 to 64": (56, 56, 64, 64, 3, 1, 1),
    "1x1, 56x56x64 to 256": (56, 56, 64, 256, 1, 1, 1),
    "3x3 stride 2, 56x56x128 to 128": (56, 56, 128, 128, 3, 2, 1),
    "7x7 stride 2, 224x224x3 to 64": (224, 224, 3, 64, 7, 2, 1),
    "depthwise 3x3, 112x112x32": (112, 112, 32, 32, 3, 1, 32),
    "fully connected, 2048 to 1000": (1, 1, 2048, 1000, 1, 1, 1),
}


def write_layer(path, shape):
    """A float model of one Conv or Gemm named `layer`; weights are He's normal initialisation."""
    h, w, c_in, c_out, k, stride, groups = shape
    rng = np.random.default_rng(list(repr(shape).encode()))
    pad = (k - 1) // 2
    dims = (c_out, c_in // groups, k, k) if h > 1 else (c_out, c_in)
    weights = rng.standard_normal(dims) * np.sqrt(2 / np.prod(dims[1:]))
    constants = [numpy_helper.from_array(weights.astype(np.float32), "w"),
                 numpy_helper.from_array(rng.normal(0, 0.05, c_out).astype(np.float32), "b")]
    if h > 1:
        node = helper.make_node("Conv", ["x", "w", "b"], ["y"], name="layer", kernel_shape=[k, k],
                                strides=[stride, stride], pads=[pad] * 4, group=groups)
        ends = [1, c_in, h, w], [1, c_out, (h + 2 * pad - k) // stride + 1,
                                 (w + 2 * pad - k) // stride + 1]
    else:
        node = helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="layer", transB=1)
        ends = [1, c_in], [1, c_out]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in zip("xy", ends))
    model = helper.make_model(helper.make_graph([node], "layer", [x], [y], constants),
                              opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)


class Arena:
    """Offsets of tensors that live at the same time do not overlap; the first gap that fits."""

    def __init__(self, last_use):
        self.last_use = last_use  # tensor -> number of the last operator that reads it
        self.live = {}  # tensor -> (begin, end)
        self.bytes = 0

    def place(self, name, size, now):
        self.live = {n: p for n, p in self.live.items() if self.last_use[n] >= now}
        begin = 0
        for low, high in sorted(self.live.values()):
            if begin + size <= low:
                break
            begin = max(begin, high)
        # what XNNPACK may read behind a tensor, and cache lines
        end = (begin + size + 16 + 63) // 64 * 64
        self.live[name] = (begin, end)
        self.bytes = max(self.bytes, end)
        return begin


SAME = {"Relu", "Clip", "BatchNormalization", "Reshape", "Flatten", "Identity"}  # fused, or a view
COPIES = {"Slice", "Concat", "Resize", "Transpose"}  # XNNPACK: its copy of what they write


class Description:
    """The operators of a float model with static shapes, as a53_xnnpack reads them."""

    def __init__(self, model, is_float=False):
        for tensor in model.graph.input:
            for dim in tensor.type.tensor_type.shape.dim:
                if not dim.dim_value:
                    dim.dim_value = 1
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        self.item = 4 if is_float else 1
        self.constants = {c.name: list(c.dims) for c in graph.initializer}
        infos = list(graph.input) + list(graph.value_info) + list(graph.output)
        self.shapes = {t.name: [d.dim_value for d in t.type.tensor_type.shape.dim] for t in infos}
        self.data = {t.name: t.name for t in graph.input if t.name not in self.constants}
        self.steps = []  # operator, tensors, its numbers
        self.macs = 0
        for node in graph.node:
            self.add(node)
        self.ends = [self.data[t.name] for t in graph.output]

    def add(self, node):
        inputs = [self.data[n] for n in node.input if n in self.data]
        if not inputs or node.op_type in ("Shape", "Constant"):
            return  # of constants alone
        out = node.output[0]
        if node.op_type in SAME or (node.op_type == "Add" and len(inputs) == 1):
            self.data[out] = inputs[0]
            return
        self.data[out] = out
        size = int(np.prod(self.shapes[out]))
        if node.op_type in ("Conv", "MaxPool"):
            self.add_window(node, inputs[0])
        elif node.op_type in ("Gemm", "MatMul"):
            weights = self.constants[node.input[1]]
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            depth, width = weights[::-1] if transposed else weights
            self.shapes[out] = [1, width]
            self.steps.append(("dense", inputs + [out], [depth, width]))
            self.macs += depth * width
        elif node.op_type in ("Add", "Mul"):
            self.steps.append((node.op_type.lower(), inputs + [out], [size]))
        elif node.op_type == "Sigmoid":
            self.steps.append(("sigmoid", inputs + [out], [size]))
        elif node.op_type == "GlobalAveragePool":
            pixels = int(np.prod(self.shapes[inputs[0]])) // size
            self.steps.append(("average", inputs + [out], [pixels, size]))
        elif node.op_type in COPIES:
            # of the first input's bytes as often as it takes: reading them is what counts
            self.steps.append(("copy", [inputs[0], out], [size]))
        else:
            raise ValueError(f"{node.op_type} '{node.name}' is not described for XNNPACK")

    def add_window(self, node, x):
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        _, c_in, h, w = self.shapes[x]
        _, c_out, oh, ow = self.shapes[node.output[0]]
        k = attributes["kernel_shape"][0]
        top, left, bottom, right = attributes.get("pads", [0] * 4)
        groups = attributes.get("group", 1)
        is_conv = node.op_type == "Conv"
        name = ("conv_f32" if self.item == 4 else "conv") if is_conv else "max_pool"
        self.steps.append((name, [x, node.output[0]],
                           [h, w, c_in, c_out, k, attributes.get("strides", [1])[0], top, right,
                            bottom, left, groups if is_conv else 1]))
        if is_conv:
            self.macs += oh * ow * c_out * k * k * c_in // groups

    def text(self):
        last_use = {name: len(self.steps) for name in self.ends}
        for i, (_, tensors, _) in enumerate(self.steps):
            for name in tensors:
                last_use[name] = max(i, last_use.get(name, 0))
        arena, offsets, lines = Arena(last_use), {}, []
        for i, (operator, tensors, numbers) in enumerate(self.steps):
            for name in tensors:
                if name not in offsets:
                    size = self.item * int(np.prod(self.shapes[name]))
                    if operator == "copy":  # may read as much as it writes
                        size = max(size, self.item * numbers[0])
                    offsets[name] = arena.place(name, size, i)
            lines.append(" ".join(map(str, [operator, *(offsets[t] for t in tensors), *numbers])))
        return "\n".join([str(arena.bytes + 4096), *lines]) + "\n"
