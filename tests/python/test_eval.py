# SPDX-License-Identifier: Apache-2.0
"""MNIST from Python: the command's accuracy, picture by picture. Skipped without $ZURT_DATA."""
import gzip
import json
import os
import subprocess
import tempfile
import unittest

import numpy as np
from common import MNIST_ONNX

import zurt

MNIST = os.path.join(os.environ.get("ZURT_DATA", ""), "mnist")
COUNT = 2000


def idx(name, header):
    with gzip.open(os.path.join(MNIST, name)) as f:
        return np.frombuffer(f.read(), np.uint8, offset=header)


@unittest.skipUnless(os.path.isdir(MNIST), "no MNIST in $ZURT_DATA")
class Eval(unittest.TestCase):
    def test_accuracy_is_the_commands(self):
        pictures = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)[:COUNT]
        labels = idx("t10k-labels-idx1-ubyte.gz", 8)[:COUNT]
        train = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 1, 28, 28)[:64]
        compiled = zurt.compile(MNIST_ONNX, train / np.float32(255))
        right = 0
        with compiled.model() as model, model.session(streams=2) as session:
            flight = []
            for i, image in enumerate(pictures):
                flight.append((session.submit(model.picture(image)), labels[i]))
                if len(flight) == 2:
                    request, label = flight.pop(0)
                    right += request.result().argmax() == label
            right += sum(r.result().argmax() == label for r, label in flight)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.zurt")
            with open(path, "wb") as f:
                f.write(compiled.data)
            data = ",".join(os.path.join(MNIST, f"t10k-{n}-ubyte.gz")
                            for n in ("images-idx3", "labels-idx1"))
            out = subprocess.run([os.environ["ZURT_COMMAND"], "eval", path, "--data", f"idx:{data}",
                                  "--limit", str(COUNT), "--json"], check=True, capture_output=True)
        self.assertAlmostEqual(json.loads(out.stdout)["top1"], right / COUNT, places=9)
        self.assertGreater(right / COUNT, 0.97)
