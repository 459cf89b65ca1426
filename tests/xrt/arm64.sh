#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The boards' processor under qemu-user: the demo's models through arm64's libxrt in sw_emu. The
# bytes must be those of this machine's CPU. With ZURT_NIGHTLY=1 also the port's own test and all
# unit tests, which are built and emulated for minutes.
set -eu
root=$ZURT_ARM64_ROOT
build=$ZURT_BUILD/arm64
if [ ! -e "$build/apps/zurt/zurt" ]; then
    echo "skipped: no cross build; scripts/arm64-root gets what it wants"
    exit 77
fi
if [ "${ZURT_NIGHTLY:-0}" != 0 ]; then
    cmake --build "$build"
    ctest --test-dir "$build" -R '^unit\.' --output-on-failure --timeout 300
fi

zurt() {
    qemu-aarch64-static -cpu cortex-a53 -L "$root" "$build/apps/zurt/zurt" "$@"
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
    [ "$(sums "$ZURT_SOURCE/scripts/swemu-env" --timeout 300 qemu-aarch64-static -cpu cortex-a53 \
        -L "$root" "$build/apps/zurt/zurt" run "$model" --device xrt --timeout 120000)" = "$want" ] ||
        { echo "$model: xrt on arm64 differs" && exit 1; }
    echo "$(basename "$model"): cpu, sim and xrt of arm64 give amd64's bytes"
done

if [ "${ZURT_NIGHTLY:-0}" != 0 ]; then
    # once more, and this time by name: what is mapped is arm64's own library
    "$ZURT_SOURCE/scripts/swemu-env" --timeout 300 qemu-aarch64-static -cpu cortex-a53 -L "$root" \
        "$build/tests/xrt/test_pl_xrt" --once
fi
