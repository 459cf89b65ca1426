#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes image_golden.h: what Pillow makes of small pictures.

python3 tests/golden/make_image_golden.py > tests/golden/image_golden.h

Made with Pillow 11.3.0. Up to that release columns are resized before rows, always; newer ones
may take rows first where that is less work, which changes roundings.
"""
import io
import sys

import PIL
from PIL import Image


def picture(width, height):
    """The same formula as in test_image.c."""
    data = bytes((x * 11 + y * 7 + c * 53 + x * y * (c + 1)) & 255
                 for y in range(height) for x in range(width) for c in range(3))
    return Image.frombytes("RGB", (width, height), data)


def emit(name, data):
    print(f"static const uint8_t {name}[{len(data)}] = {{")
    for i in range(0, len(data), 20):
        print("    " + ", ".join(str(b) for b in data[i:i + 20]) + ",")
    print("};\n")


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def centre_crop(image, size, resized):
    width, height = image.size
    if width <= height:
        to = (resized, int(resized * height / width + 0.5))
    else:
        to = (int(resized * width / height + 0.5), resized)
    left, top = ((n - size) // 2 for n in to)
    return image.resize(to, Image.BILINEAR).crop((left, top, left + size, top + size))


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* Written by make_image_golden.py with Pillow {PIL.__version__}. */")
    print("/* clang-format off */\n#include <stdint.h>\n")
    wide, tall = picture(23, 17), picture(13, 31)
    emit("golden_shrink_7x5", wide.resize((7, 5), Image.BILINEAR).tobytes())
    emit("golden_grow_27x9", wide.resize((27, 9), Image.BILINEAR).tobytes())
    emit("golden_crop_wide_7", centre_crop(wide, 7, 8).tobytes())
    emit("golden_crop_tall_7", centre_crop(tall, 7, 8).tobytes())
    emit("golden_luma", wide.crop((0, 0, 23, 3)).convert("L").tobytes())
    smooth = picture(23, 17).resize((19, 11), Image.BICUBIC)
    for name, options in (("baseline", {"quality": 85}),
                          ("progressive", {"quality": 85, "progressive": True})):
        data = jpeg(smooth, **options)
        emit(f"golden_{name}_jpeg", data)
        emit(f"golden_{name}_rgb", Image.open(io.BytesIO(data)).convert("RGB").tobytes())
    data = jpeg(smooth.convert("L"), quality=85)
    emit("golden_grey_jpeg", data)
    emit("golden_grey_rgb", Image.open(io.BytesIO(data)).convert("RGB").tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
