#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The forms of one int8 network that ONNX Runtime has kernels for.

qdq_forms.py IN.onnx SIGNED.onnx UNSIGNED.onnx

IN is what `zurt quantize` writes: Q and DQ nodes with int8 activations, float at both ends. SIGNED
begins and ends with the quantised tensors. UNSIGNED is the same in uint8, every activation 128
higher. Both compute the same values: which of them is faster depends on the processor.
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper


def quantised_ends(model):
    """Inputs that go through one QuantizeLinear alone, and outputs of a DequantizeLinear, lose it."""
    graph = model.graph
    constants = {c.name: c for c in graph.initializer}
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    makers = {name: node for node in graph.node for name in node.output}
    gone = []
    for tensor in graph.input:
        nodes = readers.get(tensor.name, [])
        if len(nodes) == 1 and nodes[0].op_type == "QuantizeLinear":
            tensor.name = nodes[0].output[0]
            tensor.type.tensor_type.elem_type = constants[nodes[0].input[2]].data_type
            gone.append(nodes[0])
    for tensor in graph.output:
        node = makers.get(tensor.name)
        if node is not None and node.op_type == "DequantizeLinear" and tensor.name not in readers:
            tensor.name = node.input[0]
            tensor.type.tensor_type.elem_type = constants[node.input[2]].data_type
            gone.append(node)
    for node in gone:
        graph.node.remove(node)
    names = {node.input[0] for node in gone} & {node.output[0] for node in gone}
    if names:
        raise SystemExit(f"qdq_forms: nothing between the ends: {', '.join(sorted(names))}")


def unsigned(model):
    """int8 activations as uint8; weights stay."""
    graph = model.graph
    constants = {c.name: c for c in graph.initializer}
    made = {}

    def zero_point(name):
        if constants[name].data_type != TensorProto.INT8:
            return name
        if name not in made:
            value = numpy_helper.to_array(constants[name]).astype(np.int16) + 128
            made[name] = numpy_helper.from_array(value.astype(np.uint8), f"{name}~u8")
        return made[name].name

    for node in graph.node:
        if node.op_type == "QuantizeLinear" or (node.op_type == "DequantizeLinear"
                                                and node.input[0] not in constants):
            node.input[2] = zero_point(node.input[2])
    graph.initializer.extend(made.values())
    for tensor in list(graph.input) + list(graph.output):
        if tensor.type.tensor_type.elem_type == TensorProto.INT8:
            tensor.type.tensor_type.elem_type = TensorProto.UINT8


def write_forms(source, signed_path, unsigned_path):
    model = onnx.load(source)
    del model.graph.value_info[:]
    quantised_ends(model)
    onnx.checker.check_model(model)
    onnx.save(model, signed_path)
    unsigned(model)
    onnx.checker.check_model(model)
    onnx.save(model, unsigned_path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    write_forms(*sys.argv[1:])
