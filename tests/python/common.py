# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python package share: models, samples, the folder of the sources."""
import functools
import os

import numpy as np

import zurt

SOURCE = os.environ["ZURT_SOURCE"]
MNIST_ONNX = os.path.join(SOURCE, "models", "mnist_small.onnx")
CLASSES = 10


def samples(n, seed=1):
    """Pictures as the network takes them: (1, 1, 28, 28), 0 to 1."""
    rng = np.random.default_rng(seed)
    return [rng.random((1, 1, 28, 28), dtype=np.float32) for _ in range(n)]


@functools.cache
def mnist_bytes(io="int8"):
    """models/mnist_small.onnx, compiled."""
    return zurt.compile(MNIST_ONNX, samples(16), io=io).data


def picture(model, seed=2):
    """An input of random bytes."""
    info = model.inputs[0]
    rng = np.random.default_rng(seed)
    return rng.integers(-128, 128, info.shape, dtype=np.int8)
