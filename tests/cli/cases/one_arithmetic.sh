# The compiled file and the quantiser's own evaluation of the int8 graph give the same bytes.
for model in small cnn; do
    zurt quantize "$MODELS/mnist_$model.onnx" --calib "$CALIB" --samples 100 -o $model.onnx >out
    zurt compile $model.onnx -o $model.zurt >out
    exits 0 zurt compare $model.onnx $model.zurt --data "$EVAL" --json
    json out 'o["changed"] == 0' 'o["identical"] is True'
done
