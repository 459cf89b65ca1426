#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# with_venv.sh PROGRAM.py...: runs it with the Python of scripts/venv; skipped without.
[ -x "$ZURT_PYTHON" ] || { echo "skipped: no $ZURT_PYTHON; scripts/venv makes it" && exit 77; }
exec "$ZURT_PYTHON" "$@"
