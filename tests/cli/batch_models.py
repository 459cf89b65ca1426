#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""batch_models.py: writes into the current folder small models whose batches can be misread, or
whose input is read in int8 and in float, with inputs and the outputs that are right.

Needs numpy and onnx; exit 77 without them."""
import sys

try:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def model(name, nodes, inputs, outputs, constants=()):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, name, [value(n, t, s) for n, t, s in inputs], [value(n, t, s) for n, t, s in outputs],
        [numpy_helper.from_array(array, n) for n, array in constants])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
         name + ".onnx")


FLOAT = TensorProto.FLOAT
rng = np.random.default_rng(5)
x = rng.standard_normal((2, 3, 4, 5)).astype(np.float32)
w = rng.standard_normal((6, 3, 1, 1)).astype(np.float32)
x.tofile("x.f32")
x.transpose(0, 2, 3, 1).tofile("nhwc.f32")
np.save("x.npy", x)
np.save("stacked.npy", np.concatenate([x, x]))
np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0]).tofile("want.f32")
# A convolution over a batch of two whose output has the batch in front, within the first axis (as
# the boxes of a detector) or not at all.
for name, shape in (("same", [2, 120]), ("boxes", [40, 6]), ("vector", [240])):
    model(name, [helper.make_node("Conv", ["x", "w"], ["t"]),
                 helper.make_node("Reshape", ["t", "s"], ["y"])],
          [("x", FLOAT, [2, 3, 4, 5])], [("y", FLOAT, shape)],
          [("w", w), ("s", np.int64(shape))])

# Two inputs, alone and with a batch of two.
a = np.float32([[0, 1], [2, 3]])
b = np.float32([[10, 20], [30, 40]])
for n in (1, 2):
    model(f"two{n}", [helper.make_node("Add", ["a", "b"], ["y"])],
          [("a", FLOAT, [n, 2]), ("b", FLOAT, [n, 2])], [("y", FLOAT, [n, 2])])
a.tofile("a.f32")
b.tofile("b.f32")
np.save("a.npy", a)
np.concatenate([a, b]).tofile("ab.f32")  # tensor after tensor
(a + b).tofile("sum.f32")

# Types of numbers: token numbers, and a mask.
model("types", [helper.make_node("Where", ["m", "i", "k"], ["y"])],
      [("m", TensorProto.BOOL, [1, 3]), ("i", TensorProto.INT64, [1, 3])],
      [("y", TensorProto.INT64, [1, 3])], [("k", np.int64([[-7]]))])
np.save("m.npy", np.array([[True, False, True]]))
np.save("i64.npy", np.int64([[1 << 40, 2, -3]]))
np.save("i16.npy", np.int16([[1000, 2, -3]]))
np.save("half_number.npy", np.float32([[1, 2.5, 3]]))
np.int64([[1 << 40, -7, -3]]).tofile("where.s64")

# One picture of a colour network in every shape and type that numpy gives it.
model("mean", [helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[8, 8]),
               helper.make_node("Flatten", ["p"], ["y"])],
      [("x", FLOAT, [1, 3, 8, 8])], [("y", FLOAT, [1, 3])])
# The same beside a second input, which tells the class; the classes of two samples, right and wrong.
model("biased", [helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[8, 8]),
                 helper.make_node("Flatten", ["p"], ["f"]),
                 helper.make_node("Add", ["f", "bias"], ["y"])],
      [("x", FLOAT, [1, 3, 8, 8]), ("bias", FLOAT, [1, 3])], [("y", FLOAT, [1, 3])])
np.save("bias.npy", 100 * np.eye(3, dtype=np.float32)[1:])
np.save("right.npy", np.int64([1, 2]))
np.save("wrong.npy", np.int64([0, 2]))
picture = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
np.save("hwc.npy", picture)
np.save("chw.npy", picture.transpose(2, 0, 1).copy())
np.save("one.npy", picture[None])
np.save("other_size.npy", np.zeros((9, 9, 3), np.uint8))
np.save("other_size_one.npy", np.zeros((1, 9, 9, 3), np.uint8))
np.save("wrong_way.npy", np.zeros((5, 8, 3, 8), np.float32))
values = (picture / 255).astype(np.float32)
for name in ("float16", "float32", "float64"):
    np.save(name + ".npy", values.transpose(2, 0, 1).astype(name))
np.save("fortran.npy", np.asfortranarray(values))
np.save("big_endian.npy", values.astype(">f4"))
np.save("complex.npy", values.astype(np.complex64))
np.savez("arrays.npz", x=values)
values.mean((0, 1), dtype=np.float64).astype(np.float32).tofile("mean.f32")

# Outputs of which no decibels can be said: all zero.
for name, value in (("zero", 0), ("one", 1)):
    model(name, [helper.make_node("Gemm", ["x", "w"], ["y"])],
          [("x", FLOAT, [1, 4])], [("y", FLOAT, [1, 3])],
          [("w", np.full((4, 3), value, np.float32))])

# One branch in int8 and one that is kept in float.
model("branches", [helper.make_node("Relu", ["x"], ["r"]),
                   helper.make_node("Tan", ["x"], ["t"], name="tan")],
      [("x", FLOAT, [2, 3, 4, 5])], [("r", FLOAT, [2, 3, 4, 5]), ("t", FLOAT, [2, 3, 4, 5])])
np.tan(x).tofile("tan.f32")
