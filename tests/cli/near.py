#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""near.py A.f32 B.f32 TOLERANCE: two files of floats, as many and nowhere further apart."""
import array
import sys

a, b = (array.array("f", open(path, "rb").read()) for path in sys.argv[1:3])
worst = max((abs(p - q) for p, q in zip(a, b)), default=0.0)
if len(a) != len(b) or not worst <= float(sys.argv[3]):
    sys.exit(f"{sys.argv[1]}: {len(a)} values, {sys.argv[2]}: {len(b)}; {worst} apart")
