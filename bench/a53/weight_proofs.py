#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the weights of int8 networks allow the NEON convolutions to do.

weight_proofs.py MODEL.onnx...      int8 QDQ models, with the Python of scripts/venv

The product of matrices adds products up in 16 bits and flushes them to 32: the chunks of depth that
share a flush have weights whose |w| sum to 255 at most in every lane, found as
conv_s8_neon_gemm_bins.c does. Winograd's form wants sums of 26 bits, which the weights, the bias and
the input's zero point have to prove (kernels/winograd_s8.c).
"""
import os
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

CHANNELS, CHUNK, BIN, OPEN, SUM_BITS = 4, 8, 6, 24, 26


def flushes(block):
    """Bins of a block [CHANNELS][depth] of |weights|: first fit, the largest first."""
    depth = -(-block.shape[1] // CHUNK) * CHUNK
    lanes = np.zeros((CHANNELS, depth), np.int32)
    lanes[:block.shape[0], :block.shape[1]] = block
    chunks = lanes.reshape(CHANNELS, -1, CHUNK).transpose(1, 0, 2).reshape(-1, CHANNELS * CHUNK)
    bins, closed = [], 0  # open ones: [sums, how many chunks]
    for chunk in chunks[np.argsort(-chunks.max(1), kind="stable")]:
        for one in bins:
            if (one[0] + chunk).max() <= 255:
                break
        else:
            if len(bins) == OPEN:
                bins.pop(0)
                closed += 1
            one = [np.zeros_like(chunk), 0]
            bins.append(one)
        one[0] = one[0] + chunk
        one[1] += 1
        if one[1] == BIN:
            bins = [b for b in bins if b is not one]
            closed += 1
    return len(chunks), closed + len(bins)


def fits_winograd(w, bias, zero_point):
    """Of every output channel, whether its sums fit."""
    flat = w.reshape(w.shape[0], -1).astype(np.int64)
    up, down = np.maximum(flat, 0).sum(1), np.minimum(flat, 0).sum(1)
    most, least = 127 - zero_point, -128 - zero_point
    limit = 1 << (SUM_BITS - 1)
    return (bias + up * most + down * least < limit) & (bias + up * least + down * most >= -limit)


class Model:
    """Dense convolutions of a QDQ model: attributes, weights, bias, zero point of the input."""

    def __init__(self, path):
        graph = onnx.load(path).graph
        constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
        scales = {n.output[0]: n for n in graph.node if n.op_type == "DequantizeLinear"}
        self.convolutions = []
        for node in graph.node:
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type != "Conv" or attributes.get("group", 1) != 1:
                continue
            if any(i not in scales for i in node.input) or scales[node.input[1]].input[0] \
                    not in constants:
                continue  # in float
            w = constants[scales[node.input[1]].input[0]].astype(np.int32)
            of_weights = scales[node.input[1]].input
            if len(of_weights) > 2:
                zeros = constants[of_weights[2]].astype(np.int32)
                w = w - zeros.reshape([-1] + [1] * 3 if zeros.size > 1 else [])
            zero = constants[scales[node.input[0]].input[2]]
            zero = int(zero.flat[0]) - (128 if zero.dtype == np.uint8 else 0)
            bias = (constants[scales[node.input[2]].input[0]].astype(np.int64)
                    if len(node.input) > 2 else np.zeros(len(w), np.int64))
            self.convolutions.append((attributes, w.transpose(0, 2, 3, 1), bias, zero))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        chunks = bins = channels = proved = layers = all_proved = 0
        for attributes, w, bias, zero in Model(path).convolutions:
            rows = np.abs(w.reshape(len(w), -1))
            for i in range(0, len(rows), CHANNELS):
                n, b = flushes(rows[i:i + CHANNELS])
                chunks, bins = chunks + n, bins + b
            if w.shape[1:3] == (3, 3) and attributes.get("strides", [1, 1]) == [1, 1]:
                fits = fits_winograd(w, bias, zero)
                layers, all_proved = layers + 1, all_proved + fits.all()
                channels, proved = channels + len(fits), proved + fits.sum()
        print(f"{os.path.basename(path)}: {chunks / max(bins, 1):.2f} chunks a flush of {chunks}; 3x3 of "
              f"stride 1: {all_proved} of {layers} layers, {proved} of {channels} channels proved",
              flush=True)


if __name__ == "__main__":
    main()
