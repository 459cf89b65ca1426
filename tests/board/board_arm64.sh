#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A board's programs, cross-built for AArch64, on two boards of qemu-user: push, run, bench, eval,
# rollback; and that nothing of another machine gets there. Wants scripts/arm64-root to have run.
. "$(dirname "$0")/board_helpers.sh"
[ -e "$root/complete" ] || skip "no arm64 packages; scripts/arm64-root gets them"
for tool in qemu-aarch64-static aarch64-linux-gnu-gcc; do
    command -v $tool >/dev/null || skip "no $tool; scripts/arm64-root names it"
done
build=$ZURT_BUILD/arm64-board
cmake -S "$ZURT_SOURCE" -B "$build" -G Ninja -DZURT_ARM64_ROOT="$root" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_TOOLCHAIN_FILE="$ZURT_SOURCE/scripts/cmake/aarch64-debian.cmake" \
    -DCMAKE_C_COMPILER_LAUNCHER="$(command -v ccache || true)" -DCMAKE_INSTALL_RPATH='$ORIGIN/../lib' \
    -DBUILD_SHARED_LIBS=ON -DZURT_BUILD_COMPILER=OFF -DZURT_BUILD_TESTS=OFF -DZURT_XRT=OFF >"$work/log"
cmake --build "$build" >>"$work/log" || fail "$(tail -n 20 "$work/log")"
install_tree "$build" "$work/tree"
kind=arm64
if ! unshare --user --map-root-user --mount "$ZURT_SOURCE/tests/board/serve.sh" arm64 /etc/passwd 2>/dev/null; then
    # before Linux 6.7: the program in bin/ starts qemu
    kind=qemu
    mv "$work/tree/bin/zurt" "$work/tree/lib/zurt.elf"
    printf '#!/bin/sh\nexec %s "${0%%/*}/../lib/zurt.elf" "$@"\n' "$(command -v qemu-aarch64-static)" \
        >"$work/tree/bin/zurt"
    chmod +x "$work/tree/bin/zurt"
fi
make_package "$work/tree" 1.0-arm64
first=$package
echo two >"$work/two"
make_package "$work/tree" 2.0-arm64 "$work/two"
for name in kv260 zcu104; do
    make_board $name $kind
    exits 0 "$board" push $name --package "$first"
done
exits 0 "$board" push kv260 --package "$package"

picture=$ZURT_SOURCE/tests/cli/seven.jpg
for model in small cnn; do
    exits 0 "$board" run kv260 "$fixture/$model.zurt" "$picture" --json
    [ "$(grep sha256 "$work/out")" = "$("$ZURT" run "$fixture/$model.zurt" "$picture" --json | grep sha256)" ] ||
        fail "$model: arm64 says $(cat "$work/out")"
done
exits 0 "$board" bench kv260 "$fixture/small.zurt" --runs 3
says '"latency_ns"' out
digits=idx:$fixture/eval-images.idx,$fixture/eval-labels.idx
exits 0 "$board" eval kv260,zcu104 "$fixture/small.zurt" --data "$digits" --shards 4 --json
says "of 4 shards, kv260 [0-9], zcu104 [0-9]; every output is this machine's, to the byte" err
exits 0 "$board" rollback kv260
exits 0 "$board" status kv260
says "^current +1.0-arm64" out
says "^system +aarch64" out

install_tree "$ZURT_BUILD" "$work/native"
make_package "$work/native" "3.0-$(uname -m)"
[ "$(uname -m)" = aarch64 ] || {
    exits 1 "$board" push kv260 --package "$package"
    says "kv260: is aarch64, .* is for $(uname -m)" err
}
exits 0 "$board" status kv260
says "^current +1.0-arm64" out
echo "$kind: arm64's bytes are this machine's"
