# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What an arm64 board must do, whether it is qemu-user behind an sshd or a whole machine.

# Leaves the tree of the package that scripts/package made (fixture arm64.runtime), of two versions one.
arm64_tree() { # TREE
    local file
    file=$(compgen -G "$ZURT_BUILD/package/zurt-*-arm64.tar.gz") || skip "no package for arm64 was made"
    mkdir -p "$1"
    tar -xzf "$file" -C "$1" --strip-components=1
}

# exercise TREE HOST...: push, run, bench, eval over all of them, rollback, a package of another machine.
exercise() {
    local tree=$1 first second name model picture=$ZURT_SOURCE/tests/cli/seven.jpg hosts
    local digits=idx:$fixture/eval-images.idx,$fixture/eval-labels.idx
    shift
    make_package "$tree" 1.0-arm64
    first=$package
    echo two >"$work/two"
    make_package "$tree" 2.0-arm64 "$work/two"
    second=$package
    for name; do
        exits 0 "$board" push "$name" --package "$first"
    done
    exits 0 "$board" push "$1" --package "$second"
    exits 0 "$board" run "$1" --top 1 # what came with the package
    says "^ +0\.9[0-9]* +7" out
    for model in small cnn; do
        exits 0 "$board" run "$1" "$fixture/$model.zurt" "$picture" --json
        [ "$(grep sha256 "$work/out")" = "$("$ZURT" run "$fixture/$model.zurt" "$picture" --json | grep sha256)" ] ||
            fail "$model: arm64 says $(cat "$work/out")"
    done
    exits 0 "$board" bench "$1" "$fixture/small.zurt" --runs 3
    says '"latency_ns"' out
    printf -v hosts ',%s' "$@"
    exits 0 "$board" eval "${hosts#,}" "$fixture/small.zurt" --data "$digits" --shards 4 --json
    says "of 4 shards, .*; every output is this machine's, to the byte" err
    tail -n 1 "$work/err"
    exits 0 "$board" rollback "$1"
    exits 0 "$board" status "$1"
    says "^current +1.0-arm64" out
    says "^previous +2.0-arm64" out
    says "^system +aarch64" out

    if [ "$(uname -m)" != aarch64 ]; then
        install_tree "$ZURT_BUILD" "$work/native"
        make_package "$work/native" "3.0-$(uname -m)"
        exits 1 "$board" push "$1" --package "$package"
        says "$1: is aarch64, .* is for $(uname -m)" err
        exits 0 "$board" status "$1"
        says "^current +1.0-arm64" out
    fi
}
