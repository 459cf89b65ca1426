#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/swemu-env: several at once, exit status, signals, and that nothing is left behind.
# usage: processes.sh TEST_PL_XRT
set -u
program=$1
swemu_env=$ZURT_SOURCE/scripts/swemu-env
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# Processes whose environment names the folder.
owners() {
    grep -lzF "SDACCEL_EM_RUN_DIR=$1" /proc/[0-9]*/environ 2>/dev/null
}

# nothing_left NAME: the run that wrote its folder's name to $work/NAME.folder is gone.
nothing_left() {
    local folder
    folder=$(cat "$work/$1.folder") || fail "$1: did not start"
    [ -n "$folder" ] || fail "$1: no folder"
    [ ! -e "$folder" ] || fail "$1: $folder is left"
    [ -z "$(owners "$folder")" ] || fail "$1: processes are left: $(owners "$folder")"
}

# start NAME COMMAND: runs it in the emulation's environment, in the background.
start() {
    "$swemu_env" sh -c 'echo "$SDACCEL_EM_RUN_DIR" >"$1"; shift; exec "$@"' sh \
        "$work/$1.folder" "${@:2}" >"$work/$1.log" 2>&1 &
}

pids=()
for i in 1 2 3 4; do
    start "run$i" "$program" --once
    pids+=($!)
done
for i in 1 2 3 4; do
    wait "${pids[i - 1]}" || fail "run$i: exit $?: $(cat "$work/run$i.log")"
    nothing_left "run$i"
done

"$swemu_env" sh -c 'exit 42'
[ $? = 42 ] || fail "exit status is not the program's"
[ "$(echo text | "$swemu_env" cat)" = text ] || fail "stdin does not reach the program"
"$swemu_env" --timeout 1 sleep 20
[ $? = 124 ] || fail "no timeout"
ZURT_SWEMU=/nonexistent "$swemu_env" true 2>/dev/null
[ $? = 127 ] || fail "a missing emulation is not reported"
[ "$("$swemu_env" sh -c 'echo "$USER"')" != "$("$swemu_env" sh -c 'echo "$USER"')" ] ||
    fail "two runs share a user name"

start ended sh -c 'echo ready >"$1"; sleep 30 & wait' sh "$work/ready"
pid=$!
for _ in $(seq 100); do
    [ -e "$work/ready" ] && break
    sleep 0.1
done
kill -TERM $pid
wait $pid
[ $? = 143 ] || fail "a signal does not end it"
nothing_left ended

[ $failures = 0 ] || exit 1
echo "nothing left behind"
