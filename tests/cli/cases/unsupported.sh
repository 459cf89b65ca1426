# A valid file that zurt cannot take: exit 4, with node, op and remedy. A device that is not there: 5.
sed 's/MaxPool/MaxPeel/g' "$MODELS/mnist_small.onnx" >op.onnx
exits 4 zurt compile op.onnx --calib "$CALIB" -o never.zurt
says "MaxPeel" err
exits 4 zurt inspect op.onnx
only op.onnx
exits 5 zurt run "$SMALL" "$EVAL#0" --device xrt
empty out
