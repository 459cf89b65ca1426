# SPDX-License-Identifier: Apache-2.0
"""Start of a test that wants Python packages: under $ZURT_PYTHON, which has them, or skipped."""
import os
import sys


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def enter_venv():
    """Runs the program again under $ZURT_PYTHON, if that is another Python than this."""
    python = os.path.abspath(os.environ.get("ZURT_PYTHON", sys.executable))
    if os.path.abspath(sys.executable) == python:
        return
    if not os.access(python, os.X_OK):
        skip(f"{python}: not there; scripts/venv makes it")
    os.execv(python, [python, *sys.argv])
