#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the JUnit files that ctest wrote in the folders named, lists the slowest tests, what was
skipped and why, and ends with `N passed, N failed, N skipped`. Exit 1 if a test failed or none ran."""
import os
import re
import sys
import xml.etree.ElementTree as ET


def reason(output):
    """The line in which a test says why it skips, or ''."""
    for line in output.splitlines():
        found = re.match(r"\s*(?:skip(?:ped|ping)?):\s*(.*)", line, re.IGNORECASE)
        if found:
            return found.group(1)
    return ""


def is_skip(case):
    """True for a test that exited with 77; one that could not be started is a failure."""
    skipped = case.find("skipped")
    return skipped is not None and skipped.get("message", "").startswith("SKIP_")


SLOWEST = 10


def main(folders):
    passed, failed, skipped, times = 0, [], [], []
    for folder in folders:
        for case in ET.parse(os.path.join(folder, "results.xml")).getroot().iter("testcase"):
            name = f"{os.path.basename(folder)}: {case.get('name')}"
            status = case.get("status")
            times.append((float(case.get("time") or 0), name))
            output = case.findtext("system-out") or ""
            if status == "run":
                passed += 1
            elif is_skip(case):
                skipped.append(f"{name}: {reason(output) or 'no reason given'}")
            else:
                failed.append(name)
            if status == "run":  # cases that a program skipped, inside a test that ran
                for part in re.findall(r"\[  SKIPPED \] (?!\d)(\S+)", output):
                    skipped.append(f"{name}, case {part}: {reason(output) or 'see its output'}")
    print(f"Slowest of {sum(seconds for seconds, _ in times):.0f} s:")
    for seconds, name in sorted(times, reverse=True)[:SLOWEST]:
        print(f"{seconds:7.1f} s  {name}")
    skipped = sorted(set(skipped))
    if skipped:
        print("Skipped:")
        for line in skipped:
            print(f"  {line}")
    for name in failed:
        print(f"Failed: {name}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
