#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zurt, ONNX Runtime and LiteRT on an x86 processor, in turns in one run.

bench_x86.py [options] [MODEL.onnx [OPTION OF ZURT QUANTIZE...]]      started by scripts/bench_peers

Every network has its runners, each a process that stays: zurt's int8 and float, ONNX Runtime's int8
(as uint8 and as int8) and float, or LiteRT's int8. They run one after the other, round after round,
so that a slow moment of the machine hits all of them. A ratio is that of the best times of two turns
of one round. With one thread times are of the processor, in which others on the machine have little
part. docs/benchmarking.md says what is compared with what.
"""
import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(SOURCE, "scripts")]
import doc_tables
import int8_models

DOC = os.path.join(SOURCE, "docs/benchmarking.md")
AVX2 = 1 << 8  # ZURT_CPU_AVX2
CANNOT_MASK = 77  # cpuid_mask.c


@dataclass
class TfliteNetwork:
    """An int8 .onnx, and the .tflite that it was made of."""
    name: str
    path: str
    tflite: str


NETWORKS = [
    int8_models.MOBILENET_V2,
    int8_models.RESNET_50,
    int8_models.YOLOX_NANO,
    TfliteNetwork("MobileNetV2 of TFLite", "{data}/onnx/mobilenet_v2_1.0_224_quant_qdq.onnx",
                  "{data}/tflite/mobilenet_v2_1.0_224_quant.tflite"),
    TfliteNetwork("MLPerf Tiny VWW", "{data}/onnx/mlperf_vww_int8_qdq.onnx",
                  "{data}/tflite/mlperf_vww_int8.tflite"),
    TfliteNetwork("MLPerf Tiny KWS", "{data}/onnx/mlperf_kws_int8_qdq.onnx",
                  "{data}/tflite/mlperf_kws_int8.tflite"),
    TfliteNetwork("MLPerf Tiny ResNet-8", "{data}/onnx/mlperf_ic_resnet8_int8_qdq.onnx",
                  "{data}/tflite/mlperf_ic_resnet8_int8.tflite"),
]


@dataclass
class Comparison:
    """A runner of zurt's against the fastest of `peers`, and the ratio that is aimed at."""
    ours: str
    peers: list
    bound: float = None


def comparisons(runners, masked):
    """What there is to compare among these runners."""
    possible = [Comparison("zurt int8", ["ort u8", "ort s8"], 1.0 if masked else 0.95),
                Comparison("zurt float", ["ort float"], 1.0),
                Comparison("zurt int8", ["zurt float"], 0.5),
                Comparison("zurt int8", ["litert int8"], None if masked else 1.0)]
    return [c for c in possible if c.ours in runners and set(c.peers) & set(runners)]


def summary(times, comparison):
    """times[runner][round] is a list of nanoseconds. -> what there is to say of a comparison."""
    best = {name: min(map(min, rounds)) for name, rounds in times.items()}
    peer = min((p for p in comparison.peers if p in times), key=best.get)
    ratios = [min(a) / min(b) for a, b in zip(times[comparison.ours], times[peer])]
    return {"ours": comparison.ours, "peer": peer, "ours_ns": best[comparison.ours],
            "peer_ns": best[peer], "ratio": statistics.median(ratios), "least": min(ratios),
            "most": max(ratios), "bound": comparison.bound}


HEADER = ["network", "zurt", "ms", "peer", "ms", "ratio", "rounds", "aim"]


def cells(network, row):
    """A row of the table."""
    aim = "" if row["bound"] is None else f"{row['bound']:.2f}"
    return [network, row["ours"].split()[1], f"{row['ours_ns'] / 1e6:.3g}", row["peer"],
            f"{row['peer_ns'] / 1e6:.3g}", f"{row['ratio']:.2f}",
            f"{row['least']:.2f} to {row['most']:.2f}", aim]


def print_line(line):
    widths = [22, 7, 9, 13, 9, 7, 15, 4]
    print("".join(f"{c:{w}}" for c, w in zip(line, widths)).rstrip(), flush=True)


class Runner:
    """A process that runs one model when it is told to."""

    def __init__(self, command, preload):
        environment = dict(os.environ, **({"LD_PRELOAD": preload} if preload else {}))
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True, env=environment)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            sys.exit(f"bench_x86: {' '.join(self.process.args)}: exit {self.process.wait()}\n"
                     f"{self.errors.read()}")
        return line

    def times(self, runs):
        self.process.stdin.write(f"{runs}\n")
        self.process.stdin.flush()
        return [int(t) for t in self.answer().split()]

    def end(self):
        self.process.communicate()
        self.errors.close()


def model_files(network, arguments):
    """Makes a network's files; runner -> model. None without the network."""
    data, folder = arguments.data, arguments.folder
    path = int8_models.float_model(network, data, folder)
    if not path:
        return None
    zurt = os.path.join(arguments.build, "apps/zurt/zurt")
    if isinstance(network, TfliteNetwork):
        compiled = int8_models.stem_of(path, folder) + ".zurt"
        int8_models.run([zurt, "compile", path, "-o", compiled, "--force", "--quiet"])
        return {"zurt int8": compiled, "litert int8": network.tflite.format(data=data)}
    files = int8_models.quantised(zurt, network, path, data, folder, bool(arguments.model))
    return {"zurt int8": files["zurt"], "zurt float": path, "ort float": path, "ort s8": files["s8"],
            "ort u8": files["u8"]}


def start(name, model, arguments, masked):
    """The runner of that name."""
    threads = str(arguments.threads)
    shim = os.path.join(arguments.build, "bench/x86/cpuid_mask.so") if masked else None
    if name.startswith("zurt"):
        program = os.path.join(arguments.build, "bench/x86/x86_run")
        cpu = ["--cpu", hex(AVX2)] if masked else []
        return Runner([program, *cpu, "--threads", threads, model], shim)
    peer = name.split()[0]
    return Runner([sys.executable, os.path.join(HERE, "peer_run.py"), peer, threads, model], shim)


def measure(files, arguments, masked):
    """times[runner][round]: nanoseconds of the runs of a turn."""
    runners = {name: start(name, model, arguments, masked) for name, model in files.items()}
    for runner in runners.values():
        runner.times(1)  # the first run prepares
    turn = {name: max(3, min(2000, int(arguments.turn * 1e6 / min(r.times(3)))))
            for name, r in runners.items()}
    times = {name: [] for name in runners}
    for _ in range(arguments.rounds):
        for name, runner in runners.items():
            times[name].append(runner.times(turn[name]))
    for runner in runners.values():
        runner.end()
    return times


def can_mask(build):
    shim = os.path.join(build, "bench/x86/cpuid_mask.so")
    done = subprocess.run(["/bin/true"], env={**os.environ, "LD_PRELOAD": shim},
                          stderr=subprocess.DEVNULL)
    return done.returncode != CANNOT_MASK


def chosen(names, wanted):
    parts = [w.strip().lower() for w in wanted.split(",")]
    return [n for n in names if any(p in n.lower() for p in parts)]


def table(networks, arguments, masked):
    """Measures, prints and returns the rows of all networks."""
    print_line(HEADER)
    rows = []
    for network in networks:
        files = model_files(network, arguments)
        if files is None:
            print(f"{network.name}: skipped: no {network.path.format(data=arguments.data)}")
            continue
        files = {n: files[n] for n in chosen(files, arguments.runners)}
        times = measure(files, arguments, masked)
        for comparison in comparisons(files, masked):
            rows.append(cells(network.name, summary(times, comparison)))
            print_line(rows[-1])
    return rows


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def conditions(arguments):
    """What a figure is worth little without."""
    from importlib.metadata import version
    threads = "one thread" if arguments.threads == 1 else f"{arguments.threads} threads"
    return (f"{machine()}; {threads}, {arguments.rounds} rounds; zurt {int8_models.commit_of_library()}, "
            f"ONNX Runtime {version('onnxruntime')}, LiteRT {version('ai-edge-litert')}")


def update(tables, arguments):
    with open(DOC, encoding="utf-8") as f:
        text = f.read()
    text = doc_tables.with_tables(text, {
        name: f"{conditions(arguments)}\n\n{doc_tables.markdown(HEADER, rows)}"
        for name, rows in tables.items()})
    with open(DOC, "w", encoding="utf-8") as f:
        f.write(text)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=os.path.join(SOURCE, "build/test"),
                        help="a build of zurt with bench/x86 (default build/test)")
    parser.add_argument("--data", default=os.environ.get("ZURT_DATA", SOURCE + "/../shared/data"))
    parser.add_argument("--folder", default=os.path.join(SOURCE, "build/bench"),
                        help="where models are made, once (default build/bench)")
    parser.add_argument("--cpu", choices=("best", "avx2", "both"), default="best",
                        help="avx2: nobody uses AVX-512, VNNI or AMX")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--turn", type=float, default=150, help="ms of one turn (default 150)")
    parser.add_argument("--networks", default="", help="parts of names, with commas between")
    parser.add_argument("--runners", default="", help="the same of runners, e.g. int8,u8")
    parser.add_argument("--update", action="store_true", help="write docs/benchmarking.md's tables")
    parser.add_argument("model", nargs="*", metavar="MODEL.onnx",
                        help="another network than the usual ones, and options of zurt quantize "
                        "behind -- (default: --calib random:2)")
    return parser.parse_args()


def main():
    arguments = parse()
    os.makedirs(arguments.folder, exist_ok=True)
    networks = [n for n in NETWORKS if n.name in chosen([n.name for n in NETWORKS],
                                                        arguments.networks)]
    if arguments.model:
        path, *options = arguments.model
        networks = [int8_models.FloatNetwork(os.path.basename(path)[:-len(".onnx")], path,
                                             options or int8_models.NOISE)]
    print(conditions(arguments))
    tables = {}
    for cpu in ("best", "avx2") if arguments.cpu == "both" else (arguments.cpu,):
        if cpu == "avx2" and not can_mask(arguments.build):
            print("bench_x86: skipped: this machine cannot mask cpuid (arch_prctl(2), "
                  "ARCH_SET_CPUID): no comparison at AVX2")
            continue
        print(f"instructions: {'up to AVX2' if cpu == 'avx2' else 'all of the processor'}")
        tables["x86_" + cpu] = table(networks, arguments, cpu == "avx2")
    if arguments.update:
        update(tables, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
