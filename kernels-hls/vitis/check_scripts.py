#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what of these scripts can be checked without Vitis: make's recipes for every board and
target, run_hls.tcl under a plain tclsh with stand-ins for the tool's commands, the connectivity
against the kernel's arguments, shell.json, the options against options.md.

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
    "hls-lint": ["scripts/hls_lint", "scripts/hls_ports --board"],
    "csim": ["ZK_STAGE=csim", "run_hls.tcl"],
    "csynth": ["ZK_STAGE=csynth", "run_hls.tcl"],
    "cosim": ["ZK_STAGE=cosim", "run_hls.tcl"],
    "link": ["v++ --link -t hw", "--clock.freqHz 250000000:zk_engine_1", "connectivity_"],
    "package": ["USER_METADATA:RAW:", "BITSTREAM:RAW:", "CLOCK_FREQ_TOPOLOGY:JSON:",
                "achieved_clock.py", "make_caps", "bootgen", "firmware-name", "dtc -@", "shell.json"],
    "report": ["collect_report.sh"],
}
VENDOR = {"v++", "xclbinutil", "bootgen", "vitis_hls", "vivado", "createdts"}
COMMANDS = """open_project set_top add_files open_solution set_part create_clock
set_clock_uncertainty config_interface config_compile csim_design csynth_design cosim_design
export_design"""
STAGES = {"csim": ["csim_design"], "csynth": ["csynth_design", "export_design"],
          "cosim": ["csynth_design", "cosim_design"]}

failures = []


def expect(true, what):
    if not true:
        failures.append(what)


def documented():
    """(tool, option) of options.md."""
    with open(os.path.join(HERE, "options.md"), encoding="utf-8") as f:
        rows = re.findall(r"^\| ([\w+]+) \| (-[\w.-]+) \| (\S.*) \|$", f.read(), re.M)
    expect(all(re.match(r"UG\d+, \"", source) for _, _, source in rows),
           "options.md: an option without a document")
    return {(tool, option) for tool, option, _ in rows}


def used(text, tools):
    """(tool, option) of the commands of a recipe or a script."""
    found = set()
    for command in re.split(r"[;\n]|&&|\|\|", text.replace("\\\n", " ")):
        words = command.split()
        at = next((i for i, w in enumerate(words) if os.path.basename(w) in tools), None)
        if at is not None:
            found |= {(os.path.basename(words[at]), w) for w in words[at + 1:]
                      if re.match(r"-{1,2}[A-Za-z]", w)}
    return found


def check_options(text, tools, what):
    for tool, option in sorted(used(text, tools) - documented()):
        expect(False, f"{what}: {tool} {option} is not in options.md")


def check_make(board, folder):
    overlay = os.path.join(folder, "pl.dtbo")
    with open(overlay, "w", encoding="ascii"):
        pass
    for target, parts in TARGETS.items():
        command = ["make", "-n", "-C", HERE, f"BOARD={board}", f"BUILD={folder}", "MHZ=250",
                   f"OVERLAY={overlay}", "PLATFORM=some.xpfm", "RQ=4", target]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        expect(run.returncode == 0, f"make {target} for {board}: {run.stderr.strip()}")
        for part in parts:
            expect(part in run.stdout, f"make {target} for {board} does not run {part}")
        check_options(run.stdout, VENDOR, f"make {target}")
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
    # in braces: what is for the compiler or for the testbench
    check_options(re.sub(r"\{[^}]*\}", "", run.stdout), set(COMMANDS.split()), what)
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


def run_in(folder, *command, **more):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **more)


def check_first_light(folder):
    run = run_in(HERE, "make", "-n", "CONFIG=first-light", "PLATFORM=p.xpfm", "link")
    expect("--clock.freqHz 150000000:" in run.stdout and "ZK_CONFIG=first-light" in run.stdout,
           f"first-light: {run.stdout} {run.stderr}")
    run = run_in(HERE, "make", "-n", "CONFIG=first-light", "BOARD=zcu104", "link")
    expect(run.returncode != 0, "first-light takes zcu104")
    # A BUILD that is relative is one of the folder in which make was called.
    run = run_in(folder, "make", "-n", "-f", os.path.join(HERE, "Makefile"), "BUILD=here", "csim")
    expect(f"ZK_BUILD={os.path.realpath(folder)}/here" in run.stdout, f"BUILD: {run.stdout}")


def check_clock(folder):
    """The clock in the table is the one that was reached."""
    path = os.path.join(folder, "clocks.json")
    script = os.path.join(HERE, "achieved_clock.py")
    for freq, kind, status, out in (("187", "DATA", 0, "187\n"), ("200", "DATA", 0, "200\n"),
                                    ("200", "SYSTEM", 1, "")):
        with open(path, "w", encoding="ascii") as f:
            json.dump({"clock_freq_topology": {"m_count": "1", "m_clock_freq": [
                {"m_freq_Mhz": freq, "m_type": kind, "m_name": "clk"}]}}, f)
        run = run_in(folder, sys.executable, script, "200", path)
        expect((run.returncode, run.stdout) == (status, out), f"achieved_clock of {freq} {kind}")
        expect(("reached" in run.stderr) == (freq == "187"), f"achieved_clock: {run.stderr}")


OVERLAY = """/dts-v1/;
/plugin/;
&amba { zyxclmm_drm { compatible = "xlnx,zocl"; interrupt-parent = <&gic>; }; };
&fpga_full { firmware-name = "platform.bit.bin"; };
"""


def check_overlay(folder):
    """The platform's overlay keeps what it refers to, under the bitstream's name."""
    source, compiled = (os.path.join(folder, name) for name in ("in.dtsi", "in.dtbo"))
    with open(source, "w", encoding="ascii") as f:
        f.write(OVERLAY)
    run_in(folder, "dtc", "-@", "-I", "dts", "-O", "dtb", "-o", compiled, source)
    for given in (source, compiled):
        build = os.path.join(folder, "overlay" + given[-5:])
        made = os.path.join(build, "zurt-kv260.dtbo")
        run = run_in(HERE, "make", f"BUILD={build}", f"OVERLAY={given}", made)
        expect(run.returncode == 0, f"overlay of {given}: {run.stderr}")
        text = run_in(folder, "dtc", "-I", "dtb", "-O", "dts", made).stdout
        expect('"zurt-kv260.bit.bin"' in text and "platform.bit.bin" not in text
               and "__fixups__" in text and "gic" in text and "zocl" in text,
               f"overlay of {given}: {text}")


def check_report(folder):
    """The folder has what there is, and says what there is not."""
    build = os.path.join(folder, "built")
    for path, text in (("solution/zk_engine_kv260_csynth.rpt", "II = 1"),
                       ("temp/link/top_routed.dcp", "dcp"), ("clocks.json", "{}")):
        os.makedirs(os.path.dirname(os.path.join(build, path)), exist_ok=True)
        with open(os.path.join(build, path), "w", encoding="ascii") as f:
            f.write(text)
    vivado = os.path.join(folder, "vivado")
    with open(vivado, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\necho \"$@\" >vivado.arguments\n")
    os.chmod(vivado, 0o755)
    run = run_in(HERE, "make", f"BUILD={build}", f"VIVADO={vivado}", "report")
    expect(run.returncode == 0, f"report: {run.stderr}")
    made = os.listdir(os.path.join(build, "report"))
    for name in ("csynth.rpt", "clocks.json", "summary.txt", "vivado.arguments"):
        expect(name in made, f"report has no {name}, but {made}")
    expect("csynth.xml: 0 files" in run.stdout, f"report does not say what is missing: {run.stdout}")
    with open(os.path.join(build, "report", "vivado.arguments"), encoding="ascii") as f:
        arguments = f.read()
    check_options("vivado " + arguments, VENDOR, "collect_report.sh")
    expect("top_routed.dcp" in arguments, f"vivado is run with {arguments}")
    with open(os.path.join(HERE, "report_routed.tcl"), encoding="ascii") as f:
        text = f.read()
    check_options(text, set(re.findall(r"^(report_\w+)", text, re.M)), "report_routed.tcl")


def check_pages():
    """Commands of the tools in the pages' code."""
    for page in ("README.md", "platform.md"):
        with open(os.path.join(HERE, page), encoding="utf-8") as f:
            for block in re.findall(r"^```\n(.*?)^```", f.read(), re.M | re.S):
                check_options(re.sub(r'-eval "', "-eval\n", block).replace('"', ""),
                              VENDOR | {"xsct"}, page)


def check_refusal():
    """An option that stands in no document is refused."""
    new = used("cd x && v++ --link --kernel_frequency 300 \\\n -o y", VENDOR) - documented()
    expect(new == {("v++", "--kernel_frequency")}, f"options: {new}")


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
        check_first_light(folder)
        check_clock(folder)
        check_report(folder)
        check_refusal()
        check_pages()
        if shutil.which("dtc"):
            check_overlay(folder)
    print("\n".join(failures) or "the scripts of kernels-hls/vitis hold together")
    if failures:
        return 1
    if not tcl:
        print("skipped: no tclsh, so run_hls.tcl was not run")
    return 0 if tcl else 77


if __name__ == "__main__":
    sys.exit(main())
