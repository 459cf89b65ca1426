# SPDX-License-Identifier: Apache-2.0
"""compile(): the same file as the command's, whatever the calibration data comes as."""
import math
import os
import subprocess
import tempfile
import unittest

import numpy as np
from common import MNIST_ONNX, mnist_bytes, samples

import zurt


class Compile(unittest.TestCase):
    def test_calibration_data_comes_in_many_forms(self):
        data = samples(16)
        forms = {
            "list": data,
            "array": np.stack(data),
            "generator": (x for x in data),
            "function that makes one": lambda: iter(data),
            "lists": [[x] for x in data],
            "dicts": [{"image": x} for x in data],
            "without the axis of one": [x[0] for x in data],
        }
        for name, calib in forms.items():
            self.assertEqual(zurt.compile(MNIST_ONNX, calib).data, mnist_bytes(), name)
        by_index = zurt.compile(MNIST_ONNX, lambda i: data[i], n_samples=16)
        self.assertEqual(by_index.data, mnist_bytes())
        last = [np.moveaxis(x, 1, 3) for x in data]
        self.assertEqual(zurt.compile(MNIST_ONNX, last, channels_last=True).data, mnist_bytes())

    def test_the_source_may_be_bytes(self):
        with open(MNIST_ONNX, "rb") as f:
            self.assertEqual(zurt.compile(f.read(), samples(16)).data, mnist_bytes())

    def test_the_file_is_the_commands(self):
        command = os.environ["ZURT_COMMAND"]
        with tempfile.TemporaryDirectory() as folder:
            npy, theirs = os.path.join(folder, "x.npy"), os.path.join(folder, "a.zurt")
            np.save(npy, np.concatenate(samples(16)))
            subprocess.run([command, "compile", MNIST_ONNX, "--calib", f"npy:{npy}", "-o", theirs,
                            "--method", "mse", "--quiet"], check=True, stderr=subprocess.DEVNULL)
            with open(theirs, "rb") as f, zurt.Model(theirs) as model:
                ours = zurt.compile(MNIST_ONNX, samples(16), method="mse",
                                    description=model.description)
                self.assertEqual(f.read(), ours.data)

    def test_a_report_says_what_was_decided(self):
        result = zurt.compile(MNIST_ONNX, samples(16), method="percentile", keep_float=["conv1"])
        self.assertEqual(result.method, "percentile")
        self.assertEqual(result.n_held_out, 4)
        self.assertGreater(result.outputs[0].sqnr_db, 20)
        types = {layer.name: layer.type for layer in result.layers}
        self.assertEqual(types["conv1"], "f32")
        self.assertTrue(any(not math.isnan(layer.own_sqnr_db) for layer in result.layers))
        self.assertLess(len(repr(result)), 400)

    def test_what_a_file_keeps(self):
        norm = zurt.Norm((0.5,), (0.25,), fit=zurt.Fit.LETTERBOX)
        labels = [f"digit {i}" for i in range(10)]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.zurt")
            result = zurt.compile(MNIST_ONNX, samples(16), path, norm=norm, labels=labels,
                                  description="of a test", io="uint8")
            with open(path, "rb") as f:
                self.assertEqual(f.read(), result.data)
            with zurt.Model(path) as model, model.session() as session:
                self.assertEqual((model.norm, model.labels), (norm, labels))
                self.assertEqual(model.description, "of a test")
                self.assertEqual(model.inputs[0].dtype, np.uint8)
                best = model.top(session(model.picture(np.zeros((28, 28), np.uint8))), 3)
                self.assertEqual(len(best), 3)
                self.assertRegex(best[0][0], r"^digit \d$")

    def test_an_exception_of_the_data_comes_out(self):
        def broken(i):
            raise RuntimeError(f"no picture {i}")

        with self.assertRaisesRegex(RuntimeError, "no picture"):
            zurt.compile(MNIST_ONNX, broken, n_samples=9)

    def test_what_is_wrong_is_refused(self):
        bad = [
            (dict(calib=None), "wants calibration data"),
            (dict(calib=[]), ""),
            (dict(calib=[np.zeros((1, 28, 28, 1))]), r"input 'image' is \(1, 1, 28, 28\)"),
            (dict(calib=[[np.zeros((1, 1, 28, 28))] * 2]), "1 inputs, a sample 2"),
            (dict(calib=[{"other": 1}]), "no input 'image'"),
            (dict(calib=samples(9), method="best"), "none of minmax"),
            (dict(calib=samples(9), io="int4"), "none of int8"),
        ]
        for options, text in bad:
            with self.assertRaisesRegex(zurt.ArgumentError, text):
                zurt.compile(MNIST_ONNX, **options)
        with self.assertRaises(zurt.FormatError):
            zurt.compile(MNIST_ONNX, [np.full((1, 1, 28, 28), np.nan)] * 9)
        with self.assertRaises(zurt.FileError):
            zurt.compile("absent.onnx", samples(1))

    def test_a_budget_of_float_can_be_given_back(self):
        first = zurt.compile(MNIST_ONNX, samples(16), float_budget=60)
        self.assertTrue(first.kept)
        self.assertGreater(first.outputs[0].sqnr_db,
                           zurt.compile(MNIST_ONNX, samples(16)).outputs[0].sqnr_db)
        self.assertEqual(zurt.compile(MNIST_ONNX, samples(16), keep_float=first.kept).data,
                         first.data)

    def test_progress_is_told(self):
        seen = []
        zurt.compile(MNIST_ONNX, samples(16), progress=lambda *a: seen.append(a))
        self.assertTrue(seen)
        self.assertTrue(all(0 <= done <= total for _, done, total in seen))
