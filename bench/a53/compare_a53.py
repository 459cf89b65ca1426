#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zurt beside XNNPACK and ONNX Runtime on a modelled Cortex-A53, one thread, in one run.

compare_a53.py [--only NAME,...] [--update]      with the Python of scripts/venv

Layers and whole networks, int8 (one layer in float): instructions, modelled cycles,
multiply-accumulates per modelled cycle, and the ratio of zurt's cycles to a peer's. --update writes
the tables of docs/performance-cpu.md. Builds nothing and fetches nothing: scripts/arm64-peers has the
peers, bench_a53.py says what else is wanted and where. A peer that is missing is left out, with the
reason.

What was measured stays in a file, under the hashes of the programs and models that it was measured
with: they give the same counts every time.
"""
import argparse
import hashlib
import json
import os
import sys
from dataclasses import dataclass

import bench_a53

SOURCE = bench_a53.SOURCE
sys.path[:0] = [os.path.join(SOURCE, "bench"), os.path.join(SOURCE, "scripts")]
import doc_tables
import int8_models

DOC = os.path.join(SOURCE, "docs/performance-cpu.md")
PEERS = ("XNNPACK", "ONNX Runtime")

# From cycles of one core to milliseconds of a board: docs/performance-cpu.md says where both are from.
MHZ = 1333
OPTIMISM = 144.7 / 121.9  # cycles of a real core over the model's
CORES = 4 * 0.85  # four, at this efficiency


@dataclass
class Work:
    """A network, or a layer as a network of its own, and what is aimed at, in words."""
    network: int8_models.FloatNetwork
    aim: str = ""
    layer: tuple = ()
    is_float: bool = False

    @property
    def name(self):
        return self.network.name


def layers():
    import networks
    aims = ["4.4", "3.5", "3.7", "2.8", "1.2", "1.9"]
    work = []
    for (name, shape), aim in zip(networks.LAYERS.items(), aims, strict=True):
        file = "".join(c if c.isalnum() else "_" for c in name)
        network = int8_models.FloatNetwork(name, "{folder}/" + file + ".onnx")
        work.append(Work(network, f"{aim} MAC/cycle", shape))
    network = int8_models.FloatNetwork(f"float {work[0].name}", "{folder}/float.onnx")
    return work + [Work(network, layer=work[0].layer, is_float=True)]


NETWORKS = [Work(int8_models.MOBILENET_V1, "56 ms"), Work(int8_models.MOBILENET_V2, "100 Mcycles"),
            Work(int8_models.RESNET_50, "290 ms, 0.8 of ONNX Runtime"),
            Work(int8_models.YOLOX_NANO)]


@dataclass
class Count:
    """What a runner took for a piece of work."""
    insns: int
    cycles: int
    form: str = ""


def milliseconds(cycles):
    """Of a board's four cores."""
    return cycles * OPTIMISM / (MHZ * 1e3 * CORES)


class Tools:
    """Where the programs are, and why one is not there."""

    def __init__(self, arguments):
        self.plugin = bench_a53.place("ZURT_A53", "build/test/bench/a53/a53.so")
        self.root = bench_a53.place("ZURT_ARM64_ROOT", "build/arm64/root")
        self.peers = bench_a53.place("ZURT_ARM64_PEERS", "build/arm64/peers")
        self.zurt = os.path.join(arguments.build, "apps/zurt/zurt")
        self.zurt_run = bench_a53.place("ZURT_A53_RUN", "build/arm64/zurt/bench/a53/a53_run")
        programs = os.path.dirname(self.zurt_run)
        self.xnnpack = os.path.join(programs, "a53_xnnpack")
        self.ort = os.path.join(programs, "a53_ort")
        self.ort_library = os.path.join(self.peers, "usr/lib/aarch64-linux-gnu/libonnxruntime.so")
        self.missing = {}
        for peer, program in zip(PEERS, (self.xnnpack, self.ort)):
            if not os.path.exists(os.path.join(self.peers, "complete")):
                self.missing[peer] = f"no {self.peers}: scripts/arm64-peers makes it"
            elif not os.path.exists(program):
                self.missing[peer] = f"no {program}: configure and build the arm64 tree again"

    def versions(self):
        """Of the peers, as scripts/arm64-peers wrote them."""
        if len(self.missing) == len(PEERS):
            return ""
        with open(os.path.join(self.peers, "versions"), encoding="utf-8") as f:
            return "".join(f", {line.strip()}" for line in f)


class Memory:
    """Counts of programs on files, kept by the hashes of both."""

    def __init__(self, path, plugin):
        self.path, self.plugin = path, plugin
        self.counts, self.hashes = {}, {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                self.counts = json.load(f)

    def hash(self, path):
        if path not in self.hashes:
            with open(path, "rb") as f:
                self.hashes[path] = hashlib.sha256(f.read()).hexdigest()
        return self.hashes[path]

    def steps(self, program, root, offline=False):
        """[(operator, multiply-accumulates, instructions, cycles)] of a program's second run."""
        key = " ".join(self.hash(p) for p in [self.plugin, *program])
        if key not in self.counts:
            lines, intervals = bench_a53.run(self.plugin, program, root, offline=offline)
            first = int(lines[0])
            self.counts[key] = [(*line.split("\t")[:2], *interval)
                                for line, interval in zip(lines[1:], intervals[first:])]
            with open(self.path + ".new", "w", encoding="utf-8") as f:
                json.dump(self.counts, f)
            os.replace(self.path + ".new", self.path)
        return [(op, int(macs), insns, cycles) for op, macs, insns, cycles in self.counts[key]]


def counted(steps, form=""):
    return Count(sum(s[2] for s in steps), sum(s[3] for s in steps), form)


def make_models(work, arguments, tools):
    """(Files of a piece of work, its multiply-accumulates); None without its model."""
    import networks
    import onnx
    if work.layer:
        path = work.network.path.format(folder=arguments.folder)
        networks.write_layer(path, work.layer)
    else:
        path = int8_models.float_model(work.network, arguments.data, arguments.folder)
    if not path:
        return None
    stem = int8_models.stem_of(path, arguments.folder)
    if work.is_float:
        files = {"zurt": stem + ".zurt"}
        int8_models.run([tools.zurt, "compile", path, *work.network.options, "--keep-float", "layer",
                         "--io", "float", "-o", files["zurt"], "--force", "--quiet"])
    else:
        files = int8_models.quantised(tools.zurt, work.network, path, arguments.data,
                                      arguments.folder)
    description = networks.Description(onnx.load(path), work.is_float)
    files |= {"float": path, "network": stem + ".txt"}
    with open(files["network"], "w", encoding="ascii") as f:
        f.write(description.text())
    return files, description.macs


def measure(work, files, tools, memory):
    """Runner -> Count."""
    steps = memory.steps([tools.zurt_run, files["zurt"]], tools.root)
    # a layer alone is between changes of layout, which it is not in a network
    counts = {"zurt": counted([s for s in steps if s[1]] if work.layer else steps)}
    if "XNNPACK" not in tools.missing:
        counts["XNNPACK"] = counted(memory.steps([tools.xnnpack, files["network"]], tools.peers))
    if "ONNX Runtime" not in tools.missing:
        forms = ["float"] if work.is_float else ["s8", "u8"]
        found = [counted(memory.steps([tools.ort, tools.ort_library, files[f]], tools.peers,
                                      offline=True), f) for f in forms]
        counts["ONNX Runtime"] = min(found, key=lambda c: c.cycles)
    return counts


COUNTS = ["Mcycles", "MAC/cycle"]
PEER_HEADER = [h for peer in PEERS for h in (f"{peer} Minsn", *COUNTS, "ratio")]
LAYER_HEADER = ["layer", "MMAC", "zurt Minsn", *COUNTS, *PEER_HEADER, "aim"]
NETWORK_HEADER = ["network", "MMAC", "zurt Minsn", *COUNTS, "ms", *PEER_HEADER, "aim"]


def cells(work, macs, counts):
    """A line of a table."""
    def three(count):
        return [f"{count.insns / 1e6:.1f}", f"{count.cycles / 1e6:.1f}",
                f"{macs / count.cycles:.2f}"]

    ours = counts["zurt"]
    line = [work.name, f"{macs / 1e6:.1f}", *three(ours)]
    if not work.layer:
        line.append(f"{milliseconds(ours.cycles):.0f}")
    for peer in PEERS:
        if peer in counts:
            line += [*three(counts[peer]), f"{ours.cycles / counts[peer].cycles:.2f}"]
            if counts[peer].form in ("s8", "u8"):
                line[-4] += f" ({counts[peer].form})"
        else:
            line += ["-"] * 4
    return [*line, work.aim]


def print_line(line):
    widths = [31, 8, 12, 10, 11] + ([6] if len(line) == len(NETWORK_HEADER) else [])
    widths += [15, 9, 11, 7] * len(PEERS) + [1]
    print("".join(f"{c:{w}}" for c, w in zip(line, widths)).rstrip(), flush=True)


def table(header, pieces, arguments, tools, memory):
    """Measures, prints and returns the lines of all pieces of work."""
    print_line([h.replace("ONNX Runtime", "ORT") for h in header])
    lines = []
    for work in pieces:
        made = make_models(work, arguments, tools)
        if not made:
            print(f"{work.name}: skipped: no {work.network.path.format(data=arguments.data)}")
            continue
        files, macs = made
        lines.append(cells(work, macs, measure(work, files, tools, memory)))
        print_line(lines[-1])
    return lines


def conditions(tools):
    return f"zurt {int8_models.commit_of_library()}{tools.versions()}"


def update(tables, tools):
    with open(DOC, encoding="utf-8") as f:
        text = f.read()
    text = doc_tables.with_tables(text, {
        name: f"{conditions(tools)}\n\n{doc_tables.markdown(header, lines)}"
        for name, (header, lines) in tables.items()})
    with open(DOC, "w", encoding="utf-8") as f:
        f.write(text)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=os.path.join(SOURCE, "build/test"),
                        help="a build of the zurt command (default build/test)")
    parser.add_argument("--data", default=os.environ.get("ZURT_DATA", SOURCE + "/../shared/data"))
    parser.add_argument("--folder", default=os.path.join(SOURCE, "build/bench/a53"),
                        help="where models and counts are kept (default build/bench/a53)")
    parser.add_argument("--only", default="", help="parts of names, with semicolons between")
    parser.add_argument("--update", action="store_true",
                        help="write the tables of docs/performance-cpu.md")
    return parser.parse_args()


def main():
    arguments = parse()
    if not bench_a53.qemu_with_plugins():
        sys.exit("compare_a53: qemu-aarch64 with plugins is missing: apt-get install qemu-user")
    os.makedirs(arguments.folder, exist_ok=True)
    tools = Tools(arguments)
    for peer, reason in tools.missing.items():
        print(f"without {peer}: {reason}")
    print(conditions(tools))
    memory = Memory(os.path.join(arguments.folder, "counts.json"), tools.plugin)
    wanted = [w.strip().lower() for w in arguments.only.split(";")]
    tables = {}
    for name, header, pieces in (("a53_layers", LAYER_HEADER, layers()),
                                 ("a53_networks", NETWORK_HEADER, NETWORKS)):
        pieces = [p for p in pieces if any(w in p.name.lower() for w in wanted)]
        if pieces:
            tables[name] = header, table(header, pieces, arguments, tools, memory)
    if arguments.update:
        update(tables, tools)
    return 0


if __name__ == "__main__":
    sys.exit(main())
