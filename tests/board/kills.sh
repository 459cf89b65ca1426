#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kills.sh [COUNT [SEED]]: pushes that are killed at random moments, on this side, on the board or
# between. Whatever the moment, the board has the old or the new version, whole, and it runs.
. "$(dirname "$0")/board_helpers.sh"
count=${1:-20}
RANDOM=${2:-1}
install_tree "$ZURT_BUILD" "$work/tree"
for version in 1.0 2.0; do
    head -c 4000000 /dev/urandom >"$work/padding" # so that a transfer takes its time
    make_package "$work/tree" "$version-$(uname -m)" "$work/padding"
    rm "$work/padding"
done
make_board kv260
package_of() { # VERSION
    echo "$work/zurt-$1-$(uname -m).tar.gz"
}

# Hashes of what a version must hold.
for version in 1.0 2.0; do
    tar -xzf "$(package_of $version)" -C "$work"
    (cd "$work/zurt-$version-$(uname -m)" && find . -type f | sort | xargs sha256sum) >"$work/$version.sums"
done
check() { # by an ssh of its own
    local version
    on kv260 'cd zurt && for v in versions/*; do (cd $v && find . -type f | sort | xargs sha256sum) >../${v#versions/}.sums; done
        readlink current; current/bin/zurt run current/share/zurt/small.zurt '"'$ZURT_SOURCE/tests/cli/seven.jpg'"' --top 1 | tail -n 1' \
        >"$work/said" 2>&1 || fail "the board is broken: $(cat "$work/said")"
    grep -q "0.99.* 7" "$work/said" || fail "the board says $(cat "$work/said")"
    current=$(sed -n 's|^versions/\([0-9.]*\)-.*|\1|p' "$work/said")
    [ -n "$current" ] || fail "current leads to $(cat "$work/said")"
    for version in "$work"/kv260/*.sums; do
        cmp -s "$version" "$work/1.0.sums" || cmp -s "$version" "$work/2.0.sums" ||
            fail "$(basename "$version") is half a version"
        rm "$version"
    done
}

children() { # PID: all below it
    local child
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        children "$child"
        echo "$child"
    done
}

now_ms() {
    date +%s%3N
}

exits 0 "$board" push kv260 --package "$(package_of 1.0)"
took=100000 # what an undisturbed push takes at least; a version that is pruned is sent anew
for version in 2.0 1.0 2.0; do
    on kv260 'rm -rf zurt/previous zurt/versions/'$version'*'
    start=$(now_ms)
    exits 0 "$board" push kv260 --package "$(package_of $version)"
    now=$(now_ms)
    [ $((now - start)) -ge $took ] || took=$((now - start))
done
check
[ "$current" = 2.0 ] || fail "current is $current"
cut=0 old=0 new=0 resumed=0
for ((k = 0; k < count; k++)); do
    next=1.0
    [ "$current" = 2.0 ] || next=2.0
    on kv260 'rm -rf zurt/previous zurt/versions/'$next'*'
    after=$((RANDOM * took / 32768))
    where=$((RANDOM % 3))
    set -m
    "$board" push kv260 --package "$(package_of $next)" >"$work/out" 2>"$work/err" </dev/null &
    push=$!
    set +m
    sleep $(printf '%d.%03d' $((after / 1000)) $((after % 1000)))
    case $where in
    0) kill -KILL -- -$push 2>/dev/null || true ;; # this side's script and what it started
    1) # the connection: its process is a daemon, found by its socket
        ssh -F "$ZURT_SSH_CONFIG" -o "ControlPath=$XDG_RUNTIME_DIR/zurt-board-$UID/%C" -O check kv260 2>&1 |
            sed -n 's/.*pid=\([0-9]*\).*/\1/p' | xargs -r kill -KILL 2>/dev/null || true
        ;;
    2) # the board's processes, all but the one that listens
        listener=$(cat /proc/"${server_of[kv260]}"/task/*/children)
        # shellcheck disable=SC2046 # numbers
        kill -KILL $(children "${listener% }") 2>/dev/null || true
        ;;
    esac
    status=0
    wait $push 2>/dev/null || status=$?
    [ $status = 0 ] || cut=$((cut + 1))
    ! grep -q resuming "$work/err" || resumed=$((resumed + 1))
    [ -z "${ZURT_TRACE:-}" ] || echo "where $where after $after status $status: $(tail -n 1 "$work/err")"
    before=$current
    check
    [ "$current" = "$before" ] && old=$((old + 1)) || new=$((new + 1))
done
echo "seed ${2:-1}: $count kills in $took ms each: $cut pushes cut, $old left the old version, $new the new one, $resumed resumed"
[ $cut -gt 0 ] || fail "nothing was cut"

# And it goes on as if nothing had been.
for version in 1.0 2.0; do
    exits 0 "$board" push kv260 --package "$(package_of $version)"
    check
    [ "$current" = $version ] || fail "current is $current"
done
exits 0 "$board" rollback kv260
check
[ "$current" = 1.0 ] || fail "current is $current"
[ -z "$(on kv260 'cd zurt; ls -A incoming; ls -Ad versions/.* .lock .current.* .previous.* 2>/dev/null | grep -v "/\.\.*$"')" ] ||
    fail "left on the board: $(on kv260 'cd zurt; ls -Al . versions incoming')"
