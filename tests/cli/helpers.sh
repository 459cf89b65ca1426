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
