# SPDX-License-Identifier: Apache-2.0
"""One ONNX model in zurt and in ONNX Runtime: for ort_random.py and scripts/differential.

Of each model: float against ONNX Runtime without its optimiser, within 1e-4 of the tensor's largest
value, NaN and infinities where it has them; a .zurt on the CPU and on the simulated PL, byte by
byte; the QDQ ONNX that `zurt quantize` writes, which ONNX Runtime must take, against the .zurt,
within a few steps. Samples miss zero two times of three.
"""
import collections
import glob
import importlib.metadata
import os
import shutil
import subprocess
import time

import numpy as np

from ort_process import OrtProcess, Refused, reason

ORT_VERSION = importlib.metadata.version("onnxruntime")
ZURT_SECONDS = 120    # for one command, of which none needs so many
FLOAT_ERROR = 1e-4    # of the largest value
HALF_ERROR = 2e-3     # where ONNX Runtime computes in float16, and zurt in float
NOISY_RUNS = 200      # see Check.is_possible()
ROUGH_RUNS = 50       # see Check.rough_sqnr()
INT8_SQNR_DB = 15     # of zurt's int8 against ONNX Runtime on the same QDQ file
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int8)": np.int8,
         "tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(int64)": np.int64,
         "tensor(bool)": np.bool_}
SUFFIX = {"f32": np.float32, "s8": np.int8, "u8": np.uint8, "s32": np.int32, "s64": np.int64,
          "bool": np.bool_}  # of zurt's files; double is computed in float


class Wrong(Exception):
    """zurt gave something else than it must."""


class Crashed(Wrong):
    """zurt died, hung, was caught by a sanitizer, or failed without a refusal."""


class OutOfTime(Exception):
    """The run has had its seconds."""


class Deadline:
    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self, most):
        """Seconds that something may take; past the end nothing starts."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise OutOfTime
        return min(most, left)


class Zurt:
    """Runs the command; a crash or a finding of a sanitizer is an error, a refusal is not."""

    def __init__(self, path):
        self.path = path
        self.deadline = Deadline(float("inf"))

    def __call__(self, *arguments):
        command = f"zurt {' '.join(arguments)}"
        try:
            p = subprocess.run([self.path, *arguments, "--quiet", "--force"], text=True,
                               errors="replace", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               timeout=self.deadline.left(ZURT_SECONDS))
        except subprocess.TimeoutExpired:
            self.deadline.left(0)
            raise Crashed(f"{command}: no end after {ZURT_SECONDS} s") from None
        found = "Sanitizer" in p.stderr or "runtime error" in p.stderr
        if p.returncode in (3, 4) and not found:
            raise Refused(reason(p.stderr))
        if p.returncode or found:
            raise Crashed(f"{command}: exit {p.returncode}\n{p.stderr[-2000:]}")

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


def samples(inputs, rng, seed):
    """One array per (name, type, shape): around zero, or beyond it."""
    feeds = {}
    if not inputs:
        raise Refused("no inputs")
    for name, type_, shape in inputs:
        if type_ not in TYPES:
            raise Refused(f"input of {type_}")
        if not all(isinstance(d, int) and d for d in shape):
            raise Refused("input of an open size, or of none")
        dtype = TYPES[type_]
        array = rng.standard_normal(shape)
        if dtype in (np.float32, np.float64):
            array = array + (0, 6, -6)[seed % 3]
        elif dtype is not np.bool_:
            array = array * 3 + (0, 10, 10)[seed % 3]
        feeds[name] = np.asarray(array > 0 if dtype is np.bool_ else array).astype(dtype)
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


def differs(want, got):
    """Where two flat arrays are not the same number, nor as near as the type of `want` allows."""
    error = HALF_ERROR if want.dtype == np.float16 else FLOAT_ERROR
    want, got = want.astype(np.float64), got.astype(np.float64)
    limit = error * max(np.max(np.abs(want[np.isfinite(want)]), initial=0), 1e-3)
    with np.errstate(invalid="ignore"):
        near = np.abs(want - got) <= limit
    return ~(near | (want == got) | (np.isnan(want) & np.isnan(got)))


def sqnr(want, got):
    """In dB, of what is finite in both; a step before a pole may make the one infinite."""
    want, got = want.reshape(-1).astype(np.float64), got.reshape(-1).astype(np.float64)
    both = np.isfinite(want) & np.isfinite(got)
    if 2 * np.sum(both) < np.sum(np.isfinite(want)):
        return -np.inf
    noise, power = np.sum((want - got)[both] ** 2), np.sum(want[both] ** 2)
    return np.inf if noise == 0 else 10 * np.log10(max(power, 1e-30) / noise)


class Check:
    """All comparisons of one model; `tally` counts what was done."""

    def __init__(self, zurt, ort, tally):
        self.zurt = zurt
        self.ort = ort
        self.tally = tally

    def model(self, path, seed):
        feeds, want = self.float_(path, seed)
        if not all(a.dtype == np.float32 for a in feeds.values()):
            return
        if not all(np.all(np.isfinite(w)) for w in want):
            return
        self.int8(path, feeds, want)

    def float_(self, path, seed):
        feeds = samples(self.ort.open(path), np.random.default_rng(seed), seed)
        want = self.ort.infer(feeds)
        got = self.zurt.run(path, write(feeds), "float", len(want))
        for i, (w, g) in enumerate(zip(want, got)):
            w = w.reshape(-1)
            if w.size != g.size:
                raise Wrong(f"float output {i}: {g.size} values, ONNX Runtime has {w.size}")
            bad = differs(w, g)
            if not np.any(bad):
                continue
            if self.is_reference(path, feeds, i, g):
                raise Refused("ONNX Runtime has another answer than ONNX's own evaluator and zurt")
            if self.is_open(path, feeds):
                raise Refused("Cast of NaN or beyond the range: ONNX leaves open what that gives")
            if self.is_possible(path, feeds, i, w, g):
                raise Refused("its last bits decide: ONNX Runtime differs from itself")
            at = np.argmax(bad)
            raise Wrong(f"float output {i}: {g[at]} at {at}, ONNX Runtime has {w[at]}; "
                        f"{np.sum(bad)} of {bad.size}")
        self.tally["float equal"] += 1
        return feeds, want

    def is_reference(self, path, feeds, i, got):
        """Whether ONNX's own evaluator has zurt's answer: NaN among what ReduceMin compares, sizes
        between two elements."""
        try:
            own = self.ort.reference(path, feeds)[i].reshape(-1)
        except Refused:
            return False
        return own.size == got.size and not np.any(differs(own, got))

    def is_open(self, path, feeds):
        try:
            return self.ort.casts_beyond(path, feeds)
        except Refused:
            return False

    def is_possible(self, path, feeds, i, want, got):
        """Whether ONNX Runtime's own output i reaches as far as zurt's if its values are hardly
        others: the place of a maximum among equals, an integer below a sum, a pole."""
        low, high, is_nan = want.astype(np.float64), want.astype(np.float64), np.isnan(want)
        try:
            self.ort.open_noisy(path)
            for _ in range(NOISY_RUNS):
                own = self.ort.infer(feeds)[i].reshape(-1)
                if own.size != want.size:
                    return False
                low, high, is_nan = np.fmin(low, own), np.fmax(high, own), is_nan | np.isnan(own)
        except Refused:
            return False
        nearest = np.where(np.isnan(got) & ~is_nan, want, np.clip(got, low, high))
        return not np.any(differs(nearest, got))

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
            self.ort.open("q.onnx")
            qdq = self.ort.infer(feeds)
        except Refused as refused:
            raise Wrong(f"zurt's QDQ file: {refused}") from None
        for i, (w, q, g) in enumerate(zip(want, qdq, cpu)):
            if w.dtype != np.float32 or w.size != g.size:
                continue
            apart = sqnr(q, g)
            if apart < min(INT8_SQNR_DB, sqnr(w, q) - 3):
                if apart > self.rough_sqnr(feeds, i, q) - 3:
                    raise Refused("one step decides: ONNX Runtime's int8 is as far from itself")
                raise Wrong(f"int8 output {i}: {apart:.1f} dB from ONNX Runtime on the same QDQ")
        self.tally["int8 as near as the QDQ"] += 1

    def rough_sqnr(self, feeds, i, qdq):
        """Of ONNX Runtime on the QDQ file with other roundings, at worst: a step beside a pole."""
        try:
            self.ort.open_rough("q.onnx")
            return min(sqnr(qdq, self.ort.infer(feeds)[i]) for _ in range(ROUGH_RUNS))
        except Refused:
            return np.inf


def run_all(zurt, models, seconds, keep=None):
    """Checks (path, seed) one after the other for so many seconds at most; a model that is wrong is
    copied to `keep`. Returns what was counted."""
    tally, refusals = collections.Counter(), collections.Counter()
    zurt.deadline = Deadline(seconds)
    with OrtProcess(zurt.deadline.left) as ort:
        check = Check(zurt, ort, tally)
        for path, seed in models:
            try:
                check.model(path, seed)
            except OutOfTime:
                print(f"stopped after {seconds:.0f} s, at {path}")
                break
            except Refused as refused:
                refusals[str(refused)] += 1
            except Wrong as error:
                kind = "crashes" if isinstance(error, Crashed) else "wrong"
                tally[kind] += 1
                print(f"{kind.upper()} {path}, seed {seed}: {error}", flush=True)
                if keep:
                    os.makedirs(keep, exist_ok=True)
                    shutil.copy(path, keep)
            tally["models"] += 1
    tally["refused"] = sum(refusals.values())
    for name in ("models", "float equal", "cpu = sim", "int8 as near as the QDQ", "refused"):
        print(f"{tally[name]:6} {name}")
    for text, count in refusals.most_common():
        print(f"       {count:5}  {text}")
    print(f"{tally['wrong']:6} wrong")
    print(f"{tally['crashes']:6} crashes")
    return tally
