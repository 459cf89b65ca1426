#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The boards' processor under qemu-user: zurt cross-built, its unit tests, and the demo's models
# through arm64's libxrt in sw_emu. The bytes must be those of this machine's CPU.
# Wants scripts/arm64-root to have run; $ZURT_ARM64_ROOT names its folder. It builds and emulates for
# minutes: scripts/nightly asks for that by ZURT_NIGHTLY=1.
set -eu
if [ "${ZURT_NIGHTLY:-0}" = 0 ]; then
    echo "skipped: takes minutes; scripts/nightly runs it, or ZURT_NIGHTLY=1 in the environment"
    exit 77
fi
root=${ZURT_ARM64_ROOT:-$ZURT_SOURCE/build/arm64/root}
build=$ZURT_BUILD/arm64
if [ ! -e "$root/complete" ]; then
    echo "skipped: no arm64 packages; scripts/arm64-root gets them"
    exit 77
fi
for tool in qemu-aarch64-static aarch64-linux-gnu-gcc; do
    command -v $tool >/dev/null || { echo "skipped: no $tool; scripts/arm64-root names it" && exit 77; }
done

cmake -S "$ZURT_SOURCE" -B "$build" -G Ninja -DZURT_WERROR=ON -DZURT_ARM64_ROOT="$root" \
    -DCMAKE_TOOLCHAIN_FILE="$ZURT_SOURCE/scripts/cmake/aarch64-debian.cmake"
cmake --build "$build"
file=$(od -An -tx1 -j18 -N2 "$build/apps/zurt/zurt")
[ "$file" = " b7 00" ] || { echo "not built for AArch64: machine $file" && exit 1; }
# without the one that takes minutes in qemu
ctest --test-dir "$build" -R '^unit\.' -E test_calib --output-on-failure --timeout 300

zurt() {
    qemu-aarch64-static -L "$root" "$build/apps/zurt/zurt" "$@"
}

sums() { # COMMAND...: of the outputs of four digits
    local fixture=$ZURT_BUILD/tests/cli/fixture
    local digits=idx:$fixture/eval-images.idx,$fixture/eval-labels.idx
    "$@" "$digits#0" "$digits#1" "$digits#2" "$digits#3" --json | grep '"sha256"'
}
export ZURT_SWEMU=$build/swemu
for model in small cnn; do
    model=$ZURT_BUILD/tests/cli/fixture/$model.zurt
    want=$(sums "$ZURT_BUILD/apps/zurt/zurt" run "$model" --device cpu)
    [ "$(echo "$want" | wc -l)" = 4 ] || { echo "no outputs" && exit 1; }
    for device in cpu sim; do
        [ "$(sums zurt run "$model" --device $device)" = "$want" ] ||
            { echo "$model: $device on arm64 differs" && exit 1; }
    done
    [ "$(sums "$ZURT_SOURCE/scripts/swemu-env" --timeout 300 qemu-aarch64-static -L "$root" \
        "$build/apps/zurt/zurt" run "$model" --device xrt --timeout 120000)" = "$want" ] ||
        { echo "$model: xrt on arm64 differs" && exit 1; }
    echo "$(basename "$model"): cpu, sim and xrt of arm64 give amd64's bytes"
done

# once more, and this time by name: what is mapped is arm64's own library
"$ZURT_SOURCE/scripts/swemu-env" --timeout 300 qemu-aarch64-static -L "$root" \
    "$build/tests/xrt/test_pl_xrt" --once
