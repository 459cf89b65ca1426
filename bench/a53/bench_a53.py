#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Modelled Cortex-A53 cycles of .zurt models, one thread, layer by layer.

Usage: bench_a53.py [--layers] [--l2 BYTES] MODEL.zurt...

Builds nothing: $ZURT_A53 is the plugin (default build/test/bench/a53/a53.so), $ZURT_A53_RUN the
cross-built a53_run (default build/arm64/zurt/bench/a53/a53_run), $ZURT_ARM64_ROOT the root it runs
in (default build/arm64/root). docs/performance-cpu.md says what the cycles are worth.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def place(variable, default):
    return os.environ.get(variable, os.path.join(SOURCE, default))


def qemu_with_plugins():
    """The emulator's path, or None where there is none that takes plugins."""
    qemu = shutil.which("qemu-aarch64")
    if not qemu:
        return None
    text = subprocess.run([qemu, "-help"], capture_output=True, text=True).stdout
    return qemu if "-plugin" in text else None


def without_network():
    """What starts a program that may not reach a network, where that is possible."""
    prefix = ["unshare", "--net"]
    try:
        return prefix if not subprocess.run([*prefix, "true"], capture_output=True).returncode else []
    except FileNotFoundError:
        return []


def run(plugin, program, root=None, l2=None, offline=False):
    """Runs a program; the lines it writes, and (instructions, modelled cycles) of its intervals."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "intervals")
        options = f"{plugin},out={out}" + (f",l2={l2}" if l2 else "")
        # without address randomisation the caches behave alike in every run
        command = without_network() if offline else []
        command += ["setarch", "-R", qemu_with_plugins(), "-cpu", "cortex-a53"]
        command += ["-L", root] if root else []
        done = subprocess.run([*command, "-plugin", options, *program], stdout=subprocess.PIPE,
                              text=True)
        if done.returncode:
            sys.exit(done.returncode)
        with open(out, encoding="ascii") as f:
            rows = [tuple(map(int, line.split())) for line in f]
    # a program that waits for its threads leaves marks on one core alone
    cores = {row[0] for row in rows}
    if len(cores) != 1:
        sys.exit(f"bench_a53: marks on {len(cores)} cores")
    return done.stdout.splitlines(), [row[2:] for row in rows]


def model(path, arguments):
    lines, intervals = run(place("ZURT_A53", "build/test/bench/a53/a53.so"),
                           [place("ZURT_A53_RUN", "build/arm64/zurt/bench/a53/a53_run"), path],
                           place("ZURT_ARM64_ROOT", "build/arm64/root"), arguments.l2)
    first = int(lines[0])
    steps = [line.split("\t") for line in lines[1:]]
    counted = intervals[first:first + len(steps)]
    insns, cycles = (sum(c[k] for c in counted) for k in (0, 1))
    macs = sum(int(s[1]) for s in steps)
    if arguments.layers:
        print(f"{'Minsns':>9} {'Mcycles':>9} {'share':>6} {'MMAC':>9} {'MAC/c':>6}  operator  name")
        for (op, mac, name), (n, c) in zip(steps, counted):
            print(f"{n / 1e6:9.3f} {c / 1e6:9.3f} {100 * c / cycles:5.1f}% {int(mac) / 1e6:9.3f} "
                  f"{int(mac) / c:6.2f}  {op}  {name}")
    print(f"{os.path.basename(path)}: {insns / 1e6:.1f} M instructions, "
          f"{cycles / 1e6:.1f} M modelled cycles, {macs / 1e6:.1f} MMAC, "
          f"{macs / cycles:.2f} MAC per modelled cycle", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layers", action="store_true", help="a line for each step of the plan")
    parser.add_argument("--l2", type=int, help="bytes of the second-level cache (default 1 MiB)")
    parser.add_argument("models", nargs="+", metavar="MODEL.zurt")
    arguments = parser.parse_args()
    if not qemu_with_plugins():
        sys.exit("bench_a53: qemu-aarch64 with plugins is missing: apt-get install qemu-user")
    for path in arguments.models:
        model(path, arguments)


if __name__ == "__main__":
    main()
