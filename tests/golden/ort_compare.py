# SPDX-License-Identifier: Apache-2.0
"""One ONNX model in zurt and in ONNX Runtime: for ort_random.py and scripts/differential.

Of each model: float against ONNX Runtime without its optimiser, within 1e-4 of the tensor's largest
value; a .zurt on the CPU and on the simulated PL, byte by byte; the QDQ ONNX that `zurt quantize`
writes, which ONNX Runtime must take, against the .zurt, within a few steps. Samples miss zero two
times of three.
"""
import collections
import glob
import os
import re
import shutil
import subprocess
import time

import numpy as np
import onnx
import onnxruntime as ort

FLOAT_ERROR = 1e-4    # of the largest value
INT8_SQNR_DB = 15     # of zurt's int8 against ONNX Runtime on the same QDQ file
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int8)": np.int8,
         "tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(int64)": np.int64,
         "tensor(bool)": np.bool_}
SUFFIX = {"f32": np.float32, "s8": np.int8, "u8": np.uint8, "s32": np.int32, "s64": np.int64,
          "bool": np.bool_}  # of zurt's files; double is computed in float


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

    def run(self, model, files, prefix, n_outputs, device=()):
        """Output arrays, flat."""
        for old in glob.glob(prefix + ".*"):
            os.remove(old)
        self("run", model, *files, "-o", prefix, *device)
        result = []
        for i in range(n_outputs):
            found = glob.glob(f"{prefix}.0.{i}.*")
            if len(found) != 1:
                raise Wrong(f"{model}: output {i} was not written")
            result.append(np.fromfile(found[0], SUFFIX[found[0].rsplit(".", 1)[1]]))
        return result


def crops(node):
    return any(a.name == "coordinate_transformation_mode" and a.s == b"tf_crop_and_resize"
               for a in node.attribute)


def casts_to_8_bits(node):
    return any(a.name == "to" and a.i in (onnx.TensorProto.UINT8, onnx.TensorProto.INT8)
               for a in node.attribute)


def session(model):
    for node in onnx.load(model).graph.node:
        if node.op_type == "Resize" and crops(node):
            raise Refused("Resize with tf_crop_and_resize: ONNX Runtime is not ONNX's reference")
        if node.op_type == "Cast" and casts_to_8_bits(node):
            raise Refused("Cast to 8 bits: ONNX leaves open what lies beyond the range")
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
    if not s.get_inputs():
        raise Refused("no inputs")
    for value in s.get_inputs():
        if value.type not in TYPES:
            raise Refused(f"input of {value.type}")
        if not all(isinstance(d, int) and d for d in value.shape):
            raise Refused("input of an open size, or of none")
        dtype = TYPES[value.type]
        array = rng.standard_normal(value.shape)
        if dtype in (np.float32, np.float64):
            array = array + (0, 6, -6)[seed % 3]
        elif dtype is not np.bool_:
            array = array * 3 + (0, 10, 10)[seed % 3]
        feeds[value.name] = np.asarray(array > 0 if dtype is np.bool_ else array).astype(dtype)
    return feeds


def write(feeds):
    files = []
    for i, (name, array) in enumerate(feeds.items()):
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        suffix = next(k for k, dtype in SUFFIX.items() if array.dtype == dtype)
        path = f"in{i}.{suffix}"
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
        if not all(a.dtype == np.float32 for a in feeds.values()):
            return
        if not all(np.all(np.isfinite(w)) for w in want):
            return
        self.int8(path, feeds, want)

    def float_(self, path, seed):
        s = session(path)
        feeds = samples(s, np.random.default_rng(seed), seed)
        want = infer(s, feeds)
        got = self.zurt.run(path, write(feeds), "float", len(want))
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
        cpu = self.zurt.run("m.zurt", files, "cpu", len(want), ("--device", "cpu"))
        sim = self.zurt.run("m.zurt", files, "sim", len(want), ("--device", "sim"))
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
                shutil.copy(path, keep)
    for name, count in tally.items():
        print(f"{count:6} {name}")
    print(f"{sum(refusals.values()):6} refused")
    for text, count in refusals.most_common():
        print(f"       {count:5}  {text}")
    print(f"{wrong:6} wrong")
    return wrong, tally
