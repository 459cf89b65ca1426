#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of a step's fields in docs/engine.md, from runtime/isa/zk_fields.h.

scripts/step_table.py [--check]      --check: fails if it is another than in the document
"""
import re
import sys
from pathlib import Path

from doc_tables import markdown, with_tables

ROOT = Path(__file__).resolve().parent.parent
DOC = ROOT / "docs/engine.md"

# What the fields of a unit are for.
UNITS = {
    "": "what; the trip count; where its taps and tables are; what is summed: K = n_taps * n_icb, "
        "icb outermost; for how many blocks",
    "walk": "which pixels, in what order",
    "in": "padding predicate and value; input addresses; DW_ROW",
    "out": "values of the result; where it goes in the scratchpad",
    "res": "residual",
    "load": "ring words to absorb, words to load",
    "store": "results to store",
    "move": "products of the others, so that the engine multiplies none: counts of a group, what a "
            "move to the next one adds, lane 0 at a block's start",
}


def fields():
    """(unit, name, bits, whether signed, first bit) of each field, in order."""
    text = (ROOT / "runtime/isa/zk_fields.h").read_text()
    names = dict(re.findall(r"#define (ZK_\w+_BITS) (\d+)", text))
    at = 0
    for name, bits, is_signed in re.findall(r"F\(([a-z_.]+), (\w+), ([01])\)", text):
        unit, _, field = name.rpartition(".")
        bits = int(names.get(bits, bits))
        yield unit, field, bits, is_signed == "1", at
        at += bits


def table():
    """A line a unit."""
    rows = list(fields())
    lines = []
    for unit, meaning in UNITS.items():
        mine = [r for r in rows if r[0] == unit]
        said = ", ".join(f"{name} {'s' if is_signed else ''}{bits}"
                         for _, name, bits, is_signed, _ in mine)
        lines.append([f"`{unit}`" if unit else "", str(mine[0][4]), said, meaning])
    end = rows[-1][4] + rows[-1][2]
    lines.append(["", str(end), "", f"end: {-(-end // 128)} words"])
    return markdown(["unit", "first bit", "fields, with their bits (s: signed)", "meaning"], lines)


def main():
    text = DOC.read_text()
    new = with_tables(text, {"step": table()})
    if "--check" not in sys.argv:
        DOC.write_text(new)
    elif new != text:
        print("the fields of a step in docs/engine.md are out of date: scripts/step_table.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
