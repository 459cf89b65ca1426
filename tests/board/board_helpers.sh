# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Boards for the tests: an sshd each, on loopback, of the user who runs the tests, with a home folder
# of its own; and packages to push. A test sources this with its own folder as $work.
#
# Each sshd is in a user and mount namespace, where /etc/passwd gives the home folder and, of an arm64
# board, binfmt_misc runs AArch64 by qemu-user: nothing of the system changes. Needs Linux 6.7 for that.
set -eu
export LC_ALL=C
work=$ZURT_BUILD/tests/board/$(basename "$0" .sh)
rm -rf "$work"
mkdir -p "$work"
XDG_RUNTIME_DIR=$(mktemp -d /tmp/zurt-test.XXXXXX) # the path of a socket is short
export XDG_RUNTIME_DIR ZURT_SSH_CONFIG=$work/ssh_config TMPDIR=$work
export ZURT=$ZURT_BUILD/apps/zurt/zurt
board=$ZURT_SOURCE/scripts/board
fixture=$ZURT_BUILD/tests/cli/fixture
root=${ZURT_ARM64_ROOT:-$ZURT_SOURCE/build/arm64/root} # libraries of arm64 programs

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

find_sshd() {
    for sshd in /usr/sbin/sshd "$ZURT_SOURCE/build/sshd/usr/sbin/sshd"; do
        [ ! -x "$sshd" ] || return 0
    done
    skip "no sshd; scripts/setup unpacks one"
}
find_sshd
command -v ssh >/dev/null || skip "no ssh"
unshare --user --map-root-user --mount true 2>/dev/null ||
    skip "no user namespaces here, in which a stand-in board lives"

# Ends what a test started: with the first process of a namespace all of it ends.
declare -A server_of=()
cleanup() {
    local name
    for name in "${!server_of[@]}"; do
        kill_board "$name" 2>/dev/null || true
    done
    rm -rf "$XDG_RUNTIME_DIR"
}
trap cleanup EXIT

free_port() {
    local port=$((20000 + RANDOM % 20000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 1))
    done
    echo $port
}

# make_board NAME [native|busybox|arm64|qemu]: NAME is a host of $ZURT_SSH_CONFIG then, with its home in $work/NAME.
make_board() {
    local name=$1 kind=${2:-native} home=$work/$1 etc=$work/$1.etc port tool
    port=$(free_port)
    mkdir -p "$home" "$etc/bin"
    [ -e "$work/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/key"
    ssh-keygen -q -t ed25519 -N '' -f "$etc/host_key"
    echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$etc/host_key.pub")" >>"$work/known_hosts"
    echo "board:x:1000:1000::$home:/bin/bash" >"$etc/passwd"
    local path=$etc/bin:/usr/bin:/bin more=""
    if [ "$kind" = busybox ]; then
        for tool in $(busybox --list); do
            ln -s "$(command -v busybox)" "$etc/bin/$tool"
        done
        path=$etc/bin
    fi
    if [ "$kind" = arm64 ] || [ "$kind" = qemu ]; then # qemu: programs must start it themselves
        printf '#!/bin/sh\necho aarch64\n' >"$etc/bin/uname"
        chmod +x "$etc/bin/uname"
        more=" QEMU_LD_PREFIX=$root"
    fi
    cat >"$etc/sshd_config" <<EOF
ListenAddress 127.0.0.1
Port $port
HostKey $etc/host_key
AuthorizedKeysFile $work/key.pub
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
SetEnv PATH=$path$more
EOF
    cat >>"$ZURT_SSH_CONFIG" <<EOF
Host $name
    HostName 127.0.0.1
    Port $port
    User board
    IdentityFile $work/key
    IdentitiesOnly yes
    UserKnownHostsFile $work/known_hosts
    BatchMode yes
EOF
    # the root of a namespace mounts, an ordinary user of another serves; --pid: they end together
    unshare --user --map-root-user --mount --pid --fork --kill-child "$ZURT_SOURCE/tests/board/serve.sh" \
        "$kind" "$etc/passwd" "$sshd" "$etc/sshd_config" >"$etc/log" 2>&1 &
    local server=$! tries=0
    disown
    server_of[$name]=$server
    until ssh -F "$ZURT_SSH_CONFIG" "$name" true 2>/dev/null; do
        tries=$((tries + 1))
        kill -0 $server 2>/dev/null && [ $tries -lt 100 ] || fail "the sshd of $name: $(cat "$etc/log")"
        sleep 0.1
    done
}

# kill_board NAME: as a board that loses its power, with all that runs on it.
kill_board() {
    kill -KILL "${server_of[$1]}"
}

# on NAME COMMAND: by plain ssh.
on() {
    ssh -F "$ZURT_SSH_CONFIG" "$@" </dev/null
}

# make_package TREE VERSION [FILE...]: $work/zurt-VERSION.tar.gz of an installed TREE; files that
# are added make it another package.
make_package() {
    local tree=$1 top=zurt-$2
    shift 2
    mkdir -p "$work/pack/$top"
    cp -a "$tree/." "$work/pack/$top/"
    [ $# = 0 ] || cp "$@" "$work/pack/$top/share/zurt/"
    tar -C "$work/pack" --owner=0 --group=0 -czf "$work/$top.tar.gz" "$top"
    package=$work/$top.tar.gz
}

# The program and what a board needs beside it, from a build's install rules.
install_tree() { # BUILD TREE
    cmake --install "$1" --component runtime --prefix "$2" >/dev/null
    mkdir -p "$2/lib" "$2/share/zurt"
    cp "$fixture/small.zurt" "$ZURT_SOURCE/tests/cli/seven.jpg" "$2/share/zurt/"
}

# exits CODE COMMAND...: its output is in the files out and err.
exits() {
    local want=$1 code=0
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ $code = "$want" ] || fail "exit $code, not $want: $*
$(cat "$work/out" "$work/err")"
}

says() { # PATTERN FILE
    grep -Eq -- "$1" "$work/$2" || fail "no line of $2 matches '$1':
$(cat "$work/$2")"
}
