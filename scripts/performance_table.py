#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/performance.md from the step lists that the code generator emits.

scripts/performance_table.py [TOOL] [--check]

TOOL: the program model_performance of the tests; without it, it is built in build/performance.
--check: fails if a table in the document is another. Only what stands between the markers
`<!-- table: NAME -->` and `<!-- end -->` is touched.
"""
import json
import subprocess
import sys
from pathlib import Path

from doc_tables import with_tables

ROOT = Path(__file__).resolve().parent.parent
DOC = ROOT / "docs/performance.md"
BOARDS = {"kv260": "KV260", "zcu104": "ZCU104"}
NETWORKS = ["ResNet-50 v1", "ResNet-50 v1.5", "MobileNetV2", "YOLOv3-tiny 416", "VGG-16"]

# AMD's published frames per second, end to end with many threads: Vitis AI 3.0 model zoo
# (tf2_resnet50, pt_resnet50, tf_mobilenetv2_1.0, tf_vgg16), 2.0 for the YOLO.
DPU = {
    "ResNet-50 v1": {"kv260": 100.1, "zcu104": 182.5},
    "ResNet-50 v1.5": {"kv260": 89.3, "zcu104": 161.9},
    "MobileNetV2": {"kv260": 338.1, "zcu104": 621.0},
    "YOLOv3-tiny 416": {"kv260": 165.8, "zcu104": 329.2},
    "VGG-16": {"kv260": 22.0, "zcu104": 38.4},
}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def throughput(get):
    rows = []
    for network in NETWORKS:
        for board in BOARDS:
            m = get(network, board)
            dpu = DPU[network][board]
            rows.append([network, BOARDS[board], f"{m['fps']:.1f}", f"{1000 / m['fps']:.2f}",
                         f"{m['cycles']:,}", f"{100 * m['utilisation']:.1f} %",
                         f"{m['ddr_bytes'] / 1e6:.1f}", f"{dpu:.1f}", f"{m['fps'] / dpu:.2f}"])
    return table(["network", "board", "modelled fps", "modelled ms", "cycles", "of the array",
                  "DDR, MB a frame", "DPU, measured fps", "ratio"], rows)


def clocks(get, lowest):
    rows = []
    for network in NETWORKS:
        for board in BOARDS:
            even = lowest(board, network)
            rows.append([network, BOARDS[board]]
                        + [f"{get(network, board, mhz)['fps']:.1f}" for mhz in (300, 250, 200)]
                        + [f"{even} MHz" if even else "above 1000 MHz"])
    return table(["network", "board", "modelled fps at 300 MHz", "250 MHz", "200 MHz",
                  "break-even with the DPU"],
                 rows)


def requantiser(get):
    rows = []
    for network in NETWORKS:
        row = [network]
        for board in BOARDS:
            m, wide = get(network, board), get(network, board, wide=True)
            row += [f"{m['fps']:.1f}", f"{wide['fps']:.1f}",
                    f"+{100 * (wide['fps'] / m['fps'] - 1):.1f} %"]
        rows.append(row)
    return table(["network", "KV260, 32: modelled fps", "64", "gain", "ZCU104, 48: modelled fps",
                  "64", "gain"],
                 rows)


def build_tool():
    build = ROOT / "build/performance"
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja",
                    "-DCMAKE_BUILD_TYPE=Release"], check=True, stdout=sys.stderr)
    subprocess.run(["cmake", "--build", build, "--target", "model_performance"], check=True,
                   stdout=sys.stderr)
    return build / "tests/model_performance"


def main():
    given = [a for a in sys.argv[1:] if a != "--check"]
    tool = given[0] if given else build_tool()
    lines = subprocess.run([tool], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    widths = {b: {r["requant"] for r in rows if r["board"] == b} for b in BOARDS}

    def get(network, board, mhz=300, wide=False):
        want = max(widths[board]) if wide else min(widths[board])
        return next(r for r in rows if r["network"] == network and r["board"] == board
                    and r["mhz"] == mhz and r["requant"] == want)

    def lowest(board, network):
        fps = str(DPU[network][board])
        out = subprocess.run([tool, board, network, fps], capture_output=True, text=True,
                             check=True)
        return int(out.stdout)

    tables = {"throughput": throughput(get), "clocks": clocks(get, lowest),
              "requantiser": requantiser(get)}
    text = DOC.read_text()

    new = with_tables(text, tables)
    if "--check" not in sys.argv:
        DOC.write_text(new)
    elif new != text:
        changed = [line for line in new.splitlines() if line not in text.splitlines()]
        print("docs/performance.md is out of date, e.g.\n  " + "\n  ".join(changed[:5])
              + "\nIf that is meant: scripts/performance_table.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
