#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_pictures.py: writes into the current folder one picture in the ways that people have them,
and models that look at its quarters.

Needs numpy, onnx and pillow; exit 77 without them."""
import os
import sys

try:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save
    from PIL import Image
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

pixels = np.zeros((96, 160, 3), np.uint8)
pixels[:48, :80] = (255, 0, 0)
pixels[:48, 80:] = (0, 255, 0)
pixels[48:, :80] = (0, 0, 255)
pixels[48:, 80:] = (255, 255, 0)
picture = Image.fromarray(pixels)
picture.save("plain.png")
picture.save("plain.bmp")
picture.save("plain.jpg", quality=95, subsampling=0)
picture.save("named.jpg", format="PNG")
picture.convert("CMYK").save("cmyk.jpg", quality=95)
picture.convert("RGBA").save("alpha.png")
picture.quantize(8).save("palette.png")
turned = Image.Exif()
turned[0x0112] = 6
picture.transpose(Image.ROTATE_90).save("exif.jpg", exif=turned, quality=95, subsampling=0)
with open("plain.gif", "wb") as file:
    picture.save(file, "GIF")
with open("plain.ppm", "wb") as file:
    picture.save(file, "PPM")
with open("plain.webp", "wb") as file:
    file.write(b"RIFF\x24\0\0\0WEBPVP8 ")
picture.resize((16, 16), Image.NEAREST).save("whole.bmp")
with open("whole.bmp", "ab") as file:  # as long as a tensor of floats, which BMP files may be
    file.write(bytes(3 * 32 * 32 * 4 - os.path.getsize("whole.bmp")))
for name in ("deep/a/b", "mixed/0", "mixed/1", "none"):
    os.makedirs(name)
picture.save("deep/a/b/x.png")
picture.save("none/x.gif")
for i in range(4):
    picture.save(f"mixed/{i % 2}/{i}.png")
with open("plain.jpg", "rb") as file:
    cut = file.read()[:700]
with open("mixed/0/bad.jpg", "wb") as file:
    file.write(cut)
with open("mixed/1/x.webp", "wb") as file:
    file.write(b"RIFF\x24\0\0\0WEBPVP8 ")
with open("mixed/Thumbs.db", "wb") as file:
    file.write(b"\0\0\0\0")


def model(name, kind, shape, nodes, outputs, constants=(), more=()):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, name, [value("x", kind, shape), *more],
        [value("y", TensorProto.FLOAT, outputs)],
        [numpy_helper.from_array(array, n) for n, array in constants])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
         name + ".onnx")


node = helper.make_node
means = [node("AveragePool", ["f"], ["p"], kernel_shape=[16, 16], strides=[16, 16]),
         node("Flatten", ["p"], ["y"])]
model("quarters", TensorProto.FLOAT, [1, 3, 32, 32], [node("Identity", ["x"], ["f"])] + means,
      [1, 12])
# As camera networks have it: pixels in, all arithmetic inside.
scale = [("s", np.float32(255))]
model("camera", TensorProto.UINT8, [1, 3, 32, 32],
      [node("Cast", ["x"], ["c"], to=1), node("Div", ["c", "s"], ["f"])] + means, [1, 12], scale)
model("camera_nhwc", TensorProto.UINT8, [1, 32, 32, 3],
      [node("Cast", ["x"], ["c"], to=1), node("Transpose", ["c"], ["t"], perm=[0, 3, 1, 2]),
       node("Div", ["t", "s"], ["f"])] + means, [1, 12], scale)
# No node of it works on pictures: its input stays [N, C, H, W].
model("flat", TensorProto.FLOAT, [1, 3, 2, 2], [node("Flatten", ["x"], ["y"])], [1, 12])
np.float32([1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0]).tofile("quarters.f32")
# Two classes: is the upper left corner red?
model("red", TensorProto.FLOAT, [1, 3, 32, 32],
      [node("Conv", ["x", "w"], ["t"]), node("GlobalAveragePool", ["t"], ["p"]),
       node("Flatten", ["p"], ["y"])], [1, 2],
      [("w", np.float32([[1, -1, -1], [-1, 1, 1]]).reshape(2, 3, 1, 1))])
model("pair", TensorProto.FLOAT, [1, 3, 32, 32],
      [node("Conv", ["x", "w"], ["t"]), node("GlobalAveragePool", ["t"], ["p"]),
       node("Flatten", ["p"], ["f"]), node("Add", ["f", "b"], ["y"])], [1, 2],
      [("w", np.float32([[1, -1, -1], [-1, 1, 1]]).reshape(2, 3, 1, 1))],
      [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 2])])
np.save("bias.npy", np.zeros((5, 2), np.float32))
