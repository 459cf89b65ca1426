#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What makes the emulations usable: LeNet (ten digits) in 20 ms through XRT's sw_emu, MobileNetV2 in
# 3 s in sim, one thread. The best of several runs: this is about the program, not the machine.
set -eu
data=$ZURT_DATA
zurt=$ZURT_BUILD/apps/zurt/zurt
work=$ZURT_BUILD/tests/golden/speed
for file in onnx/lenet_mnist.onnx onnx/mobilenet_v2_1.0_224_quant_qdq.onnx \
    mnist/train-images-idx3-ubyte.gz; do
    [ -e "$data/$file" ] || { echo "skipped: no $data/$file" && exit 77; }
done
rm -rf "$work"
mkdir -p "$work"
train=idx:$data/mnist/train-images-idx3-ubyte.gz,$data/mnist/train-labels-idx1-ubyte.gz
"$zurt" compile "$data/onnx/lenet_mnist.onnx" --calib "$train" --samples 20 --sqnr-samples 0 \
    --quiet -o "$work/lenet.zurt"
"$zurt" compile "$data/onnx/mobilenet_v2_1.0_224_quant_qdq.onnx" --quiet -o "$work/mobilenet.zurt"

# at_most LIMIT_MS NAME COMMAND...: of zurt bench --json
at_most() {
    local limit=$1 name=$2 best
    shift 2
    "$@" --threads 1 --json >"$work/bench.json"
    best=$(awk '$1 == "\"min\":" { print $2 / 1e6; exit }' "$work/bench.json")
    echo "$name: $best ms, at most $limit"
    awk -v best="$best" -v limit="$limit" 'BEGIN { exit !(best > 0 && best <= limit) }' ||
        { echo "too slow" && exit 1; }
}
ZURT_SIM_BOARD=kv260 at_most 3000 "MobileNetV2, sim" \
    "$zurt" bench "$work/mobilenet.zurt" --device sim --runs 3
ZURT_SIM_BOARD=zcu104 at_most 3000 "MobileNetV2, sim of zcu104" \
    "$zurt" bench "$work/mobilenet.zurt" --device sim --runs 3
if [ -e "$ZURT_BUILD/swemu" ]; then
    export ZURT_SWEMU=$ZURT_BUILD/swemu
    at_most 20 "LeNet, sw_emu" "$ZURT_SOURCE/scripts/swemu-env" --timeout 120 \
        "$zurt" bench "$work/lenet.zurt" --device xrt --runs 100
fi
rm -rf "$work"
