# SPDX-License-Identifier: Apache-2.0
"""Small TFLite files of one operator each, for LiteRT and for zurt.

tflite_models.py FOLDER writes the int8 ones, and those that are refused: the corpus of the fuzz
target import_tflite.
"""
import os
import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8,
         "uint8": schema.TensorType.UINT8, "int32": schema.TensorType.INT32,
         "int64": schema.TensorType.INT64}
SAME, VALID = 0, 1


class Model:
    """One subgraph, filled tensor by tensor."""

    def __init__(self):
        self.tensors, self.buffers, self.operators, self.codes = [], [schema.BufferT()], [], []
        self.inputs, self.outputs = [], []
        self.graphs = 1

    def tensor(self, shape, dtype="float32", quant=None, data=None, axis=0, name=None):
        t = schema.TensorT()
        t.shape, t.type = list(shape), TYPES[dtype]
        t.name = (name or f"t{len(self.tensors)}").encode()
        t.buffer = 0
        if data is not None:
            b = schema.BufferT()
            b.data = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
            t.buffer = len(self.buffers)
            self.buffers.append(b)
        if quant is not None:
            q = schema.QuantizationParametersT()
            scale, zero = (np.atleast_1d(v) for v in quant)
            q.scale = scale.astype(np.float32)
            q.zeroPoint = np.resize(zero, scale.shape).astype(np.int64)
            q.quantizedDimension = axis
            t.quantization = q
        self.tensors.append(t)
        return len(self.tensors) - 1

    def input(self, *a, **k):
        self.inputs.append(self.tensor(*a, **k))
        return self.inputs[-1]

    def output(self, *a, **k):
        self.outputs.append(self.tensor(*a, **k))
        return self.outputs[-1]

    def op(self, name, inputs, outputs, options=None, version=None, **fields):
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version or 1
        self.codes.append(code)
        o = schema.OperatorT()
        o.opcodeIndex = len(self.codes) - 1
        o.inputs, o.outputs = list(inputs), list(outputs)
        if options:
            o.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            o.builtinOptions = getattr(schema, options + "T")()
            for field, value in fields.items():
                assert hasattr(o.builtinOptions, field), field
                setattr(o.builtinOptions, field, value)
        self.operators.append(o)

    def bytes(self):
        m, g = schema.ModelT(), schema.SubGraphT()
        g.tensors, g.operators, g.inputs, g.outputs = (self.tensors, self.operators, self.inputs,
                                                       self.outputs)
        m.version, m.operatorCodes, m.buffers = 3, self.codes, self.buffers
        m.subgraphs = [g] * self.graphs
        builder = flatbuffers.Builder(4096)
        builder.Finish(m.Pack(builder), b"TFL3")
        return bytes(builder.Output())


FIRST = {"RESHAPE", "HARD_SWISH", "DEPTH_TO_SPACE", "EXPAND_DIMS"}  # have int8 since their first version
X = {"int8": (0.05, 3), "uint8": (0.05, 131)}  # of inputs
Y = {"int8": (0.07, -8), "uint8": (0.07, 120)}  # of results
FIXED = {"int8": {"LOGISTIC": (1 / 256, -128), "SOFTMAX": (1 / 256, -128), "TANH": (1 / 128, 0)},
         "uint8": {"LOGISTIC": (1 / 256, 0), "SOFTMAX": (1 / 256, 0), "TANH": (1 / 128, 128)}}


def quant(table, dtype):
    return table.get(dtype)


def weights(model, rng, shape, dtype, channel_axis, x_scale):
    """Weights and bias as converters write them: int8 per channel, uint8 per tensor."""
    n = shape[channel_axis]
    if dtype == "float32":
        return (model.tensor(shape, data=rng.standard_normal(shape) * 0.3),
                model.tensor([n], data=rng.standard_normal(n)))
    if dtype == "int8":
        scale = (0.002 + 0.004 * rng.random(n)).astype(np.float32)
        w = model.tensor(shape, "int8", (scale, 0), rng.integers(-127, 128, shape), channel_axis)
    else:
        scale = np.float32([0.004])
        w = model.tensor(shape, "uint8", (scale, 119), rng.integers(0, 256, shape))
    return w, model.tensor([n], "int32", (scale * np.float32(x_scale), 0),
                           rng.integers(-2000, 2000, n))


def windowed(name, options, x_shape, w_shape, channel_axis, y_shape, **fields):
    def build(dtype, rng):
        m = Model()
        x = m.input(x_shape, dtype, quant(X, dtype))
        w, b = weights(m, rng, w_shape, dtype, channel_axis, 0.05)
        y = m.output(y_shape, dtype, quant(Y, dtype))
        m.op(name, [x, w, b], [y], options, 3 if dtype == "int8" else 1, **fields)
        return m
    return build


def plain(name, x_shapes, y_shape, options=None, same=False, ints=None, **fields):
    """`same`: the result has the input's scale. `ints`: a constant input behind the others."""
    def build(dtype, rng):
        m = Model()
        xs = [m.input(shape, dtype, quant(X, dtype)) for shape in x_shapes]
        if ints is not None:
            xs.append(m.tensor(np.shape(ints), "int32", data=ints))
        q = quant(X, dtype) if same else quant(Y, dtype)
        if dtype in FIXED and name in FIXED[dtype]:
            q = FIXED[dtype][name]
        y = m.output(y_shape, dtype, q)
        m.op(name, xs, [y], options, 2 if dtype == "int8" and name not in FIRST else 1, **fields)
        return m
    return build


def arg_max(dtype, _):
    m = Model()
    x, axis = m.input([1, 4, 5, 6], dtype, quant(X, dtype)), m.tensor([1], "int32", data=[3])
    m.op("ARG_MAX", [x, axis], [m.output([1, 4, 5], "int64")], "ArgMaxOptions",
         outputType=TYPES["int64"])
    return m


def quantize(dtype, _):
    m = Model()
    other = "int8" if dtype == "uint8" else "uint8" if dtype == "int8" else "int8"
    m.op("QUANTIZE", [m.input([1, 6, 5, 4], dtype, quant(X, dtype))],
         [m.output([1, 6, 5, 4], other, Y[other])], "QuantizeOptions")
    return m


def dequantize(dtype, _):
    m = Model()
    q = "int8" if dtype == "float32" else dtype
    m.op("DEQUANTIZE", [m.input([1, 6, 5, 4], q, X[q])], [m.output([1, 6, 5, 4])],
         "DequantizeOptions", 2)
    return m


def same_twice(dtype, _):
    """Outputs that are one tensor, under two names, and one that is the input."""
    m = Model()
    q = "int8" if dtype == "float32" else dtype
    x = m.input([1, 6, 5, 4], q, X[q])
    for _ in range(2):
        m.op("DEQUANTIZE", [x], [m.output([1, 6, 5, 4])], "DequantizeOptions", 2)
    m.outputs.append(x)
    return m


def strided_slice(dtype, _):
    m = Model()
    x = m.input([1, 6, 8, 4], dtype, quant(X, dtype))
    ranges = [m.tensor([4], "int32", data=v) for v in ([0, 1, 7, 2], [1, 6, 0, 3], [1, 2, -2, 1])]
    m.op("STRIDED_SLICE", [x, *ranges], [m.output([1, 3, 4], dtype, quant(X, dtype))],
         "StridedSliceOptions", beginMask=1, endMask=1, shrinkAxisMask=8)
    return m


def reshaped_by_arithmetic(dtype, _):
    """SHAPE, STRIDED_SLICE, PACK, RESHAPE, as converters leave them."""
    m = Model()
    x = m.input([2, 3, 4, 5], dtype, quant(X, dtype))
    shape, first, packed = m.tensor([4], "int32"), m.tensor([], "int32"), m.tensor([2], "int32")
    ranges = [m.tensor([1], "int32", data=[v]) for v in (0, 1, 1)]
    rest = m.tensor([], "int32", data=-1)
    m.op("SHAPE", [x], [shape], "ShapeOptions", outType=TYPES["int32"])
    m.op("STRIDED_SLICE", [shape, *ranges], [first], "StridedSliceOptions", shrinkAxisMask=1)
    m.op("PACK", [first, rest], [packed], "PackOptions", valuesCount=2)
    m.op("RESHAPE", [x, packed], [m.output([2, 60], dtype, quant(X, dtype))], "ReshapeOptions")
    return m


def one_scale(dtype, rng):
    m = Model()
    x = m.input([3, 20], dtype, quant(X, dtype))
    if dtype != "int8":
        w, b = weights(m, rng, [40, 20], dtype, 0, 0.05)
    else:
        w = m.tensor([40, 20], "int8", (0.004, 0), rng.integers(-127, 128, [40, 20]))
        b = m.tensor([40], "int32", (0.0002, 0), rng.integers(-2000, 2000, 40))
    m.op("FULLY_CONNECTED", [x, w, b], [m.output([3, 40], dtype, quant(Y, dtype))],
         "FullyConnectedOptions", 4 if dtype == "int8" else 1)
    return m


def padded(dtype, _):
    m = Model()
    x = m.input([1, 4, 5, 6], dtype, quant(X, dtype))
    pads = m.tensor([4, 2], "int32", data=[[0, 0], [1, 2], [1, 0], [0, 0]])
    value = m.tensor([1], dtype, quant(X, dtype), data=[1.5 if dtype == "float32" else 7])
    m.op("PADV2", [x, pads, value], [m.output([1, 7, 6, 6], dtype, quant(X, dtype))],
         "PadV2Options", 2 if dtype == "int8" else 1)
    return m


def transpose_conv(dtype, rng):
    m = Model()
    x = m.input([1, 4, 5, 6], dtype, quant(X, dtype))
    w, b = weights(m, rng, [7, 3, 3, 6], dtype, 0, 0.05)
    shape = m.tensor([4], "int32", data=[1, 8, 10, 7])
    m.op("TRANSPOSE_CONV", [shape, w, x, b], [m.output([1, 8, 10, 7], dtype, quant(Y, dtype))],
         "TransposeConvOptions", 3, padding=SAME, strideH=2, strideW=2)
    return m


def prelu(dtype, rng):
    m = Model()
    x = m.input([1, 4, 5, 6], dtype, quant(X, dtype))
    if dtype == "float32":
        slope = m.tensor([1, 1, 6], data=rng.standard_normal(6) * 0.3)
    else:
        zero, low = (3, -100) if dtype == "int8" else (131, 0)
        slope = m.tensor([1, 1, 6], dtype, (0.003, zero), data=rng.integers(low, 100, 6))
    m.op("PRELU", [x, slope], [m.output([1, 4, 5, 6], dtype, quant(Y, dtype))])
    return m


def batches(name, x_shape, y_shape, border):
    """SPACE_TO_BATCH_ND and its reverse, by blocks of 2 x 2."""
    def build(dtype, _):
        m = Model()
        x = m.input(x_shape, dtype, quant(X, dtype))
        block, pads = m.tensor([2], "int32", data=[2, 2]), m.tensor([2, 2], "int32", data=border)
        m.op(name, [x, block, pads], [m.output(y_shape, dtype, quant(X, dtype))],
             {"SPACE_TO_BATCH_ND": "SpaceToBatchNDOptions",
              "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions"}[name], 2 if dtype == "int8" else 1)
        return m
    return build


POOL = dict(strideH=2, strideW=2, filterHeight=3, filterWidth=3)
CASES = {
    "conv_same": windowed("CONV_2D", "Conv2DOptions", [1, 9, 8, 5], [7, 3, 3, 5], 0, [1, 5, 4, 7],
                          padding=SAME, strideH=2, strideW=2),
    "conv_valid_relu6": windowed("CONV_2D", "Conv2DOptions", [1, 9, 8, 5], [7, 3, 2, 5], 0,
                                 [1, 7, 7, 7], padding=VALID, strideH=1, strideW=1,
                                 fusedActivationFunction=3),
    "conv_dilated_relu": windowed("CONV_2D", "Conv2DOptions", [1, 9, 8, 5], [7, 3, 3, 5], 0,
                                  [1, 9, 8, 7], padding=SAME, strideH=1, strideW=1,
                                  dilationHFactor=2, dilationWFactor=2,
                                  fusedActivationFunction=1),
    "depthwise": windowed("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", [1, 8, 9, 6],
                          [1, 3, 3, 6], 3, [1, 4, 5, 6], padding=SAME, strideH=2, strideW=2,
                          depthMultiplier=1),
    "depthwise_twice": windowed("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", [1, 6, 6, 3],
                                [1, 3, 3, 6], 3, [1, 4, 4, 6], padding=VALID, strideH=1, strideW=1,
                                depthMultiplier=2, fusedActivationFunction=1),
    "average_pool": plain("AVERAGE_POOL_2D", [[1, 8, 7, 5]], [1, 4, 4, 5], "Pool2DOptions", True,
                          padding=SAME, **POOL),
    "max_pool": plain("MAX_POOL_2D", [[1, 8, 7, 5]], [1, 3, 3, 5], "Pool2DOptions", True,
                      padding=VALID, **POOL),
    "add": plain("ADD", [[1, 4, 5, 6], [1, 4, 5, 6]], [1, 4, 5, 6], "AddOptions"),
    "add_row_relu": plain("ADD", [[1, 4, 5, 6], [1, 1, 1, 6]], [1, 4, 5, 6], "AddOptions",
                          fusedActivationFunction=1),
    "sub": plain("SUB", [[1, 4, 5, 6], [1, 4, 5, 6]], [1, 4, 5, 6], "SubOptions"),
    "mul": plain("MUL", [[1, 4, 5, 6], [1, 4, 5, 6]], [1, 4, 5, 6], "MulOptions"),
    "maximum": plain("MAXIMUM", [[1, 4, 5, 6], [1, 4, 5, 6]], [1, 4, 5, 6],
                     "MaximumMinimumOptions", True),
    "concat": plain("CONCATENATION", [[1, 4, 5, 6], [1, 4, 5, 3]], [1, 4, 5, 9],
                    "ConcatenationOptions", True, axis=-1),
    "reshape": plain("RESHAPE", [[1, 4, 5, 6]], [1, 120], "ReshapeOptions", True, [1, -1]),
    "softmax": plain("SOFTMAX", [[3, 10]], [3, 10], "SoftmaxOptions", beta=1.0),
    "logistic": plain("LOGISTIC", [[1, 4, 5, 6]], [1, 4, 5, 6]),
    "tanh": plain("TANH", [[1, 4, 5, 6]], [1, 4, 5, 6]),
    "relu": plain("RELU", [[1, 4, 5, 6]], [1, 4, 5, 6]),
    "relu6": plain("RELU6", [[1, 4, 5, 6]], [1, 4, 5, 6]),
    "leaky_relu": plain("LEAKY_RELU", [[1, 4, 5, 6]], [1, 4, 5, 6], "LeakyReluOptions", alpha=0.1),
    "hard_swish": plain("HARD_SWISH", [[1, 4, 5, 6]], [1, 4, 5, 6], "HardSwishOptions"),
    "mean": plain("MEAN", [[1, 4, 5, 6]], [1, 6], "ReducerOptions", ints=[1, 2]),
    "pad": plain("PAD", [[1, 4, 5, 6]], [1, 7, 6, 6], "PadOptions", True,
                 [[0, 0], [1, 2], [1, 0], [0, 0]]),
    "transpose": plain("TRANSPOSE", [[1, 4, 5, 6]], [1, 6, 4, 5], "TransposeOptions", True,
                       [0, 3, 1, 2]),
    "bilinear": plain("RESIZE_BILINEAR", [[1, 4, 5, 6]], [1, 8, 10, 6], "ResizeBilinearOptions",
                      True, [8, 10]),
    "bilinear_half": plain("RESIZE_BILINEAR", [[1, 4, 5, 6]], [1, 8, 10, 6],
                           "ResizeBilinearOptions", True, [8, 10], halfPixelCenters=True),
    "nearest": plain("RESIZE_NEAREST_NEIGHBOR", [[1, 4, 5, 6]], [1, 8, 10, 6],
                     "ResizeNearestNeighborOptions", True, [8, 10]),
    "nearest_half": plain("RESIZE_NEAREST_NEIGHBOR", [[1, 4, 5, 6]], [1, 8, 10, 6],
                          "ResizeNearestNeighborOptions", True, [8, 10], halfPixelCenters=True),
    "nearest_half_odd": plain("RESIZE_NEAREST_NEIGHBOR", [[1, 4, 5, 6]], [1, 7, 3, 6],
                              "ResizeNearestNeighborOptions", True, [7, 3],
                              halfPixelCenters=True),
    "depth_to_space": plain("DEPTH_TO_SPACE", [[1, 4, 5, 8]], [1, 8, 10, 2],
                            "DepthToSpaceOptions", True, blockSize=2),
    "space_to_depth": plain("SPACE_TO_DEPTH", [[1, 4, 6, 3]], [1, 2, 3, 12],
                            "SpaceToDepthOptions", True, blockSize=2),
    "fully_connected_one_scale": one_scale,
    "fully_connected": windowed("FULLY_CONNECTED", "FullyConnectedOptions", [3, 20], [7, 20], 0,
                                [3, 7]),
    "padded": padded,
    "transpose_conv": transpose_conv,
    "prelu": prelu,
    "space_to_batch": batches("SPACE_TO_BATCH_ND", [1, 4, 5, 6], [4, 2, 3, 6], [[0, 0], [1, 0]]),
    "batch_to_space": batches("BATCH_TO_SPACE_ND", [4, 2, 3, 6], [1, 4, 5, 6], [[0, 0], [1, 0]]),
    "minimum": plain("MINIMUM", [[1, 4, 5, 6], [1, 4, 5, 6]], [1, 4, 5, 6],
                     "MaximumMinimumOptions", True),
    "reduce_max": plain("REDUCE_MAX", [[1, 4, 5, 6]], [1, 6], "ReducerOptions", True, [1, 2]),
    "reduce_min": plain("REDUCE_MIN", [[1, 4, 5, 6]], [1, 6], "ReducerOptions", True, [1, 2]),
    "expand_dims": plain("EXPAND_DIMS", [[1, 4, 5, 6]], [1, 1, 4, 5, 6], "ExpandDimsOptions",
                         True, 1),
    "mirror_pad": plain("MIRROR_PAD", [[1, 4, 5, 6]], [1, 7, 6, 6], "MirrorPadOptions", True,
                        [[0, 0], [1, 2], [1, 0], [0, 0]], mode=0),
    "arg_max": arg_max,
    "quantize": quantize,
    "dequantize": dequantize,
    "same_twice": same_twice,
    "strided_slice": strided_slice,
    "reshaped_by_arithmetic": reshaped_by_arithmetic,
}


def odd(change):
    """A file that is refused: a model that `change` was done to."""
    m = CASES["logistic"]("float32", None)
    change(m)
    return m.bytes()


def custom():
    def change(m):
        m.codes[0].builtinCode = m.codes[0].deprecatedBuiltinCode = 32
        m.codes[0].customCode = b"Twirl"
    return odd(change)


def unknown():
    def change(m):
        m.codes[0].builtinCode = m.codes[0].deprecatedBuiltinCode = 109  # WHERE
    return odd(change)


def absent_in_list():
    """A CONCATENATION whose second input is said to be absent."""
    m = CASES["concat"]("float32", None)
    m.operators[0].inputs = [m.inputs[0], -1]
    return m.bytes()


def wrapping_dims():
    """A RESHAPE to so many elements that their product is 0 in 64 bits."""
    m = Model()
    dims = m.tensor([4], "int32", data=[1 << 24, 1 << 24, 1 << 24, -1])
    m.op("RESHAPE", [m.input([1, 4]), dims], [m.output([1, 1, 1, 4])], "ReshapeOptions")
    return m.bytes()


def two_subgraphs():
    m = CASES["logistic"]("float32", None)
    m.graphs = 2
    return m.bytes()


def make(case, dtype, seed=1):
    return CASES[case](dtype, np.random.default_rng(seed)).bytes()


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    files = {case: make(case, "int8") for case in CASES}
    for refused in (absent_in_list, custom, two_subgraphs, unknown, wrapping_dims):
        files[refused.__name__] = refused()
    for name, content in files.items():
        with open(os.path.join(sys.argv[1], name + ".tflite"), "wb") as f:
            f.write(content)


if __name__ == "__main__":
    main()
