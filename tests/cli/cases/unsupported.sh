# A valid file that zurt cannot take: exit 4, with node, op and remedy. A device that is not there: 5.
unset XCL_EMULATION_MODE ZURT_XCLBIN
sed 's/MaxPool/MaxPeel/g' "$MODELS/mnist_small.onnx" >op.onnx
exits 4 zurt compile op.onnx --calib "$CALIB" -o never.zurt
says "MaxPeel" err
exits 4 zurt inspect op.onnx
only op.onnx
# A shape that the model does not take: the model's own is named. A size that changes nothing: a remark.
exits 4 zurt inspect "$MODELS/mnist_small.onnx" --shape image=1x1x32x28
says "'image' is .*28.*28.*: dim 2 is fixed" err
exits 4 zurt inspect "$MODELS/mnist_small.onnx" --shape picture=1x1x28x28
says "no input 'picture'; its first is 'image'" err
exits 0 zurt inspect "$MODELS/mnist_small.onnx" --shape image=1x1x28x28 --input-size 32x32
says "--input-size 32x32 has no effect" err
[ ! -e /dev/dri ] || exit 0 # perhaps a board
exits 5 zurt run "$SMALL" "$EVAL#0" --device xrt
empty out
