#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measuring part of scripts/check_exports; start it through that script.

Weights are random (seeded) with batch norms off their defaults, so that a fold that is left out
shows. The error of an output is its largest difference from PyTorch's over its largest magnitude.
"""
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import timm
import torch
import torchvision

SEED = 7
LARGEST_ERROR = 1e-4


class Head(torch.nn.Module):
    """A detector without what follows its heads: anchors and suppression are not a network."""

    def __init__(self, detector):
        super().__init__()
        self.backbone = detector.backbone
        self.head = detector.head

    def forward(self, x):
        found = self.head(list(self.backbone(x).values()))
        return tuple(found[key] for key in sorted(found))


class Output(torch.nn.Module):
    """The one tensor that a segmentation network returns in a dictionary."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x)["out"]


def vision(name, **options):
    return lambda: torchvision.models.get_model(name, weights=None, **options)


def segmentation(name):
    return lambda: Output(torchvision.models.get_model(name, weights=None, weights_backbone=None))


def detection(name):
    return lambda: Head(torchvision.models.get_model(name, weights=None, weights_backbone=None))


def image(name):
    return lambda: timm.create_model(name, pretrained=False)


# Name -> (what makes it, side of its input).
MODELS = {
    "resnet18": (vision("resnet18"), 224),
    "mobilenet_v2": (vision("mobilenet_v2"), 224),
    "mobilenet_v3_small": (vision("mobilenet_v3_small"), 224),
    "shufflenet_v2_x1_0": (vision("shufflenet_v2_x1_0"), 224),
    "squeezenet1_1": (vision("squeezenet1_1"), 224),
    "densenet121": (vision("densenet121"), 224),
    "mnasnet0_5": (vision("mnasnet0_5"), 224),
    "googlenet": (vision("googlenet", init_weights=False, aux_logits=False), 224),
    "regnet_y_400mf": (vision("regnet_y_400mf"), 224),
    "efficientnet_b0": (vision("efficientnet_b0"), 224),
    "convnext_tiny": (vision("convnext_tiny"), 224),
    "swin_t": (vision("swin_t"), 224),
    "lraspp_mobilenet_v3_large": (segmentation("lraspp_mobilenet_v3_large"), 224),
    "deeplabv3_mobilenet_v3_large": (segmentation("deeplabv3_mobilenet_v3_large"), 224),
    "ssdlite320_mobilenet_v3_large": (detection("ssdlite320_mobilenet_v3_large"), 320),
    "retinanet_resnet50_fpn_v2": (detection("retinanet_resnet50_fpn_v2"), 320),
    "ghostnet_100": (image("ghostnet_100"), 224),
    "efficientnet_lite0": (image("efficientnet_lite0"), 224),
    "efficientvit_m0": (image("efficientvit_m0"), 224),
    "mobilevitv2_050": (image("mobilevitv2_050"), 224),
    "vit_tiny_patch16_224": (image("vit_tiny_patch16_224"), 224),
    "repvgg_a0": (image("repvgg_a0"), 224),
}

EXPORTERS = {"dynamo": {}, "legacy": {"dynamo": False}}


def make(build):
    torch.manual_seed(SEED)
    network = build().eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(layer.running_var, 0.8, 1.2)
    return network


def first_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip()[:150] if lines else ""


def export(network, x, path, options):
    """None, or why the exporter itself could not."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            torch.onnx.export(network, (x,), path, **options)
    except Exception as error:  # the exporters raise whatever they meet
        return first_line(str(error))
    return None


def largest_error(folder, wanted):
    worst = 0.0
    for k, should in enumerate(wanted):
        got = np.fromfile(os.path.join(folder, f"out.0.{k}.f32"), np.float32)
        if got.size != should.size:
            return float("inf")
        difference = np.abs(got.astype(np.float64) - should.ravel()).max()
        worst = max(worst, difference / max(np.abs(should).max(), 1e-30))
    return worst


def check(zurt, network, x, wanted, options):
    """(verdict, what to print)"""
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.onnx")
        failure = export(network, x, model, options)
        if failure is not None:
            return "skipped", f"the exporter failed: {failure}"
        sample = os.path.join(folder, "x.f32")
        x.numpy().tofile(sample)
        run = subprocess.run([zurt, "run", model, sample, "-o", os.path.join(folder, "out")],
                             check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             text=True)
        if run.returncode != 0:
            return "REFUSED", first_line(run.stderr)
        error = largest_error(folder, wanted)
        return ("ok" if error <= LARGEST_ERROR else "WRONG"), f"{error:.1e}"


def main():
    zurt, names = sys.argv[1], sys.argv[2:] or list(MODELS)
    warnings.simplefilter("ignore")
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, timm "
          f"{timm.__version__}, seed {SEED}; largest error {LARGEST_ERROR:g}")
    failed = 0
    for name in names:
        if name not in MODELS:
            sys.exit(f"check_exports: no model '{name}'; it knows {', '.join(MODELS)}")
        build, side = MODELS[name]
        network = make(build)
        x = torch.randn(1, 3, side, side)
        with torch.no_grad():
            result = network(x)
        result = result if isinstance(result, tuple) else (result,)
        wanted = [tensor.numpy() for tensor in result]
        for exporter, options in EXPORTERS.items():
            verdict, text = check(zurt, network, x, wanted, options)
            failed += verdict in ("REFUSED", "WRONG")
            print(f"{name:30} {exporter:7} {verdict:8} {text}", flush=True)
    print(f"{failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
