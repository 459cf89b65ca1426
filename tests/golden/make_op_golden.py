# SPDX-License-Identifier: Apache-2.0
"""Writes op_golden.h: int8 operators computed by TFLite's reference kernels.

    pip install ai-edge-litert==2.3.0 tflite==2.18.0 flatbuffers numpy
    python3 make_op_golden.py > op_golden.h

Each case is a model of one operator, made here, and run with the reference kernels
(OpResolverType.BUILTIN_REF). Seed 20240501.
"""
import flatbuffers
import numpy as np
import tflite
from ai_edge_litert import interpreter as litert

rng = np.random.default_rng(20240501)
INT8, INT32 = tflite.TensorType.INT8, tflite.TensorType.INT32


def vector(b, start, items, add):
    start(b, len(items))
    for item in reversed(items):
        add(item)
    return b.EndVector()


def ints(b, start, values):
    return vector(b, start, values, b.PrependInt32)


def tensor(b, name, shape, dtype, scale, zero, buffer):
    s = b.CreateString(name)
    dims = ints(b, tflite.TensorStartShapeVector, shape)
    quant = None
    if scale is not None:
        scales = vector(b, tflite.QuantizationParametersStartScaleVector, [scale],
                        b.PrependFloat32)
        zeros = vector(b, tflite.QuantizationParametersStartZeroPointVector, [zero],
                       b.PrependInt64)
        tflite.QuantizationParametersStart(b)
        tflite.QuantizationParametersAddScale(b, scales)
        tflite.QuantizationParametersAddZeroPoint(b, zeros)
        quant = tflite.QuantizationParametersEnd(b)
    tflite.TensorStart(b)
    tflite.TensorAddShape(b, dims)
    tflite.TensorAddType(b, dtype)
    tflite.TensorAddBuffer(b, buffer)
    tflite.TensorAddName(b, s)
    if quant is not None:
        tflite.TensorAddQuantization(b, quant)
    return tflite.TensorEnd(b)


def options(b, op, activation):
    """The operator's options table; None where it has none."""
    def make(name, **fields):
        getattr(tflite, name + "Start")(b)
        for key, value in fields.items():
            getattr(tflite, name + "Add" + key)(b, value)
        return getattr(tflite.BuiltinOptions, name), getattr(tflite, name + "End")(b)
    if op in ("ADD", "SUB", "MUL"):
        return make(op.capitalize() + "Options", FusedActivationFunction=activation)
    if op == "SOFTMAX":
        return make("SoftmaxOptions", Beta=1.0)
    if op in ("MEAN", "REDUCE_MAX"):
        return make("ReducerOptions", KeepDims=True)
    if op == "AVERAGE_POOL_2D":
        return make("Pool2DOptions", Padding=tflite.Padding.VALID, StrideW=1, StrideH=1,
                    FilterWidth=3, FilterHeight=3)
    return None, None


def model(op, inputs, out, activation=0, axes=None):
    """inputs, out: (shape, scale, zero)."""
    b = flatbuffers.Builder(4096)
    buffers = [b""]
    tensors = [tensor(b, f"in{i}", *spec_to_args(s)) for i, s in enumerate(inputs)]
    ids = list(range(len(inputs)))
    if axes is not None:
        buffers.append(np.array(axes, np.int32).tobytes())
        tensors.append(tensor(b, "axes", [len(axes)], INT32, None, None, 1))
        ids.append(len(inputs))
    tensors.append(tensor(b, "out", *spec_to_args(out)))
    kind, opts = options(b, op, activation)
    op_in = ints(b, tflite.OperatorStartInputsVector, ids)
    op_out = ints(b, tflite.OperatorStartOutputsVector, [len(tensors) - 1])
    tflite.OperatorStart(b)
    tflite.OperatorAddOpcodeIndex(b, 0)
    tflite.OperatorAddInputs(b, op_in)
    tflite.OperatorAddOutputs(b, op_out)
    if kind is not None:
        tflite.OperatorAddBuiltinOptionsType(b, kind)
        tflite.OperatorAddBuiltinOptions(b, opts)
    operator = tflite.OperatorEnd(b)
    tensor_list = vector(b, tflite.SubGraphStartTensorsVector, tensors, b.PrependUOffsetTRelative)
    g_in = ints(b, tflite.SubGraphStartInputsVector, list(range(len(inputs))))
    g_out = ints(b, tflite.SubGraphStartOutputsVector, [len(tensors) - 1])
    operators = vector(b, tflite.SubGraphStartOperatorsVector, [operator],
                       b.PrependUOffsetTRelative)
    tflite.SubGraphStart(b)
    tflite.SubGraphAddTensors(b, tensor_list)
    tflite.SubGraphAddInputs(b, g_in)
    tflite.SubGraphAddOutputs(b, g_out)
    tflite.SubGraphAddOperators(b, operators)
    subgraph = tflite.SubGraphEnd(b)
    code = getattr(tflite.BuiltinOperator, op)
    tflite.OperatorCodeStart(b)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(code, 127))
    tflite.OperatorCodeAddBuiltinCode(b, code)
    tflite.OperatorCodeAddVersion(b, 1 if op == "PRELU" else 2)
    op_code = tflite.OperatorCodeEnd(b)
    made = []
    for data in buffers:
        content = b.CreateByteVector(data) if data else None
        tflite.BufferStart(b)
        if content is not None:
            tflite.BufferAddData(b, content)
        made.append(tflite.BufferEnd(b))
    buffer_list = vector(b, tflite.ModelStartBuffersVector, made, b.PrependUOffsetTRelative)
    codes = vector(b, tflite.ModelStartOperatorCodesVector, [op_code], b.PrependUOffsetTRelative)
    subgraphs = vector(b, tflite.ModelStartSubgraphsVector, [subgraph], b.PrependUOffsetTRelative)
    tflite.ModelStart(b)
    tflite.ModelAddVersion(b, 3)
    tflite.ModelAddOperatorCodes(b, codes)
    tflite.ModelAddSubgraphs(b, subgraphs)
    tflite.ModelAddBuffers(b, buffer_list)
    b.Finish(tflite.ModelEnd(b), b"TFL3")
    return bytes(b.Output())


def spec_to_args(spec):
    shape, scale, zero = spec
    return shape, INT8, float(scale), zero, 0


def run(content, inputs):
    engine = litert.Interpreter(model_content=content,
                                experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF)
    engine.allocate_tensors()
    for detail, value in zip(engine.get_input_details(), inputs):
        engine.set_tensor(detail["index"], value)
    engine.invoke()
    return engine.get_tensor(engine.get_output_details()[0]["index"])


def dims(values):
    return "{" + ", ".join(str(v) for v in values) + "}"


def data(name, values):
    text = [str(int(v)) for v in values.flatten()]
    lines, line = [], "   "
    for t in text:
        if len(line) + len(t) + 2 > 99:
            lines.append(line)
            line = "   "
        line += " " + t + ","
    lines.append(line)
    return f"static const int8_t {name}[] = {{\n" + "\n".join(lines) + "\n};"


cases, arrays = [], []


def case(op, zurt_op, inputs, out, activation=0, axes=None):
    i = len(cases)
    values = [rng.integers(-128, 128, s[0], dtype=np.int8) for s in inputs]
    result = run(model(op, inputs, out, activation, axes), values)
    names = []
    for k, v in enumerate(values):
        arrays.append(data(f"case{i}_in{k}", v))
        names.append(f"case{i}_in{k}")
    arrays.append(data(f"case{i}_out", result))
    specs = ", ".join("{%d, %s, %sf, %d}" % (len(s[0]), dims(s[0]), float(s[1]).hex(), s[2])
                      for s in list(inputs) + [([*result.shape], out[1], out[2])])
    mask = sum(1 << a for a in axes) if axes else 0
    cases.append(f"    {{ZI_OP_{zurt_op}, {len(inputs)}, {{{specs}}}, {mask}, {activation},\n"
                 f"     {{{', '.join(names)}}}, case{i}_out}},")


def f32(x):
    return np.float32(x)


for op in ("ADD", "SUB", "MUL"):
    for k, activation in enumerate((0, 0, 1, 3)):
        s = [f32(v) for v in rng.uniform(0.003, 0.2, 2)]
        z = [int(v) for v in rng.integers(-128, 128, 3)]
        s_y = f32(rng.uniform(0.01, 0.3)) if op != "MUL" else f32(rng.uniform(0.002, 0.02))
        shape_b = [1, 1, 1, 8] if k == 1 else [1, 5, 7, 8]
        case(op, op.capitalize(), [([1, 5, 7, 8], s[0], z[0]), (shape_b, s[1], z[1])],
             ([1, 5, 7, 8], s_y, z[2]), activation)
for op, zurt_op in (("MINIMUM", "Min"), ("MAXIMUM", "Max")):
    case(op, zurt_op, [([16, 16], f32(0.1), 3), ([16, 16], f32(0.1), 3)], ([16, 16], f32(0.1), 3))
case("PRELU", "PRelu", [([1, 6, 6, 8], f32(0.07), -9), ([1, 1, 8], f32(0.004), 5)],
     ([1, 6, 6, 8], f32(0.05), 20))
for scale in (0.002, 0.05, 0.3, 1.7, 12.0):
    case("SOFTMAX", "Softmax", [([12, 21], f32(scale), 7)], ([12, 21], f32(1 / 256), -128))
case("SOFTMAX", "Softmax", [([1, 1000], f32(0.11), 0)], ([1, 1000], f32(1 / 256), -128))
for s_y, z_y in ((0.1, 4), (0.17, -30), (0.033, 0)):
    case("QUANTIZE", "Quantize", [([256], f32(0.1), 4)], ([256], f32(s_y), z_y))
case("MEAN", "ReduceMean", [([1, 7, 7, 16], f32(0.1), 4)], ([1, 1, 1, 16], f32(0.06), -8),
     axes=[1, 2])
case("AVERAGE_POOL_2D", "AveragePool", [([1, 6, 7, 8], f32(0.1), 4)], ([1, 4, 5, 8], f32(0.1), 4))
case("REDUCE_MAX", "ReduceMax", [([1, 7, 7, 16], f32(0.1), 4)], ([1, 1, 1, 16], f32(0.1), 4),
     axes=[1, 2])

print("""/* SPDX-License-Identifier: Apache-2.0 */
/* Generated by make_op_golden.py, which says with what: do not edit. */
#ifndef OP_GOLDEN_H
#define OP_GOLDEN_H

#include "graph/op.h"

typedef struct golden_tensor {
    int rank;
    int32_t dims[4];
    float scale;
    int32_t zero_point;
} golden_tensor;

typedef struct golden_case {
    zi_op op;
    int n_in;
    golden_tensor tensors[3]; /* inputs, then the output */
    uint32_t axes;            /* reductions */
    int activation;           /* TFLite's: 0 none, 1 Relu, 3 Relu6 */
    const int8_t *in[2];
    const int8_t *out;
} golden_case;

// clang-format off""")
print("\n".join(arrays))
print("\nstatic const golden_case golden_cases[] = {")
print("\n".join(cases))
print("};\n// clang-format on\n\n#endif")
