# SPDX-License-Identifier: Apache-2.0
"""Pictures: decoded and fitted by the library, shown by numpy without a copy."""
import gc
import os
import struct
import tempfile
import unittest
import zlib

import numpy as np
from common import mnist_bytes

import zurt


def png(pixels):
    """The bytes of a PNG file: (H, W, 3)."""
    height, width, _ = pixels.shape

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Images(unittest.TestCase):
    def setUp(self):
        self.pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 3), dtype=np.uint8)

    def test_a_picture_is_read(self):
        data = png(self.pixels)
        image = zurt.Image.decode(data)
        np.testing.assert_array_equal(np.asarray(image), self.pixels)
        self.assertEqual((image.width, image.height), (30, 20))
        self.assertEqual(repr(image), "Image(30x20, RGB)")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.png")
            with open(path, "wb") as f:
                f.write(data)
            np.testing.assert_array_equal(zurt.Image.load(path).pixels, self.pixels)

    def test_pixels_are_not_copied_and_outlive_the_picture(self):
        image = zurt.Image.decode(png(self.pixels))
        a, b = np.asarray(image), np.asarray(image)
        self.assertEqual(a.ctypes.data, b.ctypes.data)
        del image, b
        gc.collect()
        np.testing.assert_array_equal(a, self.pixels)

    def test_a_picture_is_fitted(self):
        flat = zurt.Image(np.full((20, 30, 3), 99, np.uint8))
        for fit in zurt.Fit:
            out = flat.fit(16, 8, fit)
            self.assertEqual(out.pixels.shape, (8, 16, 3))
            self.assertTrue(set(np.unique(out.pixels)) <= {99, 114})

    def test_a_picture_becomes_an_input(self):
        grey = np.random.default_rng(4).integers(0, 256, (28, 28), dtype=np.uint8)
        with zurt.Model(mnist_bytes()) as model:
            info = model.inputs[0]
            real = grey.reshape(info.shape).astype(np.float32) / np.float32(255)
            expected = np.clip(np.rint(real / np.float32(info.scale)) + info.zero_point, -128, 127)
            np.testing.assert_array_equal(model.picture(grey), expected.astype(np.int8))
            self.assertEqual(model.picture(self.pixels).shape, info.shape)
            self.assertEqual(model.picture(png(self.pixels)).shape, info.shape)
            with self.assertRaises(zurt.FormatError):
                model.picture(b"no picture at all")

    def test_other_arrays_are_no_pictures(self):
        for bad in (np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2, 3)), np.zeros(3, np.uint8)):
            with self.assertRaises(zurt.ArgumentError):
                zurt.Image(bad)
