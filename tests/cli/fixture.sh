#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What all cases read: drawn digits and the two demo models, compiled.
set -eu
fixture=$ZURT_BUILD/tests/cli/fixture
rm -rf "$fixture"
mkdir -p "$fixture"
digits=$ZURT_BUILD/apps/examples/digits
zurt=$ZURT_BUILD/apps/zurt/zurt
"$digits" --seed 1 --count 200 -o "$fixture/calib"
"$digits" --seed 2 --count 500 -o "$fixture/eval"
for model in small cnn; do
    "$zurt" compile "$ZURT_SOURCE/models/mnist_$model.onnx" -o "$fixture/$model.zurt" --samples 100 \
        --calib "idx:$fixture/calib-images.idx,$fixture/calib-labels.idx"
done
