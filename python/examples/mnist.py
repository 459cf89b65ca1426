#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accuracy and time of a compiled network on MNIST: mnist.py MODEL.zurt IMAGES.gz LABELS.gz

IMAGES and LABELS are MNIST's own files. Pixels are looked up in a table of the 256 bytes that the
model's scale makes of them, and a batch is one run.
"""
import gzip
import sys
import time

import numpy as np

import zurt


def read_idx(path, header_bytes):
    """The bytes of an IDX file behind its header."""
    with gzip.open(path) as f:
        return np.frombuffer(f.read(), np.uint8, offset=header_bytes)


def main(model_path, images_path, labels_path):
    """Prints one line."""
    start = time.perf_counter()
    with zurt.Model(model_path) as model, model.session() as session:
        batch = model.inputs[0].shape[0]
        pixels = read_idx(images_path, 16).reshape(-1, batch, 28, 28, 1)
        labels = read_idx(labels_path, 8).reshape(-1, batch)
        shades = np.arange(256, dtype=np.float32) / 255
        mean, std = model.norm.mean[0], model.norm.std[0]
        table = session.quantise((shades - mean) / std)
        right = 0
        for images, expected in zip(pixels, labels):
            right += (session.run(table[images]).argmax(axis=-1) == expected).sum()
        seconds = time.perf_counter() - start
        device = session.info.device
        print(f"{right / labels.size:.4f} of {labels.size} right, {seconds:.2f} s on {device}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
