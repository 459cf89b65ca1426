#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's process dies, hangs, or refuses: who asks is told, and asks on. And what ONNX
Runtime itself might have answered is told from what is wrong. Needs no zurt.
"""
import os
import signal
import tempfile

from enter_venv import enter_venv, skip

enter_venv()

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    import ort_process
    from ort_compare import Check, differs
except ImportError as missing:
    skip(f"{missing.name} is not installed; scripts/venv does that")


def save(path, nodes, output_type=TensorProto.FLOAT, output_shape=(1, 4)):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, [1, 4])],
                              [value("y", output_type, output_shape)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              path)


def refusal(call, *arguments):
    try:
        call(*arguments)
    except ort_process.Refused as refused:
        return str(refused)
    return ""


def check_ends(ort, feeds):
    ort.open("relu.onnx")
    os.kill(ort.process.pid, signal.SIGABRT)
    assert "by signal 6" in refusal(ort.infer, feeds)
    ort.open("relu.onnx")
    os.kill(ort.process.pid, signal.SIGSTOP)
    limit, ort.limit = ort.limit, lambda most: min(most, 0.2)
    assert "did not end" in refusal(ort.infer, feeds)
    ort.limit = limit
    assert ort.open("relu.onnx") == [("x", "tensor(float)", [1, 4])]
    assert np.array_equal(ort.infer(feeds)[0], [[0, 1, 1, 0]])
    assert "Nonsense" in refusal(ort.open, "nonsense.onnx")
    assert np.array_equal(ort.open("relu.onnx") and ort.infer(feeds)[0], [[0, 1, 1, 0]])


def check_possible(ort, feeds):
    """The largest of two equal values may be either, and none of the others."""
    check = Check(None, ort, {})
    want = np.array([1])
    assert check.is_possible("argmax.onnx", feeds, 0, want, np.array([2]))
    assert not check.is_possible("argmax.onnx", feeds, 0, want, np.array([0]))
    assert not check.is_possible("relu.onnx", feeds, 0, np.float32([0, 1, 1, 0]),
                                 np.float32([0, 1, 1.01, 0]))
    assert not check.is_possible("relu.onnx", feeds, 0, np.float32([0, 1, 1, 0]),
                                 np.float32([0, np.nan, 1, 0]))


def check_reference(ort):
    """ONNX's evaluator says what a minimum with a NaN is."""
    check, feeds = Check(None, ort, {}), {"x": np.float32([[3, np.nan, 2, 5]])}
    save("min.onnx", [helper.make_node("ReduceMin", ["x"], ["y"], axes=[1], keepdims=0)],
         output_shape=[1])
    assert check.is_reference("min.onnx", feeds, 0, np.float32([np.nan]))
    assert not check.is_reference("min.onnx", feeds, 0, np.float32([2]))
    assert not check.is_reference("nonsense.onnx", feeds, 0, np.float32([2]))


def check_open(ort):
    """A Cast of NaN to an integer may give anything."""
    check = Check(None, ort, {})
    save("cast.onnx", [helper.make_node("Sqrt", ["x"], ["r"]),
                       helper.make_node("Cast", ["r"], ["y"], to=TensorProto.INT32)],
         TensorProto.INT32)
    assert not check.is_open("cast.onnx", {"x": np.float32([[1, 4, 0, 1e9]])})
    assert check.is_open("cast.onnx", {"x": np.float32([[1, 4, 0, 1e20]])})
    assert check.is_open("cast.onnx", {"x": np.float32([[1, -4, 0, 1]])})
    assert not check.is_open("relu.onnx", {"x": np.float32([[1, -4, 0, 1]])})


def check_rough(ort):
    """What is near the middle between two steps may go either way."""
    check = Check(None, ort, {})
    scale = helper.make_node("Constant", [], ["s"], value_float=1.0)
    zero = helper.make_node("Constant", [], ["z"],
                            value=helper.make_tensor("z", TensorProto.INT8, [], [0]))
    save("q.onnx", [scale, zero, helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
                    helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])])
    for x, sure in (([3, -1, 0, 2.1], True), ([3, -1, 0, 2.4], False)):
        feeds = {"x": np.float32([x])}
        ort.open("q.onnx")
        assert np.isinf(check.rough_sqnr(feeds, 0, ort.infer(feeds)[0])) == sure


def main():
    nan, infinite = np.nan, np.inf
    assert not any(differs(np.array([1, nan, infinite]), np.array([1 + 1e-5, nan, infinite])))
    assert all(differs(np.array([1, nan, infinite, 2]), np.array([1.1, 0, -infinite, nan])))
    feeds = {"x": np.float32([[-1, 1, 1, 0]])}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        save("relu.onnx", [helper.make_node("Relu", ["x"], ["y"])])
        save("nonsense.onnx", [helper.make_node("Nonsense", ["x"], ["y"])])
        save("argmax.onnx", [helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)],
             TensorProto.INT64, [1])
        with ort_process.OrtProcess() as ort:
            check_ends(ort, feeds)
            check_possible(ort, feeds)
            check_reference(ort)
            check_open(ort)
            check_rough(ort)
        os.chdir("/")


if __name__ == "__main__":
    main()
