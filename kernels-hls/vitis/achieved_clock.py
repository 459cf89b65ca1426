#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the clock in MHz that the tools gave the kernel, from an xclbin's CLOCK_FREQ_TOPOLOGY.

Usage: achieved_clock.py ASKED_MHZ FILE.json

FILE.json: what `xclbinutil --dump-section CLOCK_FREQ_TOPOLOGY:JSON:FILE.json` writes. A clock that
was missed by more than 1 % is said on stderr. Exit 1 if there is no clock of kernels.
"""
import json
import sys


def main(argv):
    if len(argv) != 3:
        print(__doc__.split("\n")[2], file=sys.stderr)
        return 2
    with open(argv[2], encoding="utf-8") as f:
        clocks = json.load(f)["clock_freq_topology"]["m_clock_freq"]
    kernels = [int(c["m_freq_Mhz"]) for c in clocks if c["m_type"] == "DATA"]
    if not kernels or kernels[0] < 1:
        print(f"achieved_clock: {argv[2]} names no clock of type DATA", file=sys.stderr)
        return 1
    asked = int(argv[1])
    if abs(kernels[0] - asked) * 100 > asked:
        print(f"achieved_clock: {kernels[0]} MHz reached, {asked} asked for", file=sys.stderr)
    print(kernels[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
