#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/models.md: every model of $ZURT_DATA/onnx.

scripts/model_table.py ZURT [--pl | --check]      ZURT: the command to use

--pl: the tables of what runs on the PL alone, which take seconds. --check: fails if one of those is
another than in the document; exit 77 without the models. The table of the compiler is from runs on
this machine. Only what stands between the markers `<!-- table: NAME -->` and `<!-- end -->` is
touched.
"""
import array
import glob
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from doc_tables import with_tables

DOC = Path(__file__).resolve().parent.parent / "docs/models.md"
BOARDS = {"kv260": "KV260", "zcu104": "ZCU104"}
DATA = os.environ.get("ZURT_DATA", "../shared/data")
IMAGENET = "0.485/0.229,0.456/0.224,0.406/0.225"

# Real samples to calibrate with where there are any; else the golden input.
SAMPLES = {
    "lenet_mnist": (f"idx:{DATA}/mnist/train-images-idx3-ubyte.gz,"
                    f"{DATA}/mnist/train-labels-idx1-ubyte.gz",
                    ["--input-norm", ".1307/.3081"]),
    "mnist_sm_keras": (f"idx:{DATA}/mnist/train-images-idx3-ubyte.gz,"
                       f"{DATA}/mnist/train-labels-idx1-ubyte.gz",
                       []),
    "mobilenetv2_1.0_224_float_deq": (f"dir:{DATA}/imagenet_samples",
                                      ["--input-norm", IMAGENET, "--samples", "40"]),
    "mobilenetv2_1.0_224_dynint8": (f"dir:{DATA}/imagenet_samples",
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


def compiler_row(zurt, model, folder):
    name = os.path.basename(model)[:-len(".onnx")]
    extra = EXTRA.get(name, [])
    int8 = os.path.join(folder, f"{name}.zurt")
    cases = [c[:-len(".in.f32")] for c in sorted(glob.glob(f"{DATA}/golden/{name}.*.in.f32"))]
    golden = f"raw:{cases[0]}.in.f32" if cases else NOISE.get(name, "random:2")
    calib, norm = SAMPLES.get(name, (golden, []))
    made = run(zurt, "compile", model, "--calib", calib, "-o", int8, "--force", "--json", "--quiet",
               *norm, *extra)
    error = max((float_error(zurt, model, c, extra, folder) for c in cases), default=None)
    bench = [run(zurt, "bench", m, "--threads", "1", "--seconds", "1", "--json", *extra)
             for m in (model, int8)]
    ms = [f"{b['latency_ns']['p50'] * 1e-6:.1f}" for b in bench]
    return (f"| {name} | {made['source_nodes']} | {made['nodes']} | {made['float_nodes']} "
            f"| {'-' if error is None else f'{error:.1e}'} "
            f"| {made['bytes']} | {made['ratio']:.3f} | {ms[0]} | {ms[1]} |")


def compiler_table(zurt, models):
    lines = [f"Machine: {platform.machine()}, {os.cpu_count()} cores, one thread used, int8 on the "
             "CPU back end.\n",
             "| model | nodes in file | nodes int8 | of them float | float error "
             "| bytes | of the ONNX | float ms | int8 ms |",
             "|---" * 9 + "|"]
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            lines.append(compiler_row(zurt, model, folder))
            print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


def share(totals):
    """In per cent, never rounded up to 100."""
    percent = 100 * totals["pl_macs"] / totals["macs"]
    return "100 %" if percent == 100 else f"{int(10 * percent) / 10} %"


def coverage_table(plans):
    lines = ["| model | MMAC | on the PL: KV260 | ZCU104 | launches: KV260 | ZCU104 "
             "| nodes on the CPU: KV260 | ZCU104 | PL ms: KV260 | ZCU104 "
             "| a run, ms: KV260 | ZCU104 | of it on the PL: KV260 | ZCU104 |",
             "|---" * 14 + "|"]
    for name, plan in plans.items():
        totals = [plan[board]["totals"] for board in BOARDS]
        columns = [name, f"{totals[0]['macs'] / 1e6:.2f}"]
        columns += [share(t) for t in totals] + [str(t["launches"]) for t in totals]
        columns += [f"{t['cpu_nodes']} of {len(plan[b]['nodes'])}" for b, t in zip(BOARDS, totals)]
        columns += [f"{t['pl_ms']:.2f}" for t in totals]
        columns += [f"{t['ms_low']:.2f} to {t['ms_high']:.2f}" for t in totals]
        columns += [f"{100 * t['pl_time_share']:.1f} %" for t in totals]
        lines.append("| " + " | ".join(columns) + " |")
    return "\n".join(lines)


def on_cpu(plan, board):
    """{(op, reason): [names]} of the nodes that stay on the CPU."""
    found = {}
    for node in plan["nodes"]:
        if node["device"] != "pl":
            reason = node["reason"].replace(f"'{board}'", "the board")
            found.setdefault((node["op"], reason), []).append(node["name"])
    return found


def reasons(plans):
    """Per model: op, nodes, reason; where the boards differ, which board."""
    lines = []
    for name, plan in plans.items():
        lists = {b: on_cpu(plan[b], b) for b in BOARDS}
        lines += [f"### {name}", ""]
        if not any(lists.values()):
            lines += ["Every node runs on the PL.", ""]
            continue
        for key in dict.fromkeys(k for b in BOARDS for k in lists[b]):
            same = lists["kv260"].get(key) == lists["zcu104"].get(key)
            for board in ["kv260"] if same else [b for b in BOARDS if key in lists[b]]:
                nodes = ", ".join(f"`{n}`" for n in lists[board][key])
                where = "" if same else f" ({BOARDS[board]} alone)"
                lines.append(f"- {key[0]}{where}: {key[1]}. {nodes}")
        lines.append("")
    return "\n".join(lines).rstrip()


def pl_tables(zurt, models):
    plans = {}
    for model in models:
        name = Path(model).stem
        plans[name] = {board: run(zurt, "inspect", model, "--board", board, "--json",
                                  *EXTRA.get(name, [])) for board in BOARDS}
    return {"coverage": coverage_table(plans), "reasons": reasons(plans)}


def main():
    zurt = sys.argv[1]
    models = sorted(glob.glob(f"{DATA}/onnx/*.onnx"))
    if not models:
        print(f"skipped: no models in {DATA}/onnx")
        return 77
    tables = pl_tables(zurt, models)
    if len(sys.argv) == 2:
        tables["compiler"] = compiler_table(zurt, models)
    text = DOC.read_text()

    new = with_tables(text, tables)
    if "--check" not in sys.argv:
        DOC.write_text(new)
    elif new != text:
        changed = [line for line in new.splitlines() if line not in text.splitlines()]
        print("docs/models.md is out of date, e.g.\n  " + "\n  ".join(changed[:5])
              + f"\nIf that is meant: scripts/model_table.py {zurt} --pl")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
