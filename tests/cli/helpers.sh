# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the cases: drawn digits, compiled models and ways to look at results.
CALIB=idx:$FIXTURE/calib-images.idx,$FIXTURE/calib-labels.idx
EVAL=idx:$FIXTURE/eval-images.idx,$FIXTURE/eval-labels.idx
SMALL=$FIXTURE/small.zurt
CNN=$FIXTURE/cnn.zurt
MODELS=$ZURT_SOURCE/models

fail() {
    echo "FAILED: $*" >&2
    exit 99
}

# exits CODE COMMAND...: the command must end with CODE; its output is in the files out and err.
exits() {
    local want=$1 code=0
    shift
    "$@" >out 2>err </dev/null || code=$?
    [ "$code" = "$want" ] || fail "exit $code, not $want: $*
$(cat out err)"
}

# says PATTERN FILE: a line of the file matches the extended regular expression.
says() {
    grep -Eq -- "$1" "$2" || fail "no line of $2 matches '$1':
$(cat "$2")"
}

# json FILE EXPRESSION...: the file is one JSON object `o` of which every Python expression holds.
json() {
    command -v python3 >/dev/null || return 0
    python3 "$ZURT_SOURCE/tests/cli/json_check.py" "$@" || fail "$1"
}

# empty FILE
empty() {
    [ ! -s "$1" ] || fail "$1 is not empty: $(cat "$1")"
}

# only FILE...: the folder holds these files and `out` and `err`, nothing half-written.
only() {
    local found wanted
    found=$(find . -mindepth 1 ! -name out ! -name err | sed 's|^\./||' | sort)
    wanted=$(printf '%s\n' "$@" | sort)
    [ "$found" = "$wanted" ] || fail "files are: $found"
}

# batch_models: the models and arrays of batch_models.py; the case is skipped without Python's onnx.
batch_models() {
    local code=0
    [ -x "$ZURT_PYTHON" ] || { echo "skipped: no $ZURT_PYTHON"; exit 77; }
    "$ZURT_PYTHON" "$ZURT_SOURCE/tests/cli/batch_models.py" >made || code=$?
    [ $code != 77 ] || { cat made; exit 77; }
    [ $code = 0 ] || fail "batch_models.py"
}

# near FILE WANTED TOLERANCE: the floats of the file.
near() {
    "$ZURT_PYTHON" "$ZURT_SOURCE/tests/cli/near.py" "$@" || fail "$1 is not $2"
}
