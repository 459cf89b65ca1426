#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tests' random graphs, as ONNX, in zurt and in ONNX Runtime.

usage: ort_random.py ZURT MAKE_RANDOM_ONNX [--seed N] [--count N] [--seconds N]

Of each model: float against ONNX Runtime without its optimiser, within 1e-4 of the tensor's largest
value; a .zurt on the CPU and on the simulated PL, byte by byte; the QDQ ONNX that `zurt quantize`
writes, which ONNX Runtime must take, against the .zurt, within a few steps. Samples miss zero every
third time. The seed is printed; refusals are counted by their reason. `differential.py`, run by
hand and nightly, does the same for models that others generate.
"""
import argparse
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile
import time


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


python = os.path.abspath(os.environ.get("ZURT_PYTHON", sys.executable))
if os.path.abspath(sys.executable) != python:
    if not os.access(python, os.X_OK):
        skip(f"{python}: not there; scripts/venv makes it")
    os.execv(python, [python, *sys.argv])

try:
    import numpy as np
    import onnxruntime as ort
except ImportError as missing:
    skip(f"{missing.name} is not installed; scripts/venv does that")

FLOAT_ERROR = 1e-4    # of the largest value
INT8_SQNR_DB = 15     # of zurt's int8 against ONNX Runtime on the same QDQ file
TYPES = {"tensor(float)": np.float32, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8,
         "tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(bool)": np.bool_}
SUFFIX = {np.float32: "f32", np.int8: "s8", np.uint8: "u8", np.int32: "s32", np.int64: "s64",
          np.bool_: "bool"}


class Wrong(Exception):
    """zurt gave something else than it must."""


class Refused(Exception):
    """One of the two does not take the model; says why."""


def reason(text):
    """A message without what differs from model to model."""
    text = text.strip().split("\n")[-1]
    text = re.sub(r"^zurt \w+: (\S+\.(onnx|zurt): )?", "", text)
    return re.sub(r"'[^']*'|-?\d[\d.e+-]*", "_", text)[:110]


class Zurt:
    """Runs the command; a crash or a finding of a sanitizer is an error, a refusal is not."""

    def __init__(self, path):
        self.path = path

    def __call__(self, *arguments):
        p = subprocess.run([self.path, *arguments, "--quiet", "--force"], text=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)
        if p.returncode in (3, 4):
            raise Refused(reason(p.stderr))
        if p.returncode or "Sanitizer" in p.stderr or "runtime error" in p.stderr:
            raise Wrong(f"zurt {' '.join(arguments)}: exit {p.returncode}\n{p.stderr[-2000:]}")

    def run(self, model, files, prefix, outputs, device=()):
        """Output arrays, flat, in the types of ONNX Runtime's `outputs`."""
        for old in glob.glob(prefix + ".*"):
            os.remove(old)
        self("run", model, *files, "-o", prefix, *device)
        result = []
        for i, like in enumerate(outputs):
            found = glob.glob(f"{prefix}.0.{i}.*")
            if len(found) != 1:
                raise Wrong(f"{model}: output {i} was not written")
            result.append(np.fromfile(found[0], like.dtype))
        return result


def session(model):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Refused("ONNX Runtime: " + reason(str(error))) from None


def infer(s, feeds):
    try:
        return [np.asarray(value) for value in s.run(None, feeds)]
    except Exception as error:
        raise Refused("ONNX Runtime at run time: " + reason(str(error))) from None


def samples(s, rng, seed):
    """One array per input: around zero, or beyond it."""
    feeds = {}
    for value in s.get_inputs():
        if value.type not in TYPES or not all(isinstance(d, int) and d for d in value.shape):
            raise Refused(f"input of {value.type} without a fixed size")
        dtype = TYPES[value.type]
        array = rng.standard_normal(value.shape)
        if dtype is np.float32:
            array = array + (0, 6, -6)[seed % 3]
        elif dtype is not np.bool_:
            array = array * 3 + (0, 10, 10)[seed % 3]
        feeds[value.name] = np.asarray(array > 0 if dtype is np.bool_ else array).astype(dtype)
    return feeds


def write(feeds):
    files = []
    for i, (name, array) in enumerate(feeds.items()):
        path = f"in{i}.{SUFFIX[array.dtype.type]}"
        np.ascontiguousarray(array).tofile(path)
        files.append(path if len(feeds) == 1 else f"{name}={path}")
    return files


def float_error(want, got):
    """Largest error as a part of the largest value, where ONNX Runtime's is finite."""
    if want.size != got.size:
        return np.inf
    want, got = want.reshape(-1).astype(np.float64), got.astype(np.float64)
    finite = np.isfinite(want)
    if not np.all(np.isfinite(got[finite])):
        return np.inf
    scale = max(np.max(np.abs(want[finite]), initial=0), 1e-3)
    return np.max(np.abs(want[finite] - got[finite]), initial=0) / scale


def sqnr(want, got):
    want, got = want.reshape(-1).astype(np.float64), got.astype(np.float64)
    noise, power = np.sum((want - got) ** 2), np.sum(want ** 2)
    return np.inf if noise == 0 else 10 * np.log10(max(power, 1e-30) / noise)


class Check:
    """All comparisons of one model; `tally` counts what was done."""

    def __init__(self, zurt, tally):
        self.zurt = zurt
        self.tally = tally

    def model(self, path, seed):
        feeds, want = self.float_(path, seed)
        if not all(a.dtype == np.float32 and a.size for a in feeds.values()) or not feeds:
            return
        if not all(np.all(np.isfinite(w)) for w in want):
            return
        self.int8(path, feeds, want)

    def float_(self, path, seed):
        s = session(path)
        feeds = samples(s, np.random.default_rng(seed), seed)
        want = infer(s, feeds)
        got = self.zurt.run(path, write(feeds), "float", want)
        for i, (w, g) in enumerate(zip(want, got)):
            error = float_error(w, g)
            if error > FLOAT_ERROR:
                raise Wrong(f"float output {i}: error {error:.3g}")
        self.tally["float equal"] += 1
        return feeds, want

    def int8(self, path, feeds, want):
        files = write(feeds)
        calib = ",".join(f"{name}=raw:in{i}.f32" if len(feeds) > 1 else f"raw:in{i}.f32"
                         for i, name in enumerate(feeds))
        options = ("--calib", calib, "--sqnr-samples", "0")
        self.zurt("compile", path, "-o", "m.zurt", "--io", "float", *options)
        cpu = self.zurt.run("m.zurt", files, "cpu", want, ("--device", "cpu"))
        sim = self.zurt.run("m.zurt", files, "sim", want, ("--device", "sim"))
        if any(a.tobytes() != b.tobytes() for a, b in zip(cpu, sim)):
            raise Wrong("the simulated PL gives other bytes than the CPU")
        self.tally["cpu = sim"] += 1
        self.zurt("quantize", path, "-o", "q.onnx", *options)
        try:
            qdq = infer(session("q.onnx"), feeds)
        except Refused as refused:
            raise Wrong(f"zurt's QDQ file: {refused}") from None
        for i, (w, q, g) in enumerate(zip(want, qdq, cpu)):
            if w.dtype != np.float32 or w.size != g.size:
                continue
            apart = sqnr(q, g)
            if apart < min(INT8_SQNR_DB, sqnr(w, q.reshape(-1)) - 3):
                raise Wrong(f"int8 output {i}: {apart:.1f} dB from ONNX Runtime on the same QDQ")
        self.tally["int8 as near as the QDQ"] += 1


def run_all(zurt, models, seconds, keep=None):
    """Checks (path, seed) after the other; returns the number of wrong ones."""
    tally, refusals, wrong = collections.Counter(), collections.Counter(), 0
    check, start = Check(zurt, tally), time.monotonic()
    for path, seed in models:
        if time.monotonic() - start > seconds:
            print(f"stopped after {seconds} s, before {path}")
            break
        tally["models"] += 1
        try:
            check.model(path, seed)
        except Refused as refused:
            refusals[str(refused)] += 1
        except (Wrong, subprocess.TimeoutExpired) as error:
            wrong += 1
            print(f"WRONG {path}, seed {seed}: {error}", flush=True)
            if keep:
                os.makedirs(keep, exist_ok=True)
                os.replace(path, os.path.join(keep, f"{seed}.onnx"))
    for name, count in tally.items():
        print(f"{count:6} {name}")
    print(f"{sum(refusals.values()):6} refused")
    for text, count in refusals.most_common():
        print(f"       {count:5}  {text}")
    print(f"{wrong:6} wrong")
    return wrong, tally


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("zurt")
    parser.add_argument("make_random_onnx")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=45)
    arguments = parser.parse_args()
    zurt, make = (os.path.abspath(p) for p in (arguments.zurt, arguments.make_random_onnx))
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    print(f"seeds {seeds.start} to {seeds.stop - 1}, ONNX Runtime {ort.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        made = subprocess.run([make, str(seeds.start), str(len(seeds)), "."], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        print(f"{made.count(chr(10))} are not ONNX")
        models = [(f"{seed}.onnx", seed) for seed in seeds if os.path.exists(f"{seed}.onnx")]
        wrong, tally = run_all(Zurt(zurt), models, arguments.seconds)
        os.chdir("/")
    if wrong or tally["float equal"] < tally["models"] / 3:
        sys.exit(1)


if __name__ == "__main__":
    main()
