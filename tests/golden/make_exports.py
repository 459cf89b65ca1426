#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/exports: small networks of ours as PyTorch's exporters write them, one input
each and what PyTorch computed of it. Run by hand, its files are committed:

    build/venv-torch/bin/python3 tests/golden/make_exports.py      (scripts/check_exports makes the
                                                                    environment)

Layout: onnx/NAME.onnx (and NAME.onnx.data), golden/NAME.txt, .in.f32, .outN.f32: golden_float reads
it. Together below 300 KB.
"""
import contextlib
import io
import os
import shutil
import warnings

import numpy as np
import onnx
import torch
from torch import nn

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exports")
SEED = 3
MOST_BYTES = 300_000


def block(channels_in, channels, stride=1, groups=1, kernel=3, activation=nn.ReLU):
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels), activation())


class SqueezeExcite(nn.Module):
    """Inverted residual with squeeze and excite, as MobileNetV3 and EfficientNet have it."""

    def __init__(self):
        super().__init__()
        self.stem = block(3, 8, 2, activation=nn.Hardswish)
        self.expand = block(8, 24, kernel=1, activation=nn.SiLU)
        self.depth = block(24, 24, groups=24, activation=nn.SiLU)
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(24, 6, 1), nn.ReLU(),
                                     nn.Conv2d(6, 24, 1), nn.Hardsigmoid())
        self.project = nn.Sequential(nn.Conv2d(24, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.classify = nn.Linear(8, 10)

    def forward(self, x):
        x = self.stem(x)
        y = self.depth(self.expand(x))
        x = x + self.project(y * self.squeeze(y))
        return self.classify(x.mean((2, 3)))


class Attention(nn.Module):
    """Patches, one transformer block, class token: a vision transformer in small."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 16) * 0.1)
        self.place = nn.Parameter(torch.randn(1, 17, 16) * 0.1)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(16) for _ in range(3))
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)
        self.mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(approximate="tanh"), nn.Linear(32, 16))
        self.classify = nn.Linear(16, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1) + self.place
        b, n, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).reshape(b, n, c))
        x = x + self.mlp(self.norm2(x))
        return self.classify(self.norm3(x[:, 0]))


class Head(nn.Module):
    """Two scales, upsampled and joined, boxes and scores behind a sigmoid: a YOLO head in small."""

    def __init__(self):
        super().__init__()
        self.first = block(3, 8, 2, activation=nn.SiLU)
        self.second = block(8, 16, 2, activation=nn.SiLU)
        self.pools = nn.MaxPool2d(5, 1, 2)
        self.joined = block(40, 16, kernel=1, activation=nn.SiLU)
        self.box = nn.ModuleList((nn.Conv2d(16, 4, 1), nn.Conv2d(16, 4, 1)))
        self.score = nn.ModuleList((nn.Conv2d(16, 3, 1), nn.Conv2d(16, 3, 1)))

    def forward(self, x):
        a = self.first(x)
        b = self.second(a)
        p = torch.cat((b, self.pools(b)), 1)
        fine = self.joined(torch.cat((a, nn.functional.interpolate(p, scale_factor=2.0)), 1))
        found = [torch.cat((box(f), score(f).sigmoid()), 1).flatten(2)
                 for f, box, score in zip((fine, b), self.box, self.score)]
        return torch.cat(found, 2)


class Slope(nn.Module):
    """Face networks: PReLU with a slope per channel and with one, and grouped convolution."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.PReLU(8),
                                  nn.Conv2d(8, 8, 3, 1, 1, groups=2), nn.PReLU(),
                                  nn.Conv2d(8, 8, 8, groups=8), nn.Flatten(), nn.Linear(8, 12))

    def forward(self, x):
        return nn.functional.normalize(self.body(x))


NETWORKS = {
    "torch_dynamo_squeeze_excite": (SqueezeExcite, 32, {}),  # today's default: weights outside
    "torch_legacy_squeeze_excite": (SqueezeExcite, 32, {"dynamo": False}),
    "torch_dynamo_attention": (Attention, 32, {"external_data": False}),
    "torch_dynamo24_head": (Head, 32, {"opset_version": 24, "external_data": False}),
    "torch_legacy_slope": (Slope, 16, {"dynamo": False, "opset_version": 9}),
}


def randomise_norms(network):
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.2, 0.2)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)


def forget_paths(path):
    """Drops the stack trace that the exporter puts on each node: it names files of one machine."""
    model = onnx.load(path, load_external_data=False)
    for node in model.graph.node:
        kept = [entry for entry in node.metadata_props if not entry.key.endswith("stack_trace")]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    onnx.save(model, path)


def write(name, make, side, options):
    torch.manual_seed(SEED)
    network = make().eval()
    randomise_norms(network)
    x = torch.randn(1, 3, side, side)
    with torch.no_grad():
        y = network(x)
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(network, (x,), f"{ROOT}/onnx/{name}.onnx", **options)
    forget_paths(f"{ROOT}/onnx/{name}.onnx")
    stem = f"{ROOT}/golden/{name}"
    x.numpy().astype(np.float32).tofile(stem + ".in.f32")
    y.numpy().astype(np.float32).tofile(stem + ".out0.f32")
    with open(stem + ".txt", "w", encoding="utf-8") as text:
        text.write(f"model onnx/{name}.onnx\n")
        text.write(f"tool torch {torch.__version__}, make_exports.py, seed {SEED}\n")
        text.write(f"in x {list(x.shape)} f32\nout0 y {list(y.shape)} f32\n")


def main():
    warnings.simplefilter("ignore")
    shutil.rmtree(ROOT, ignore_errors=True)
    os.makedirs(f"{ROOT}/onnx")
    os.makedirs(f"{ROOT}/golden")
    for name, (make, side, options) in NETWORKS.items():
        write(name, make, side, options)
    total = 0
    for folder, _, files in os.walk(ROOT):
        for file in sorted(files):
            size = os.path.getsize(os.path.join(folder, file))
            total += size
            print(f"{size:8} {file}")
    print(f"{total:8} together")
    assert total < MOST_BYTES


if __name__ == "__main__":
    main()
