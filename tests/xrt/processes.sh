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
for i in $(seq 20); do
    start "run$i" "$program" --once
    pids+=($!)
done
for i in $(seq 20); do
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

# ends SIGNAL STATUS: the script, which runs a program with a child, gets a signal.
ends() {
    local name=ended.$1 pid status
    start "$name" sh -c 'sleep 30 & echo ready >"$1"; wait' sh "$work/$name.ready"
    pid=$!
    for _ in $(seq 100); do
        [ -e "$work/$name.ready" ] && break
        sleep 0.1
    done
    [ -n "$(owners "$(cat "$work/$name.folder")")" ] || fail "$name: nothing runs"
    kill -s "$1" $pid
    wait $pid
    status=$?
    [ $status = "$2" ] || fail "$name: exit $status, not $2"
    for _ in $(seq 100); do # after SIGKILL nobody waits for what cleans up
        [ -e "$(cat "$work/$name.folder")" ] || break
        sleep 0.1
    done
    nothing_left "$name"
}
ends TERM 143
ends HUP 129
ends KILL 137
# a terminal's Ctrl-C goes to the whole group; a background job of a script would ignore it
set -m
ends INT 130
set +m

# The same while the device process is at work.
start killed "$program" --hang
pid=$!
for _ in $(seq 100); do
    [ -e "$work/killed.folder" ] && grep -q launched "$work/killed.log" && break
    sleep 0.1
done
owners "$(cat "$work/killed.folder")" | grep -q . || fail "killed: nothing runs"
kill -s KILL $pid
wait $pid 2>/dev/null
for _ in $(seq 100); do
    [ -e "$(cat "$work/killed.folder")" ] || break
    sleep 0.1
done
nothing_left killed

# The watchdog of the device process ends a kernel that the program waits for without a limit.
SWEMU_WATCHDOG_MS=300 "$swemu_env" --timeout 20 "$program" --hang >"$work/watched.log" 2>&1
status=$?
[ $status != 124 ] || fail "the watchdog does not bite: $(cat "$work/watched.log")"
grep -q "has run for more than 300 ms" "$work/watched.log" || fail "$(cat "$work/watched.log")"

[ $failures = 0 ] || exit 1
echo "nothing left behind"
