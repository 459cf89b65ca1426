#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What int8 keeps of the float networks of $ZURT_DATA, on pictures that did not calibrate.

scripts/held_out.py ZURT [MODEL ...] [-- OPTION ...]   OPTIONs: of zurt compile, e.g. --method mse

Prints the rows of docs/accuracy.md's table of held-out pictures. 32 of imagenet_samples calibrate
(of MobileNetV2 the first 40, of the CIFAR network 32 of its 100), the photos judge (of MobileNetV2
the other 60 pictures, of the CIFAR network the other 68). Float is zurt's own executor. Wants
numpy and pillow. Exit 77 without the data.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import boxes

DATA = Path(os.environ.get("ZURT_DATA", "../shared/data"))
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
HEADING = ["model", "SQNR, dB: worst output", "mean of outputs", "kept"]


def stretched(picture, width, height):
    return np.asarray(picture.resize((width, height), Image.BILINEAR), np.float32)


def letterbox(picture, side):
    ratio = min(side / picture.width, side / picture.height)
    width, height = int(picture.width * ratio), int(picture.height * ratio)
    out = np.full((side, side, 3), 114, np.float32)
    out[:height, :width] = stretched(picture, width, height)
    return out


def cropped(picture, side):
    ratio = side / min(picture.width, picture.height)
    width, height = round(picture.width * ratio), round(picture.height * ratio)
    y, x = (height - side) // 2, (width - side) // 2
    return stretched(picture, width, height)[y:y + side, x:x + side]


BGR_MEAN, BGR_STD = np.float32([103.53, 116.28, 123.675]), np.float32([57.375, 57.12, 58.395])
TEXT_MEAN = np.float32([122.67891434, 116.66876762, 104.00698793])
PICTURES = {  # how each network wants a picture, [height, width, channel]
    "yolox_nano_416": lambda p: letterbox(p, 416)[..., ::-1],
    "nanodet_320": lambda p: (stretched(p, 320, 320)[..., ::-1] - BGR_MEAN) / BGR_STD,
    "fastestdet_352": lambda p: stretched(p, 352, 352)[..., ::-1] / 255,
    "yunet_n_320": lambda p: stretched(p, 320, 320)[..., ::-1],
    "ultraface_rfb_320": lambda p: (stretched(p, 320, 240) - 127) / 128,
    "ppocrv3_en_textdet": lambda p: (stretched(p, 480, 480)[..., ::-1] - TEXT_MEAN) / 255,
    "mobilenetv2_1.0_224_float_deq": lambda p: (cropped(p, 224) / 255 - MEAN) / STD,
    "mobilenetv2_0.5_128_2class": lambda p: cropped(p, 128) / 127.5 - 1,
}
MODELS = [*PICTURES, "resnet20_cifar10"]
CLASSIFIERS = ("mobilenetv2_1.0_224_float_deq", "resnet20_cifar10")


def samples(name):
    """(calibrating, judging): arrays [n, channel, height, width]."""
    if name == "resnet20_cifar10":
        raw = np.fromfile(DATA / "mlperf_tiny/ic01_100.bin", np.uint8).reshape(-1, 32, 32, 3)
        x = ((raw.astype(np.float32) / 255 - MEAN) / STD).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(x[:32]), np.ascontiguousarray(x[32:])
    imagenet = sorted((DATA / "imagenet_samples").glob("*.JPEG"))
    photos = [p for p in sorted((DATA / "photos").glob("*"))
              if "mask" not in p.name and "tflm" not in p.name]
    split = (imagenet[:40], imagenet[40:]) if name.startswith("mobilenetv2_1.0") else \
        (imagenet[0:96:3], photos)
    return [np.ascontiguousarray(np.stack(
        [PICTURES[name](Image.open(p).convert("RGB")).transpose(2, 0, 1) for p in part]),
        np.float32) for part in split]


def outputs(zurt, model, judge, n, size):
    """Of each of n samples a list of outputs, flat; a .zurt computes int8, an .onnx float."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([zurt, "run", model, *[f"npy:{judge}#{i}" for i in range(n)], "-o",
                        f"{folder}/out", "--layout", "nchw", "--quiet", *size],
                       check=True, stdout=subprocess.DEVNULL)
        count = len(list(Path(folder).glob("out.0.*")))
        return [[np.fromfile(f"{folder}/out.{i}.{k}.f32", np.float32) for k in range(count)]
                for i in range(n)]


def both_outputs(zurt, name, options):
    """Float's outputs and those of int8 for the samples that judge."""
    calib, judge = samples(name)
    model = DATA / "onnx" / f"{name}.onnx"
    size = ["--input-size", "480x480"] if name == "ppocrv3_en_textdet" else []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "calib.npy", calib)
        np.save(folder / "judge.npy", judge)
        subprocess.run([zurt, "compile", model, "--calib", f"npy:{folder}/calib.npy", "--io",
                        "float", "-o", folder / "m.zurt", "--layout", "nchw", "--quiet", *size,
                        *options], check=True, stdout=subprocess.DEVNULL)
        return (outputs(zurt, model, folder / "judge.npy", len(judge), size),
                outputs(zurt, folder / "m.zurt", folder / "judge.npy", len(judge), []))


def sqnr(real, int8, output):
    signal = sum(float((a[output].astype(np.float64) ** 2).sum()) for a in real)
    noise = sum(float(((a[output].astype(np.float64) - b[output]) ** 2).sum())
                for a, b in zip(real, int8))
    return 10 * np.log10(signal / max(noise, 1e-30))


def divergence(real, int8):
    """Mean Kullback-Leibler divergence of the classes' probabilities."""
    total = 0.0
    for a, b in zip(real, int8):
        p, q = (boxes.softmax(v[0].astype(np.float64)) for v in (a, b))
        total += float((p * np.log((p + 1e-12) / (q + 1e-12))).sum())
    return total / len(real)


def row(zurt, name, options=()):
    real, int8 = both_outputs(zurt, name, options)
    db = [sqnr(real, int8, k) for k in range(len(real[0]))]
    kept = "-"
    if name in boxes.DECODERS:
        n, at_80, at_90 = boxes.kept_boxes(name, real, int8)
        kept = f"{at_80} and {at_90} of {n} boxes, IoU 0.8 and 0.9"
    elif name in CLASSIFIERS:
        same = sum(a[0].argmax() == b[0].argmax() for a, b in zip(real, int8))
        kept = f"{same} of {len(real)} classes, KL {divergence(real, int8):.3f}"
    return [name, f"{min(db):.1f}", f"{np.mean(db):.1f}", kept]


def main():
    arguments = sys.argv[1:]
    options = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, options = arguments[:at], arguments[at + 1:]
    if not arguments:
        raise SystemExit(__doc__)
    if not (DATA / "onnx").is_dir():
        print("no models: set ZURT_DATA")
        return 77
    for name in arguments[1:] or MODELS:
        print("| " + " | ".join(row(arguments[0], name, options)) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
