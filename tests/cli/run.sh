#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh CASE.sh: runs a case in an empty folder and judges it.
#
# Exit code: the number in CASE.exit, 0 without such a file; 77 skips. Output: CASE.stdout and
# CASE.stderr, if there, must match line by line; a line is a shell pattern (* and ?, with \ before
# a bracket meant as such), and `...` alone stands for any number of lines, also none.
# A case runs with bash -eu, has helpers.sh sourced and `zurt` and `digits` in its PATH; those of
# $ZURT_PROGRAMS come first. $ZURT_FILES is where its files go.
set -u
case=$1
name=$(basename "$case" .sh)
here=$(dirname "$0")
work=${ZURT_FILES:-$ZURT_BUILD/tests/cli/files}/$name
rm -rf "$work"
mkdir -p "$work/files"
export PATH=${ZURT_PROGRAMS:+$ZURT_PROGRAMS:}$ZURT_BUILD/apps/zurt:$ZURT_BUILD/apps/examples:$PATH
export FIXTURE=$ZURT_BUILD/tests/cli/fixture
export LC_ALL=C

(cd "$work/files" && exec bash -eu -c '. "$1"; . "$2"' "$name" "$here/helpers.sh" "$case") \
    >"$work/stdout" 2>"$work/stderr" </dev/null
code=$?

show() {
    echo "---- stdout"
    cat "$work/stdout"
    echo "---- stderr"
    cat "$work/stderr"
}

fail() {
    echo "FAIL $name: $1"
    show
    exit 1
}

# matches PATTERNS TEXT: see above. Greedy, with `...` as the only choice, so tried by recursion.
match_from() { # index of pattern, index of line
    local p=$1 l=$2
    while [ "$p" -lt "${#patterns[@]}" ]; do
        if [ "${patterns[p]}" = ... ]; then
            local at
            for ((at = l; at <= ${#lines[@]}; at++)); do
                match_from $((p + 1)) "$at" && return 0
            done
            return 1
        fi
        [ "$l" -lt "${#lines[@]}" ] || return 1
        # shellcheck disable=SC2053 # the right side is a pattern
        [[ ${lines[l]} == ${patterns[p]} ]] || return 1
        p=$((p + 1))
        l=$((l + 1))
    done
    [ "$l" = "${#lines[@]}" ]
}

if [ $code = 77 ]; then
    cat "$work/stdout"
    exit 77
fi
want=0
[ ! -e "${case%.sh}.exit" ] || want=$(cat "${case%.sh}.exit")
[ $code = "$want" ] || fail "exit $code, not $want"
for stream in stdout stderr; do
    expected=${case%.sh}.$stream
    [ -e "$expected" ] || continue
    mapfile -t patterns <"$expected"
    mapfile -t lines <"$work/$stream"
    match_from 0 0 || fail "$stream does not match $(basename "$expected")"
done
show
rm -rf "$work/files"
