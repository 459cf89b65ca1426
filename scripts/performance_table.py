#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/performance.md, and its verdict in two other pages, from the step lists
that the code generator emits.

scripts/performance_table.py [TOOL] [--check]

TOOL: the program model_performance of the tests; without it, it is built in build/performance.
--check: fails if a table in the document is another. Only what stands between the markers
`<!-- table: NAME -->` and `<!-- end -->` is touched.
"""
import json
import subprocess
import sys
import textwrap
from pathlib import Path

from doc_tables import markdown, with_tables

ROOT = Path(__file__).resolve().parent.parent
DOC = ROOT / "docs/performance.md"
ALSO = [ROOT / "README.md", ROOT / "docs/engine.md"]  # the verdict alone
BOARDS = {"kv260": "KV260", "zcu104": "ZCU104"}
FIRST_LIGHT = 150  # MHz
CLOCKS = (150, 200, 250, 300)
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


def throughput(get):
    rows = []
    for network in NETWORKS:
        for board in BOARDS:
            m = get(network, board)
            dpu = DPU[network][board]
            rows.append([network, BOARDS[board], f"{m['fps']:.1f}", f"{1000 / m['fps']:.2f}",
                         f"{m['cycles']:,}", f"{100 * m['utilisation']:.1f} %",
                         f"{m['ddr_bytes'] / 1e6:.1f}", f"{dpu:.1f}", times(m["fps"] / dpu)])
    return markdown(["network", "board", "modelled fps", "modelled ms", "cycles", "of the array",
                  "DDR, MB a frame", "DPU, measured fps", "ratio"], rows)


def times(ratio):
    """Cut off, not rounded: what is below 1 never reads 1.00."""
    return f"{int(100 * ratio) / 100:.2f}"


def verdict(get, planned):
    """What loses to the DPU at the planned clock, and what does not."""
    sides = {"loses to": [], "wins against": []}
    for network in NETWORKS:
        ratios = {name: get(network, board)["fps"] / DPU[network][board]
                  for board, name in BOARDS.items()}
        for side, lost in zip(sides, (True, False)):
            here = [f"{name} {times(ratio)}" for name, ratio in ratios.items()
                    if (ratio < 1) == lost]
            sides[side] += [f"{network} ({', '.join(here)})"] if here else []
    said = [f"{side} AMD's DPU with {', '.join(names)}" for side, names in sides.items() if names]
    text = (f"**At the planned clock of {planned} MHz the modelled engine {'; it '.join(said)}**, in "
            "times of the DPU's frames a second.")
    return textwrap.fill(text, 100, break_on_hyphens=False)


def clocks(get, lowest):
    rows = []
    for network in NETWORKS:
        for board in BOARDS:
            even = lowest(board, network)
            rows.append([network, BOARDS[board]]
                        + [f"{get(network, board, mhz)['fps']:.1f}" for mhz in CLOCKS]
                        + [f"{even} MHz" if even else "above 1000 MHz", f"{DPU[network][board]:.1f}"])
    return markdown(["network", "board", *(f"modelled fps at {mhz} MHz" for mhz in CLOCKS),
                  "break-even with the DPU", "DPU, measured fps"],
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
    return markdown(["network", "KV260, 32: modelled fps", "64", "gain", "ZCU104, 48: modelled fps",
                  "64", "gain"],
                 rows)


def narrow(get, planned):
    rows = []
    for network in NETWORKS:
        full, half = get(network, "kv260"), get(network, "first-light")
        first = get(network, "first-light", FIRST_LIGHT)
        rows.append([network, f"{full['fps']:.1f}", f"{half['fps']:.1f}",
                     f"{100 * half['fps'] / full['fps']:.0f} %", f"{first['fps']:.1f}"])
    return markdown(["network", f"KV260, 2048 products: modelled fps at {planned} MHz",
                  f"1024 at {planned} MHz", "of it", f"1024 at {FIRST_LIGHT} MHz"], rows)


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
    widths["first-light"] = widths["kv260"]

    # The wide requantiser is modelled at the clock of the built-in tables alone: the planned one.
    planned, = {r["mhz"] for r in rows if r["requant"] == max(widths[r["board"]])}

    def get(network, board, mhz=planned, wide=False):
        want = max(widths[board]) if wide else min(widths[board])
        return next(r for r in rows if r["network"] == network and r["board"] == board
                    and r["mhz"] == mhz and r["requant"] == want)

    def lowest(board, network):
        fps = str(DPU[network][board])
        out = subprocess.run([tool, board, network, fps], capture_output=True, text=True,
                             check=True)
        return int(out.stdout)

    tables = {"verdict": verdict(get, planned), "throughput": throughput(get), "clocks": clocks(get, lowest),
              "requantiser": requantiser(get), "narrow": narrow(get, planned)}
    wrong = [page for page in [DOC, *ALSO]
             if put(page, tables if page == DOC else {"verdict": tables["verdict"]})]
    if wrong:
        print("If that is meant: scripts/performance_table.py")
    return 1 if wrong else 0


def put(page, tables):
    """Writes the tables of a page, or with --check says what is another. True if so."""
    text = page.read_text()
    new = with_tables(text, tables)
    if "--check" not in sys.argv:
        page.write_text(new)
        return False
    if new != text:
        changed = [line for line in new.splitlines() if line not in text.splitlines()]
        print(f"{page.relative_to(ROOT)} is out of date, e.g.\n  " + "\n  ".join(changed[:5]))
    return new != text


if __name__ == "__main__":
    sys.exit(main())
