#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# installed.sh ROOT: called by mmdebstrap for a clean system of architecture $ARCH. Installs the
# packages of $DEBS, uses them, removes them, and looks for what is left.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
root=$1
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
step() {
    echo "== $*"
}
inside() {
    chroot "$root" "$@"
}

# Every file but what packages' tools keep for themselves, and which packages there are.
state() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./try \
        -o -path ./tmp -o -path ./var/cache/apt -o -path ./var/lib/apt -o -path ./var/log \) -prune \
        -o ! -path './var/lib/dpkg/*-old' ! -path './var/lib/dpkg/lock*' \
        ! -path './var/lib/dpkg/triggers/*' ! -path './var/cache/debconf/*' \
        -printf '%p %y %m %U:%G %l\n' | sort)
    inside dpkg-query -W -f '${Package} ${Version} ${Status}\n'
}

add() { # PACKAGE...: of ours, with what they need
    local name files=()
    for name; do
        files+=(/try/"$name"_*.deb)
    done
    if [ "$ARCH" = amd64 ]; then
        inside sh -c "apt-get -qq install -y --no-install-recommends ${files[*]}" >"$root/try/log" 2>&1
    else
        inside sh -c "dpkg --install ${files[*]}" >"$root/try/log" 2>&1
    fi || {
        cat "$root/try/log"
        fail "$* cannot be installed"
    }
}

drop() { # PACKAGE...
    if [ "$ARCH" = amd64 ]; then
        inside apt-get -qq purge -y --autoremove "$@"
    else
        inside dpkg --purge "$@"
    fi >"$root/try/log" 2>&1 || {
        cat "$root/try/log"
        fail "$* cannot be removed"
    }
}

class_of() { # MODEL: what it takes the seven for
    inside zurt run "/try/$1" /try/seven.jpg --top 1 | awk 'END { print $2 }'
}

exits() { # CODE COMMAND...
    local code=0 want=$1
    shift
    inside "$@" >"$root/try/out" 2>"$root/try/err" || code=$?
    [ $code = "$want" ] || fail "$*: exit $code, not $want: $(cat "$root/try/err")"
}

touch "$WORK/made"
mkdir "$root/try"
cp "$DEBS"/*.deb "$FIXTURE"/cnn.zurt "$FIXTURE"/calib-{images,labels}.idx \
    "$ZURT_SOURCE"/models/mnist_small.onnx "$ZURT_SOURCE"/tests/cli/seven.jpg "$root/try/"
state >"$WORK/before"
compile=(zurt compile /try/mnist_small.onnx --samples 100 -o /try/small.zurt
    --calib idx:/try/calib-images.idx,/try/calib-labels.idx)

step "the runtime"
add libzurt0 zurt
[ "$(class_of cnn.zurt)" = 7 ] || fail "the seven is no 7"
inside ldconfig -p | grep 'libzurt\.so\.0 ' >/dev/null || fail "the loader does not know libzurt"
for file in usr/lib/udev/rules.d/70-zurt-render.rules usr/share/man/man1/zurt-run.1.gz; do
    [ -s "$root/$file" ] || fail "no $file"
done
exits 4 "${compile[@]}"
grep -q 'install zurt-compiler' "$root/try/err" || fail "compile: $(cat "$root/try/err")"

if [ "$ARCH" = amd64 ]; then # arm64 has no apt to bring numpy
    step "Python"
    add python3-zurt
    exits 0 python3 -c 'import zurt
with zurt.Model("/try/cnn.zurt") as model, model.session() as session:
    print(model.top(session(model.picture("/try/seven.jpg")), 1)[0][0])'
    [ "$(cat "$root/try/out")" = 7 ] || fail "the seven is no 7 from Python"
    drop python3-zurt
fi

if [ -n "$(find "$DEBS" -name 'zurt-compiler_*')" ]; then
    step "the compiler"
    add zurt-compiler
    exits 0 "${compile[@]}"
    [ "$(class_of small.zurt)" = 7 ] || fail "the seven is no 7 when compiled here"
    step "all others, and a board that is not there"
    add libzurt-dev zurt-doc zurt-swemu
    exits 0 zurt-swemu-env --timeout 120 zurt run --device xrt /try/cnn.zurt /try/seven.jpg --top 1
    [ "$(awk 'END { print $2 }' "$root/try/out")" = 7 ] || fail "the seven is no 7 on the PL"
    drop zurt-swemu zurt-doc libzurt-dev zurt-compiler
    exits 4 "${compile[@]}"
fi

step "removed"
drop zurt libzurt0
state | diff "$WORK/before" - || fail "left behind (>), or taken away (<)"
rm -r "$root/try"
