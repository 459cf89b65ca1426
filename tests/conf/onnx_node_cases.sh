#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The operator tests of the onnx package in the tests' virtual environment, which are code there:
# written once a version, then run. usage: onnx_node_cases.sh CONF_ONNX AT_LEAST
set -eu
cases=$ZURT_BUILD/onnx_cases
version=$("$ZURT_PYTHON" -c 'import onnx; print(onnx.__version__)' 2>/dev/null) ||
    { echo "skipped: no onnx in $ZURT_PYTHON"; exit 77; }
if [ "$(cat "$cases/version" 2>/dev/null)" != "$version" ]; then
    "$ZURT_PYTHON" -W ignore "$ZURT_SOURCE/tests/conf/make_onnx_cases.py" "$cases"
    echo "$version" >"$cases/version"
fi
echo "onnx $version"
exec "$1" --at-least "$2" "$cases"
