#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what of these scripts can be checked without Vitis: make's recipes for every board and
target, run_hls.tcl under a plain tclsh with stand-ins for the tool's commands, the connectivity
against the kernel's arguments, shell.json.

Usage: check_scripts.py
Exit 77, skipped, where there is no tclsh and all else is well.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINE = os.path.join(HERE, "..", "engine")
BOARDS = {"kv260": "xck26", "zcu104": "xczu7ev"}
TARGETS = {  # target -> what its recipe must run
    "hls-lint": ["scripts/hls_lint"],
    "csim": ["ZK_STAGE=csim", "run_hls.tcl"],
    "csynth": ["ZK_STAGE=csynth", "run_hls.tcl"],
    "cosim": ["ZK_STAGE=cosim", "run_hls.tcl"],
    "link": ["v++ --link -t hw", "--kernel_frequency", "connectivity_"],
    "package": ["USER_METADATA:RAW:", "BITSTREAM:RAW:", "bootgen", "createdts", "dtc -@",
                "shell.json"],
}
COMMANDS = """open_project set_top add_files open_solution set_part create_clock
set_clock_uncertainty config_interface config_compile csim_design csynth_design cosim_design
export_design"""
STAGES = {"csim": ["csim_design"], "csynth": ["csynth_design", "export_design"],
          "cosim": ["csynth_design", "cosim_design"]}

failures = []


def expect(true, what):
    if not true:
        failures.append(what)


def check_make(board, folder):
    caps = os.path.join(folder, "caps")
    with open(caps, "w", encoding="ascii"):
        pass
    for target, parts in TARGETS.items():
        command = ["make", "-n", "-C", HERE, f"BOARD={board}", f"BUILD={folder}", f"CAPS={caps}",
                   "PLATFORM=some.xpfm", "RQ=4", target]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        expect(run.returncode == 0, f"make {target} for {board}: {run.stderr.strip()}")
        for part in parts:
            expect(part in run.stdout, f"make {target} for {board} does not run {part}")
    run = subprocess.run(["make", "-n", "-C", HERE, "BOARD=zedboard", "csim"], capture_output=True,
                         check=False)
    expect(run.returncode != 0, "make takes a board that does not exist")


def check_tcl(board, stage, folder):
    """The stage's calls, in order, as `command arguments`."""
    script = "".join(f"proc {c} {{args}} {{ puts [concat {c} $args] }}\n" for c in COMMANDS.split())
    script += f"source {os.path.join(HERE, 'run_hls.tcl')}\n"
    env = dict(os.environ, ZK_BOARD=board, ZK_STAGE=stage, ZK_MHZ="250", ZK_RQ="4", ZK_BUILD=folder)
    run = subprocess.run(["tclsh"], input=script, env=env, capture_output=True, text=True,
                         check=False)
    what = f"run_hls.tcl {stage} for {board}"
    expect(run.returncode == 0 and not run.stderr, f"{what}: {run.stderr.strip()}")
    calls = run.stdout.splitlines()
    expect(f"set_top zk_engine_{board}" in calls, f"{what}: its top")
    expect(any(c.startswith("set_part " + BOARDS[board]) for c in calls), f"{what}: its part")
    expect("create_clock -period 250MHz -name default" in calls, f"{what}: its clock")
    done = [c.split()[0] for c in calls if re.match(r"(csim|csynth|cosim|export)_design", c)]
    expect(done == STAGES[stage], f"{what} runs {done}")
    for call in (c for c in calls if c.startswith("add_files")):
        source = next(word for word in call.split() if word.endswith(".c"))
        expect(os.path.exists(source), f"{what}: no file {source}")
        expect("-DZK_RQ=4" in call, f"{what}: {source} without RQ")
        expect(("-DZK_ZCU104" in call) == (board == "zcu104"), f"{what}: {source}'s board")
    # An unknown stage is an error, not a silent success.
    env["ZK_STAGE"] = "synth"
    run = subprocess.run(["tclsh"], input=script, env=env, capture_output=True, text=True,
                         check=False)
    expect("not csim, csynth or cosim" in run.stderr, "run_hls.tcl takes any stage")


def check_connectivity(board):
    with open(os.path.join(ENGINE, "zk_engine.h"), encoding="ascii") as f:
        declared = re.search(r"void ZK_NAME\(engine\)\((.*?)\);", f.read(), re.S).group(1)
    pointers = {re.search(r"\*(\w+)", p).group(1) for p in declared.split(",") if "*" in p}
    with open(os.path.join(HERE, f"connectivity_{board}.cfg"), encoding="ascii") as f:
        text = f.read()
    ports = dict(re.findall(r"^sp=zk_engine_1\.(\w+):(\w+)$", text, re.M))
    expect(f"nk=zk_engine_{board}:1:zk_engine_1" in text, f"connectivity of {board}: its kernel")
    expect(set(ports) == pointers, f"connectivity of {board}: {sorted(ports)}")
    expect(ports.get("act_r") == ports.get("act_w"), f"connectivity of {board}: one bundle, two ports")
    expect(len(set(ports.values())) == 6, f"connectivity of {board}: {sorted(ports.values())}")


def main():
    with open(os.path.join(HERE, "shell.json"), encoding="ascii") as f:
        shell = json.load(f)
    expect(shell == {"shell_type": "XRT_FLAT", "num_slots": "1"}, "shell.json")
    tcl = shutil.which("tclsh")
    with tempfile.TemporaryDirectory() as folder:
        for board in BOARDS:
            check_make(board, folder)
            check_connectivity(board)
            for stage in STAGES if tcl else []:
                check_tcl(board, stage, folder)
    print("\n".join(failures) or "the scripts of kernels-hls/vitis hold together")
    if failures:
        return 1
    if not tcl:
        print("skipped: no tclsh, so run_hls.tcl was not run")
    return 0 if tcl else 77


if __name__ == "__main__":
    sys.exit(main())
