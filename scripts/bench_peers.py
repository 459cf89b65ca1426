#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measuring part of scripts/bench_peers; start it through that script."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime as ort

RUNS = 20
WARMUP = 3


def zurt_seconds(arguments, model, threads):
    """Median latency of one `zurt bench` process."""
    command = [arguments.zurt, "bench", model, "--threads", str(threads), "--runs", str(RUNS),
               "--warmup", str(WARMUP), "--json"]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return report["latency_ns"]["p50"] * 1e-9


class Peer:
    """A model in ONNX Runtime's CPU provider."""

    def __init__(self, path, threads):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        rng = np.random.default_rng(1)
        self.feed = {}
        for tensor in self.session.get_inputs():
            shape = [d if isinstance(d, int) else 1 for d in tensor.shape]
            self.feed[tensor.name] = rng.random(shape, dtype=np.float32)

    def seconds(self):
        times = []
        for i in range(WARMUP + RUNS):
            begin = time.perf_counter()
            self.session.run(None, self.feed)
            if i >= WARMUP:
                times.append(time.perf_counter() - begin)
        return statistics.median(times)


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def measure(name, zurt, peer, rounds):
    """Takes turns, so that a slow moment of the machine hits both."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(zurt())
        theirs.append(peer())
    ratios = sorted(a / b for a, b in zip(ours, theirs))
    print(f"{name:6} {statistics.median(ours) * 1e3:11.2f} {statistics.median(theirs) * 1e3:11.2f}"
          f" {statistics.median(ratios):8.2f}   {ratios[0]:.2f} to {ratios[-1]:.2f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--zurt", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--calib", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("options", nargs="*", help="passed to zurt compile and zurt quantize")
    arguments = parser.parse_args()
    ort.set_default_logger_severity(3)
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], check=False,
                            stdout=subprocess.PIPE, text=True).stdout.strip()
    print(f"{os.path.basename(arguments.model)}, {arguments.threads} thread(s), {arguments.rounds}"
          f" rounds of {RUNS} runs each in turn")
    print(f"{cpu_name()}, {os.cpu_count()} cores; zurt {commit}, ONNX Runtime {ort.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        qdq = os.path.join(folder, "int8.onnx")
        compiled = os.path.join(folder, "int8.zurt")
        for command, out in (("quantize", qdq), ("compile", compiled)):
            subprocess.run([arguments.zurt, command, arguments.model, "--calib", arguments.calib,
                            "-o", out, "--quiet", *arguments.options], check=True,
                           stdout=subprocess.DEVNULL)
        threads = arguments.threads
        print(f"{'':6} {'zurt ms':>11} {'ORT ms':>11} {'ratio':>8}   ratio over the rounds")
        measure("float", lambda: zurt_seconds(arguments, arguments.model, threads),
                Peer(arguments.model, threads).seconds, arguments.rounds)
        measure("int8", lambda: zurt_seconds(arguments, compiled, threads),
                Peer(qdq, threads).seconds, arguments.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
