#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/board with a board of this machine's architecture: push, run, bench, rollback, and what is
# refused. The same with nothing but busybox on the board, where there is one.
. "$(dirname "$0")/board_helpers.sh"
picture=$ZURT_SOURCE/tests/cli/seven.jpg
install_tree "$ZURT_BUILD" "$work/tree"
machine=$(uname -m)
make_package "$work/tree" "1.0-$machine"
first=$package
echo two >"$work/two"
make_package "$work/tree" "2.0-$machine" "$work/two"
second=$package
make_board kv260

current() {
    on "${1:-kv260}" 'readlink zurt/current'
}

# Before there is anything.
exits 1 "$board" run kv260 "$fixture/small.zurt" "$picture"
says "zurt is not there: scripts/board push" err
exits 1 "$board" rollback kv260
says "there is no previous version" err

# Two versions, back and forth.
exits 0 "$board" push kv260 --package "$first"
says "^zurt [0-9.]+" out
[[ $(current) == versions/1.0-* ]] || fail "current is $(current)"
exits 1 "$board" rollback kv260
exits 0 "$board" push kv260 --package "$second"
[[ $(current) == versions/2.0-* ]] || fail "current is $(current)"
exits 0 "$board" push kv260 --package "$second"
exits 0 "$board" status kv260
says "^current +2.0-" out
says "^previous +1.0-" out
says "^says +zurt [0-9.]" out
! grep -q incoming "$work/out" || fail "a transfer is left: $(cat "$work/out")"
exits 0 "$board" rollback kv260
[[ $(current) == versions/1.0-* ]] || fail "current is $(current)"
exits 0 "$board" rollback kv260
[[ $(current) == versions/2.0-* ]] || fail "current is $(current)"

# Results are this machine's; what is there is not copied again.
host() {
    "$ZURT" run "$fixture/small.zurt" "$picture" --json | grep sha256
}
exits 0 "$board" run kv260 "$fixture/small.zurt" "$picture" --json
[ "$(grep sha256 "$work/out")" = "$(host)" ] || fail "the board says $(cat "$work/out")"
exits 0 "$board" run kv260 "$fixture/small.zurt" "$picture" "$picture" --top 1
says "^ +0\.99[0-9]+ +7" out
[ "$(on kv260 'ls zurt/files | wc -l; ls zurt/jobs | wc -l' | tr '\n' ' ')" = "2 0 " ] ||
    fail "on the board are $(on kv260 'ls zurt/files zurt/jobs')"
seq 0 9 | sed 's/^/digit /' >"$work/names.txt"
exits 0 "$board" run kv260 "$fixture/small.zurt" "$picture" --labels "$work/names.txt"
says "digit 7" out

# The model that came with the package; outputs as files of this side.
exits 0 "$board" run kv260
says "7" out
exits 0 "$board" run kv260 --top 1 --json
says '"sha256"' out
exits 0 "$board" run kv260 "$fixture/small.zurt" "$picture" -o "$work/o u t"
(cd "$work" && "$ZURT" run "$fixture/small.zurt" "$picture" -o here >/dev/null)
for file in "$work"/here.*; do
    cmp "$file" "$work/o u t${file##*/here}"
done
cp "$picture" "$work/stdout"
exits 0 "$board" run kv260 "$fixture/small.zurt" "$work/stdout" -o "$work/second"
exits 0 "$board" run kv260 "$fixture/small.zurt" "$work/stdout" --top 1
says "0.99.* 7" out
exits 1 "$board" run kv260 "$fixture/small.zurt" "$picture" -o "$work/o u t"
says "exists; --force overwrites it" err
exits 0 "$board" run kv260 "$fixture/small.zurt" "$picture" --output="$work/o u t" --force

# Names are names, whatever is in them.
hostile=$work/"it's \"a\" \$(touch pwned);\`touch pwned\` & *
x"
mkdir "$hostile" "$hostile/b"
cp "$fixture/small.zurt" "$hostile/m 'q' \"d\" \\ \$HOME.zurt"
cp "$picture" "$hostile/-p;id>pwned 7.jpg"
cp "$fixture/small.zurt" "$hostile/b/x.zurt"
cp "$picture" "$hostile/b/-p;id>pwned 7.jpg"
printf x >>"$hostile/b/-p;id>pwned 7.jpg" # another content, the same name
exits 0 "$board" run kv260 "$hostile/m 'q' \"d\" \\ \$HOME.zurt" "$hostile/-p;id>pwned 7.jpg" \
    "$hostile/b/-p;id>pwned 7.jpg" --top 1
[ "$(grep -c "0.99.* 7" "$work/out")" = 2 ] || fail "$(cat "$work/out")"
[ -z "$(find "$work" -name pwned)" ] || fail "a name was run"
(cd "$hostile" && exits 0 "$board" run kv260 "b/x.zurt" "./-p;id>pwned 7.jpg")

# What zurt says is what is said, and how it ends.
echo no picture >"$work/no.jpg"
exits 3 "$board" run kv260 "$fixture/small.zurt" "$work/no.jpg"
says "no.jpg: this is a file of unknown kind" err
exits 2 "$board" run kv260 "$fixture/small.zurt" "$picture" --frobnicate
exits 1 "$board" run kv260 "$fixture/small.zurt" "$work/nowhere.jpg"
says "nowhere.jpg: no such file" err
exits 1 "$board" run kv260 "$ZURT_SOURCE/models/mnist_small.onnx" "$picture"
says "boards run .zurt files; zurt compile makes one" err

# bench brings the board's JSON.
exits 0 "$board" bench kv260 "$fixture/small.zurt" --runs 3
says '"latency_ns"' out
exits 0 "$board" bench kv260 "$fixture/small.zurt" --runs 3 -o "$work/bench.json"
grep -q '"fps"' "$work/bench.json"
exits 1 "$board" bench kv260 "$fixture/small.zurt" --runs 3 -o "$work/bench.json"
says "exists; --force" err
exits 0 "$board" shell kv260 "zurt --version"
says "^zurt [0-9.]" out

# What is wrong with this board: it is none.
exits 0 "$board" doctor kv260
says "no board" out
exits 0 "$board" doctor kv260 --json
says '"schema": 1' out

# An earlier try is gone on with, and damage is found.
sha=$(sha256sum <"$first" | cut -c1-64)
damage() { # COMMAND: makes what an earlier push has left of the first package
    on kv260 "rm -rf zurt/versions/1.0-* zurt/previous"
    bash -c "$1" | ssh -F "$ZURT_SSH_CONFIG" kv260 "mkdir -p zurt/incoming; cat >zurt/incoming/$sha.part"
    exits 0 "$board" push kv260 --package "$first"
    says "$2" err
    [[ $(current) == versions/1.0-* ]] || fail "current is $(current)"
    exits 0 "$board" push kv260 --package "$second"
}
damage "head -c 100000 '$first'" "kv260: resuming at 100000 of [0-9]+ bytes"
! grep -q damaged "$work/err" || fail "$(cat "$work/err")"
damage "head -c 100000 /dev/zero" "what arrived is damaged; once more"
damage "cat '$first' '$first'" "what arrived is damaged; once more"

# What is not to be installed, and leaves the board as it was.
refused() { # PATTERN PACKAGE
    local before
    before=$(on kv260 'readlink zurt/current zurt/previous; ls -A zurt/versions')
    exits 1 "$board" push kv260 --package "$2"
    says "$1" err
    [ "$(on kv260 'readlink zurt/current zurt/previous; ls -A zurt/versions')" = "$before" ] ||
        fail "the board is not as it was after '$1'"
}
altered() { # NAME COMMAND: a package made of the first, in whose folder COMMAND has run
    rm -rf "$work/alter" && mkdir "$work/alter"
    tar -xzf "$first" -C "$work/alter"
    (cd "$work/alter" && eval "$2")
    tar -C "$work/alter" -czf "$work/$1.tar.gz" $(ls -A "$work/alter")
    altered=$work/$1.tar.gz
}
echo no archive >"$work/no.tar.gz"
refused "is no .tar.gz" "$work/no.tar.gz"
head -c 50000 "$first" >"$work/cut.tar.gz"
refused "is no .tar.gz" "$work/cut.tar.gz"
refused "no such file" "$work/nowhere.tar.gz"
altered folder 'mv zurt-* other'
refused "is no package of zurt" "$altered"
altered outside 'touch zz'
refused "has files outside zurt-1.0" "$altered"
tar -C "$work/alter" -czPf "$work/dots.tar.gz" zurt-1.0-"$machine" zurt-1.0-"$machine"/../zz
refused "has files outside zurt-1.0" "$work/dots.tar.gz"
altered empty 'rm zurt-*/bin/zurt'
refused "has no bin/zurt" "$altered"
altered other 'printf "\267" | dd of=$(echo zurt-*/bin/zurt) bs=1 seek=18 conv=notrunc status=none'
[ "$machine" = aarch64 ] || refused "is $machine, .* is for aarch64" "$altered"
altered newer 'echo GLIBC_2.99 >>$(echo zurt-*/bin/zurt)'
refused "kv260: has glibc [0-9.]+, .* needs 2.99" "$altered"
altered dead 'd=$(echo zurt-*); mv $d/bin/zurt $d/lib/libx.so; printf "#!/bin/sh\necho a library is missing\nexit 127\n" >$d/bin/zurt; chmod +x $d/bin/zurt'
refused "does not start, so nothing is changed: a library is missing" "$altered"

# A shell that talks to programs too.
echo 'echo welcome' >"$work/kv260/.profile"
echo 'echo welcome' >"$work/kv260/.bashrc"
if [ "$(on kv260 true)" = welcome ]; then
    exits 1 "$board" run kv260 "$fixture/small.zurt" "$picture"
    says "kv260: answers 'welcome': its shell prints something at login" err
fi
rm "$work/kv260/.profile" "$work/kv260/.bashrc"

# Hosts.
for host in -oProxyCommand=touch\ pwned "" "a b"; do
    exits 2 "$board" push "$host"
    says "is no host" err
done
exits 1 "$board" status nowhere.invalid
says "nowhere.invalid: no connection.* does 'ssh nowhere.invalid' work" err
(unset ZURT_SSH_CONFIG && exits 0 "$board" -F "$work/ssh_config" status kv260)
exits 2 "$board"
exits 2 "$board" frobnicate kv260
[ -z "$(find "$work" "$HOME" -maxdepth 2 -name pwned 2>/dev/null)" ] || fail "a name was run"

# Nothing but busybox.
if command -v busybox >/dev/null; then
    make_board plain busybox
    exits 0 "$board" push plain --package "$first"
    exits 0 "$board" push plain --package "$second"
    exits 0 "$board" rollback plain
    [[ $(current plain) == versions/1.0-* ]] || fail "current is $(current plain)"
    exits 0 "$board" run plain "$fixture/small.zurt" "$picture" --json
    [ "$(grep sha256 "$work/out")" = "$(host)" ] || fail "the board says $(cat "$work/out")"
    rm "$work/plain.etc/bin/gzip" "$work/plain.etc/bin/find"
    exits 1 "$board" push plain --package "$second"
    says "plain: lacks gzip find, which come with" err
    [[ $(current plain) == versions/1.0-* ]] || fail "current is $(current plain)"
    echo "with busybox too"
fi
