#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TFLite files in zurt beside LiteRT's reference kernels: one operator at a time, in float, int8
and uint8, then the models of $ZURT_DATA. int8 and uint8 are equal byte by byte, but for what
DIFFERS names and docs/from-tflite.md explains.

Usage: test_tflite.py ZURT
"""
import glob
import os
import subprocess
import sys
import tempfile

from enter_venv import enter_venv, skip

enter_venv()

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    import tflite_models
except ImportError as missing:
    skip(f"{missing.name} is not installed; scripts/venv does that")

ZURT = os.path.abspath(sys.argv[1])
ROUNDS = 3

# By how many steps at most an operator's 8-bit results differ by design.
DIFFERS = {("bilinear", "uint8"): 1, ("bilinear_half", "uint8"): 1,
           ("fully_connected_one_scale", "int8"): 1, "tflm_hello_world_int8.tflite": 3,
           "mlperf_ic_resnet8_int8.tflite": 3}
# Files whose weights are 8 bits and whose activations LiteRT quantises as it runs.
DYNAMIC = {"mlperf_kws_float.tflite": 0.03}
# What LiteRT itself refuses.
REFUSED_THERE = {"tflm_person_detect.tflite"}


def sample(rng, details):
    if details["dtype"] == np.float32:
        return rng.standard_normal(details["shape"]).astype(np.float32)
    info = np.iinfo(details["dtype"])
    return rng.integers(info.min, info.max + 1, details["shape"]).astype(details["dtype"])


def zurt(*words):
    done = subprocess.run([ZURT, *words, "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"FAIL: zurt {' '.join(words)}: exit {done.returncode}: "
                 f"{done.stdout.decode(errors='replace')}")


def compare(path, label, steps=0, tolerance=1e-5):
    """The largest difference, in steps of 8 bits or relative to float's largest."""
    with open(path, "rb") as f:
        interpreter = Interpreter(model_content=f.read(),
                                  experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    model = path
    if any(t["dtype"] in (np.int8, np.uint8) for t in inputs + outputs):
        model = path + ".zurt"
        zurt("compile", path, "-o", model, "--force")
    rng, worst = np.random.default_rng(7), 0.0
    for _ in range(ROUNDS):
        words = []
        for t in inputs:
            x = sample(rng, t)
            interpreter.set_tensor(t["index"], x)
            x.tofile(f"{path}.{t['index']}.raw")
            words.append((f"{t['name']}=" if len(inputs) > 1 else "") + f"{path}.{t['index']}.raw")
        interpreter.invoke()
        for old in glob.glob(glob.escape(path) + ".out.*"):
            os.remove(old)
        zurt("run", model, *words, "-o", path + ".out", "--device", "cpu")
        found = sorted(glob.glob(glob.escape(path) + ".out.*"))
        assert len(found) == len(outputs), (label, found)
        for name, t in zip(found, outputs):
            want = interpreter.get_tensor(t["index"])
            got = np.fromfile(name, want.dtype)
            assert got.size == want.size, (label, got.size, want.size)
            difference = np.abs(got.astype(np.float64) - want.ravel()).max(initial=0)
            if want.dtype == np.float32:
                difference /= max(np.abs(want).max(initial=0), 1e-6)
                assert difference <= tolerance, (label, difference)
            else:
                assert difference <= steps, (label, difference)
            worst = max(worst, difference)
    return worst


def check_operators(folder):
    for case in tflite_models.CASES:
        for dtype in ("float32", "int8", "uint8"):
            path = os.path.join(folder, f"{case}_{dtype}.tflite")
            with open(path, "wb") as f:
                f.write(tflite_models.make(case, dtype))
            compare(path, (case, dtype), DIFFERS.get((case, dtype), 0))
    print(f"{len(tflite_models.CASES)} cases in float32, int8 and uint8")


def check_models(folder):
    for source in sorted(glob.glob(os.path.join(os.environ["ZURT_DATA"], "tflite", "*.tflite"))):
        name = os.path.basename(source)
        path = os.path.join(folder, name)
        with open(source, "rb") as f, open(path, "wb") as g:
            g.write(f.read())
        if name in REFUSED_THERE:
            zurt("compile", path, "-o", path + ".zurt")
            print(f"{name:45} compiles; LiteRT refuses it")
        else:
            worst = compare(path, name, DIFFERS.get(name, 0), DYNAMIC.get(name, 1e-4))
            print(f"{name:45} {worst:.3g}")


def check_refusals(folder):
    """Damage is refused by its byte; what is not taken, by the operator and what to do."""
    whole = tflite_models.make("conv_same", "int8")
    path = os.path.join(folder, "bad.tflite")
    for content, exit_code, words in [
            (whole[:len(whole) // 2], 3, "byte"), (whole[:12], 3, "byte"),
            (tflite_models.absent_in_list(), 3, "input 1 is missing"),
            (tflite_models.wrapping_dims(), 3, "more elements than can be counted"),
            (tflite_models.two_subgraphs(), 4, "2 subgraphs"),
            (tflite_models.custom(), 4, "custom operator 'Twirl'"),
            (tflite_models.unknown(), 4, "builtin operator 109")]:
        with open(path, "wb") as f:
            f.write(content)
        done = subprocess.run([ZURT, "info", path], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        text = done.stdout.decode()
        assert done.returncode == exit_code and words in text, (words, done.returncode, text)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_refusals(folder)
        check_operators(folder)
        if os.environ.get("ZURT_DATA"):
            check_models(folder)


main()
