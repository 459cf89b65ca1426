#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the operator tests of the installed onnx package as folders that conf_onnx reads: newer
packages carry them as code only. usage: make_onnx_cases.py FOLDER"""
import os
import shutil
import sys

import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases


def tensor(value, name):
    """A tensor's file; None for the kinds that zurt has no word for (sequences, optionals)."""
    if isinstance(value, onnx.TensorProto):
        return value
    if value is None or isinstance(value, (list, dict)):
        return None
    return numpy_helper.from_array(value, name)


def write_set(folder, kind, values, infos):
    for i, (value, info) in enumerate(zip(values, infos)):
        t = tensor(value, info.name)
        with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as f:
            f.write(t.SerializeToString() if t else b"")


def main():
    root = sys.argv[1]
    shutil.rmtree(root, ignore_errors=True)
    for case in collect_testcases(None):
        folder = os.path.join(root, "node", case.name)
        data = os.path.join(folder, "test_data_set_0")
        os.makedirs(data)
        with open(os.path.join(folder, "model.onnx"), "wb") as f:
            f.write(case.model.SerializeToString())
        inputs, outputs = case.data_sets[0]
        write_set(data, "input", inputs, case.model.graph.input)
        write_set(data, "output", outputs, case.model.graph.output)


if __name__ == "__main__":
    main()
