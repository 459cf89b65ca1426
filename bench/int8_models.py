# SPDX-License-Identifier: Apache-2.0
"""The float networks that zurt is compared on, and the int8 models that are made of them."""
import os
import subprocess
import sys
from dataclasses import dataclass, field

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

NORM = ["--input-norm", "0.485/0.229,0.456/0.224,0.406/0.225"]
PICTURES = ["--calib", "dir:{data}/imagenet_samples", "--samples", "8", "--sqnr-samples", "0"]
NOISE = ["--calib", "random:2", "--sqnr-samples", "0"]


@dataclass
class FloatNetwork:
    """Its .onnx, and how zurt quantises it. {data} is $ZURT_DATA; {folder} where models are made,
    scripts/make_networks.py's too."""
    name: str
    path: str
    options: list = field(default_factory=lambda: NOISE)


MOBILENET_V1 = FloatNetwork("MobileNetV1", "{folder}/mobilenet_v1.onnx")
MOBILENET_V2 = FloatNetwork("MobileNetV2", "{data}/onnx/mobilenetv2_1.0_224_float_deq.onnx",
                            PICTURES + NORM)
RESNET_50 = FloatNetwork("ResNet-50", "{folder}/resnet50_v1.onnx")
YOLOX_NANO = FloatNetwork("YOLOX-nano", "{data}/onnx/yolox_nano_416.onnx",
                          PICTURES + ["--bgr", "--fit", "letterbox",
                                      "--input-norm", "0/0.00392157"])


def run(command):
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")


def commit_of_library():
    """The last one that changed what is measured."""
    log = subprocess.run(["git", "-C", SOURCE, "log", "-1", "--format=%h", "--abbrev=12", "--",
                          "runtime", "compiler"], text=True, capture_output=True)
    return log.stdout.strip() or "of no git"


def stem_of(path, folder):
    """Where what is made of a model goes, without the ends of the names."""
    return os.path.join(folder, os.path.basename(path)[:-len(".onnx")])


def float_model(network, data, folder):
    """The path of its .onnx, which is made if it is one of ours; None where there is none."""
    path = network.path.format(data=data, folder=folder)
    stem = stem_of(path, folder)
    if path == stem + ".onnx" and not os.path.exists(path):
        run([sys.executable, os.path.join(SOURCE, "scripts/make_networks.py"), folder,
             os.path.basename(stem)])
    return path if os.path.exists(path) else None


def quantised(zurt, network, path, data, folder, again=False):
    """The two forms for ONNX Runtime, and the same network compiled. Quantises once, or `again`: the
    ranges that calibration finds may differ in their last bits with another build of zurt, and
    networks would be others than before."""
    import qdq_forms  # which wants onnx
    stem = stem_of(path, folder)
    files = {"s8": stem + ".s8.onnx", "u8": stem + ".u8.onnx", "zurt": stem + ".zurt"}
    if again or not os.path.exists(files["u8"]):
        options = [o.format(data=data) for o in network.options]
        run([zurt, "quantize", path, *options, "-o", stem + ".qdq.onnx", "--force", "--quiet"])
        qdq_forms.write_forms(stem + ".qdq.onnx", files["s8"], files["u8"])
    run([zurt, "compile", files["s8"], "-o", files["zurt"], "--force", "--quiet"])
    return files
