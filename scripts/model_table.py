#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/models.md: every model of $ZURT_DATA/onnx through import, float and int8.

python3 scripts/model_table.py ZURT > docs/models.md      ZURT: the command to use

Float error: largest difference from the golden outputs, relative to their range. Output SQNR: int8
against float over the same inputs. Time: median of one request on one thread of this machine.
"""
import array
import glob
import json
import os
import platform
import subprocess
import sys
import tempfile

DATA = os.environ.get("ZURT_DATA", "../shared/data")
IMAGENET = "0.485/0.229,0.456/0.224,0.406/0.225"

# Real samples where there are any; else the golden input itself both calibrates and judges.
SAMPLES = {
    "lenet_mnist": (f"idx:{DATA}/mnist/train-images-idx3-ubyte.gz,"
                    f"{DATA}/mnist/train-labels-idx1-ubyte.gz",
                    f"idx:{DATA}/mnist/t10k-images-idx3-ubyte.gz,"
                    f"{DATA}/mnist/t10k-labels-idx1-ubyte.gz",
                    ["--input-norm", ".1307/.3081"]),
    "mnist_sm_keras": (f"idx:{DATA}/mnist/train-images-idx3-ubyte.gz,"
                       f"{DATA}/mnist/train-labels-idx1-ubyte.gz",
                       f"idx:{DATA}/mnist/t10k-images-idx3-ubyte.gz,"
                       f"{DATA}/mnist/t10k-labels-idx1-ubyte.gz", []),
    "mobilenetv2_1.0_224_float_deq": (f"dir:{DATA}/imagenet_samples", f"dir:{DATA}/imagenet_samples",
                                      ["--input-norm", IMAGENET, "--samples", "40"]),
    "mobilenetv2_1.0_224_dynint8": (f"dir:{DATA}/imagenet_samples", f"dir:{DATA}/imagenet_samples",
                                    ["--input-norm", IMAGENET, "--samples", "40"]),
}
EXTRA = {"ppocrv3_en_textdet": ["--input-size", "736x736"]}
# Sample-like noise where the data set has no input at all.
NOISE = {"pointpillars_pfe": "random:2"}


def run(*command):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if result.returncode not in (0, 6):
        raise SystemExit(f"{' '.join(map(str, command))}: {result.stderr}")
    return json.loads(result.stdout)


def floats(path):
    values = array.array("f")
    with open(path, "rb") as file:
        values.frombytes(file.read())
    return values


def float_error(zurt, model, case, extra, folder):
    """Largest error over all outputs of a golden case, relative to the output's range."""
    prefix = os.path.join(folder, "out")
    run(zurt, "run", model, f"{case}.in.f32", "-o", prefix, "--force", "--json", *extra)
    worst = 0.0
    for k, path in enumerate(sorted(glob.glob(f"{case}.out*.f32"),
                                    key=lambda p: int(p.split(".out")[-1].split(".")[0]))):
        want = floats(path)
        got = floats(f"{prefix}.0.{k}.f32")
        span = max(want) - min(want) or 1.0
        worst = max(worst, max(abs(a - b) for a, b in zip(want, got)) / span)
        if len(want) != len(got):
            raise SystemExit(f"{path}: {len(want)} values, {len(got)} computed")
    return worst


def row(zurt, model, folder):
    name = os.path.basename(model)[:-len(".onnx")]
    extra = EXTRA.get(name, [])
    int8 = os.path.join(folder, f"{name}.zurt")
    cases = [c[:-len(".in.f32")] for c in sorted(glob.glob(f"{DATA}/golden/{name}.*.in.f32"))]
    golden = f"raw:{cases[0]}.in.f32" if cases else NOISE.get(name, "random:2")
    calib, judge, norm = SAMPLES.get(name, (golden, golden, []))
    made = run(zurt, "compile", model, "--calib", calib, "-o", int8, "--force", "--json", "--quiet",
               *norm, *extra)
    error = max((float_error(zurt, model, c, extra, folder) for c in cases), default=None)
    compared = run(zurt, "compare", model, int8, "--data", judge, "--limit", "1000", "--json",
                   "--quiet", *extra)
    worst = min((o["sqnr_db"] for o in compared["outputs"] if o["sqnr_db"] is not None),
                default=None)
    bench = [run(zurt, "bench", m, "--threads", "1", "--seconds", "1", "--json", *extra)
             for m in (model, int8)]
    ms = [f"{b['latency_ns']['p50'] * 1e-6:.1f}" for b in bench]
    own = made["output_sqnr_db"] is None
    return (f"| {name} | {made['source_nodes']} | {made['nodes']} | {made['float_nodes']} "
            f"| {'-' if error is None else f'{error:.1e}'} "
            f"| {'identical' if worst is None else f'{worst:.1f}'}{' (1)' if own else ''}"
            f"{' (2)' if golden.startswith('random') else ''} "
            f"| {made['bytes']} | {made['ratio']:.3f} | {ms[0]} | {ms[1]} |")


def main():
    zurt = sys.argv[1]
    print("# Models\n")
    print("Written by `scripts/model_table.py` from a run on the models of `$ZURT_DATA/onnx`;")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, one thread used, "
          "int8 on the CPU back end.\n")
    print("| model | nodes in file | nodes int8 | of them float | float error | worst output SQNR dB "
          "| bytes | of the ONNX | float ms | int8 ms |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for model in sorted(glob.glob(f"{DATA}/onnx/*.onnx")):
            print(row(zurt, model, folder), flush=True)
    print("\n(1) A QDQ model keeps its own scales; both columns run the same integers.")
    print("(2) No real input is at hand: seeded noise, good for a smoke test alone.")
    print("\nFloat error is the largest difference from the golden outputs of other runtimes,")
    print("relative to the output's range. `mobilenetv2_1.0_224_dynint8` quantises its activations")
    print("anew for each input; zurt imports it as the float model that it came from, so its float")
    print("error is the other model's quantisation.")


if __name__ == "__main__":
    main()
