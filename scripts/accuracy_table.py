#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/accuracy.md from what the tests of accuracy print.

scripts/accuracy_table.py BUILD [--check]      BUILD: a build folder, with tests in it

--check: fails if a table is another than in the document. Exit 77 without $ZURT_DATA. Takes some
minutes; wants numpy and pillow (scripts/held_out.py). Only what stands between the markers
`<!-- table: NAME -->` and `<!-- end -->` is touched.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

import held_out
from doc_tables import markdown, with_tables

DOC = Path(__file__).resolve().parent.parent / "docs/accuracy.md"
DATA = os.environ.get("ZURT_DATA", "../shared/data")

METHOD = ["method", "weight scale per"]
TABLES = {  # the test that prints the rows, their heading; what follows it is not reproducible
    "mnist": ("test_accuracy_mnist",
              METHOD + ["int8", "predictions changed of 10,000", "output SQNR, dB"]),
    "imagenet": ("test_accuracy_imagenet",
                 METHOD + ["same class as float", "right", "output SQNR, dB"]),
    "keep": ("test_accuracy_models", ["model", "in float", "output SQNR, dB"]),
}


def rows(text, width):
    """The rows of a test's output with so many cells, or one more: the time."""
    found = []
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if not line.startswith("| ") or len(cells) - cells[-1].endswith(" s") != width:
            continue
        cells = cells[:width]
        ends = re.fullmatch(r"(-?[\d.]+) to (-?[\d.]+)", cells[-1])
        if ends and ends[1] == ends[2]:
            cells[-1] = ends[1]
        found.append(cells)
    return found


def table(text, heading):
    lines = rows(text, len(heading))
    if not lines:
        raise SystemExit(f"no rows of: {', '.join(heading)}")
    return markdown(heading, lines)


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    if not os.path.isdir(os.path.join(DATA, "onnx")):
        print("no models: set ZURT_DATA")
        return 77
    tests = Path(arguments[0]) / "tests/golden"
    printed = {}
    for program, _ in TABLES.values():
        if program in printed:
            continue
        result = subprocess.run([tests / program], capture_output=True, text=True, check=False,
                                env={**os.environ, "ZURT_DATA": str(Path(DATA).resolve())})
        if result.returncode:
            raise SystemExit(f"{program} fails:\n{result.stdout}{result.stderr}")
        printed[program] = result.stdout + result.stderr
    before = DOC.read_text()
    made = {name: table(printed[program], heading) for name, (program, heading) in TABLES.items()}
    held = [held_out.row(str(Path(arguments[0]) / "apps/zurt/zurt"), m) for m in held_out.MODELS]
    made["held_out"] = markdown(held_out.HEADING, held)
    after = with_tables(before, made)
    if "--check" in sys.argv and before != after:
        print(f"{DOC.name} is out of date: scripts/accuracy_table.py BUILD writes it")
        return 1
    DOC.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
