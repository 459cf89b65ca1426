#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what other runtimes make of the QDQ models, beside this file:

qdq_top1.h      classes that ONNX Runtime finds; graph optimisation is off, so that every node
                computes in float between Dequantize and Quantize
qdq_NAME.i8     output bytes of TFLite's reference kernels for the .tflite that the QDQ model was
                made from: same weights, scales and zero points
qdq_samoyed.u8  the same for MobileNetV2 and its golden input

Needs numpy, Pillow, onnxruntime and ai-edge-litert (requirements.txt) and the shared data:
    make_qdq_golden.py DATA
"""
import glob
import os
import sys

import numpy as np
import onnxruntime
from ai_edge_litert import interpreter
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))


def images(path, shape, offset):
    raw = np.fromfile(path, np.uint8).reshape((-1,) + shape)
    return (raw.astype(np.int16) - offset).astype(np.int8).transpose(0, 3, 1, 2)


def pictures(path):
    for name in sorted(glob.glob(path + "/*.JPEG")):
        picture = Image.open(name).convert("RGB").resize((224, 224), Image.BILINEAR)
        yield np.asarray(picture).transpose(2, 0, 1)


def top1(model, samples):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return [int(session.run(None, {name: s[None]})[0].argmax()) for s in samples]


def reference_bytes(model, samples):
    """Outputs of the reference kernels; samples come as [C, H, W]."""
    lite = interpreter.Interpreter(
        model, experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF
    )
    lite.allocate_tensors()
    into, out = lite.get_input_details()[0], lite.get_output_details()[0]
    result = []
    for sample in samples:
        lite.set_tensor(into["index"], sample.transpose(1, 2, 0).reshape(into["shape"]))
        lite.invoke()
        result.append(lite.get_tensor(out["index"])[0].copy())
    return np.array(result)


def main(data):
    tiny = data + "/mlperf_tiny/"
    sets = [
        ("ic", "mlperf_ic_resnet8_int8", images(tiny + "ic01_100.bin", (32, 32, 3), 128)),
        ("kws", "mlperf_kws_int8", images(tiny + "kws01_500.bin", (49, 10, 1), 0)),
        ("vww", "mlperf_vww_int8", images(tiny + "vww01_200.bin", (96, 96, 3), 128)),
        ("imagenet", "mobilenet_v2_1.0_224_quant", pictures(data + "/imagenet_samples")),
    ]
    samoyed = np.fromfile(data + "/golden/mobilenet_v2_1.0_224_quant_qdq.samoyed.in.u8", np.uint8)
    reference_bytes(
        data + "/tflite/mobilenet_v2_1.0_224_quant.tflite", [samoyed.reshape(3, 224, 224)]
    ).tofile(HERE + "/qdq_samoyed.u8")
    with open(HERE + "/qdq_top1.h", "w") as f:
        f.write("/* SPDX-License-Identifier: Apache-2.0 */\n")
        f.write("/* Written by make_qdq_golden.py; onnxruntime %s */\n" % onnxruntime.__version__)
        for short, model, samples in sets:
            if short != "imagenet":
                reference_bytes(data + "/tflite/" + model + ".tflite", samples).tofile(
                    HERE + "/qdq_" + short + ".i8"
                )
            classes = top1(data + "/onnx/" + model + "_qdq.onnx", samples)
            f.write("static const int top1_%s[%d] = {\n" % (short, len(classes)))
            for i in range(0, len(classes), 20):
                f.write("    " + " ".join("%d," % c for c in classes[i : i + 20]) + "\n")
            f.write("};\n")


main(sys.argv[1])
