#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes picture_golden.h: small PNG, BMP and JPEG files and the pixels that Pillow reads in them.

python3 tests/golden/make_picture_golden.py > tests/golden/picture_golden.h
python3 tests/golden/make_picture_golden.py --corpus tests/fuzz/corpus   (the files, for the fuzzers)
"""
import io
import os
import struct
import sys
import zlib

import PIL
from PIL import Image, ImageOps

W, H = 13, 7


def picture(mode="RGB"):
    data = bytes((x * 11 + y * 7 + c * 53 + x * y * (c + 1)) & 255
                 for y in range(H) for x in range(W) for c in range(3))
    return Image.frombytes("RGB", (W, H), data).convert(mode)


def save(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(depth, colour, rows, interlace=0, extra=b""):
    """What Pillow does not write: 16 bits, interlaced."""
    header = struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def deep_rows(channels):
    """16-bit samples whose high bytes are the picture's, with other low bytes."""
    flat = picture().tobytes()
    rows = b""
    for y in range(H):
        rows += b"\0"
        for x in range(W):
            for c in range(channels):
                value = flat[(y * W + x) * 3 + c] if c < 3 else 99
                rows += bytes((value, (value * 7 + 3) & 255))
    return rows


def adam7_rows():
    flat = picture().tobytes()
    rows = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
                           (1, 0, 2, 2), (0, 1, 1, 2)):
        for y in range(y0, H, dy):
            line = b"".join(flat[(y * W + x) * 3:(y * W + x) * 3 + 3] for x in range(x0, W, dx))
            rows += b"\0" + line if line else b""
    return rows


def bmp(bits, rows, header=40, compression=0, height=H, palette=b"", masks=b""):
    step = (W * bits + 31) // 32 * 4
    body = b"".join(row + bytes(step - len(row)) for row in rows)
    info = struct.pack("<IiiHHIIiiII", header, W, height, 1, bits, compression, len(body), 0, 0,
                       0, 0) + masks
    info += bytes(max(0, header - len(info)))
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start) + info + palette + body


def bgr_rows(step, order):
    flat = picture().tobytes()
    return [b"".join(bytes((flat[(y * W + x) * 3 + 2], flat[(y * W + x) * 3 + 1],
                            flat[(y * W + x) * 3]) + (77,) * (step - 3)) for x in range(W))
            for y in order]


def files():
    rgb = picture()
    exif = {o: Image.Exif() for o in range(1, 9)}
    for o, e in exif.items():
        e[0x0112] = o
    up, down = range(H - 1, -1, -1), range(H)
    masks = struct.pack("<IIII", 0xff0000, 0xff00, 0xff, 0xff000000)
    yield "png_rgb", save(rgb, "PNG"), None
    yield "png_grey", save(picture("L"), "PNG"), None
    yield "png_bit", save(picture("1"), "PNG"), None
    yield "png_palette", save(rgb.quantize(16), "PNG"), None
    rgba = picture("RGBA")
    rgba.putalpha(picture("L"))
    yield "png_rgba", save(rgba, "PNG"), rgb
    yield "png_grey_alpha", save(picture("LA"), "PNG"), None
    yield "png_rgb16", png(16, 2, deep_rows(3)), rgb
    yield "png_rgba16", png(16, 6, deep_rows(4)), rgb
    grey16 = picture().getchannel(0)
    yield "png_grey16", png(16, 0, deep_rows(1)), grey16.convert("RGB")
    yield "png_interlaced", png(8, 2, adam7_rows(), 1), None
    yield "png_gamma", png(8, 2, b"".join(b"\0" + rgb.tobytes()[y * W * 3:(y + 1) * W * 3]
                                          for y in range(H)), 0,
                           chunk(b"gAMA", struct.pack(">I", 45455)) +
                           chunk(b"tEXt", b"Comment\0words")), rgb
    yield "png_exif6", save(rgb, "PNG", exif=exif[6]), "turn"
    yield "bmp_rgb", save(rgb, "BMP"), None
    yield "bmp_grey", save(picture("L"), "BMP"), None
    yield "bmp_bit", save(picture("1"), "BMP"), None
    yield "bmp_palette", save(rgb.quantize(200), "BMP"), None
    nibbles = [bytes((x * 5 + y) & 255 for x in range((W + 1) // 2)) for y in down]
    colours = b"".join(bytes((i * 16, 255 - i * 9, i * 3, 0)) for i in range(16))
    yield "bmp_nibbles", bmp(4, nibbles, palette=colours), None
    yield "bmp_32", bmp(32, bgr_rows(4, up)), rgb
    yield "bmp_masks", bmp(32, bgr_rows(4, up), 108, 3, masks=masks), rgb
    yield "bmp_top_down", bmp(24, bgr_rows(3, down), height=-H), None
    for o in range(1, 9):
        yield f"jpeg_exif{o}", save(rgb, "JPEG", quality=90, exif=exif[o]), "turn"
    yield "jpeg_cmyk", save(picture("CMYK"), "JPEG", quality=90), None


def emit(name, data):
    print(f"static const uint8_t {name}[{len(data)}] = {{")
    for i in range(0, len(data), 20):
        print("    " + ", ".join(str(b) for b in data[i:i + 20]) + ",")
    print("};\n")


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--corpus":
        for name, data, _ in files():
            kind, rest = name.split("_", 1)
            if kind in ("png", "bmp"):
                with open(os.path.join(sys.argv[2], "image", rest + "." + kind), "wb") as f:
                    f.write(data)
        return 0
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* Written by make_picture_golden.py with Pillow {PIL.__version__}. */")
    print("/* clang-format off */\n#include <stddef.h>\n#include <stdint.h>\n")
    names = []
    for name, data, expected in files():
        read = Image.open(io.BytesIO(data))
        stored = read.convert("RGB") if expected is None or expected == "turn" else expected
        upright = ImageOps.exif_transpose(read).convert("RGB") if expected == "turn" else stored
        emit(f"file_{name}", data)
        emit(f"stored_{name}", stored.tobytes())
        if expected == "turn":
            emit(f"upright_{name}", upright.tobytes())
        names.append((name, len(data), upright.size, expected == "turn"))
    print("static const struct {\n    const char *name;\n    const uint8_t *file;\n    size_t size;")
    print("    const uint8_t *stored;  /* 13 x 7, RGB */\n    const uint8_t *upright; /* RGB */")
    print("    int32_t width, height;  /* upright */\n} golden_pictures[] = {")
    for name, size, (width, height), turned in names:
        upright = f"upright_{name}" if turned else f"stored_{name}"
        print(f'    {{"{name}", file_{name}, {size}, stored_{name}, {upright}, {width}, {height}}},')
    print("};")
    return 0


if __name__ == "__main__":
    sys.exit(main())
