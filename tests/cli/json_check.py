#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""json_check.py FILE EXPRESSION...: FILE holds one JSON object with "schema": 1; with it as `o`
every Python expression must be true."""
import json
import math
import sys


def refuse_constant(text):
    raise ValueError(f"{text} is not JSON")


with open(sys.argv[1], encoding="utf-8") as file:
    o = json.load(file, parse_constant=refuse_constant)
failed = [] if isinstance(o, dict) and o.get("schema") == 1 else ["schema is 1"]
for expression in sys.argv[2:]:
    try:
        good = eval(expression, {"o": o, "math": math})
    except (KeyError, IndexError, TypeError) as error:
        good = False
        expression = f"{expression}: {error!r}"
    if not good:
        failed.append(expression)
if failed:
    print(json.dumps(o, indent=1)[:4000], file=sys.stderr)
    for expression in failed:
        print(f"does not hold: {expression}", file=sys.stderr)
    sys.exit(1)
