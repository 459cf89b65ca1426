# QDQ ONNX: what zurt writes it reads again, and computes the same from it.
for model in small cnn; do
    exits 0 zurt quantize "$MODELS/mnist_$model.onnx" --calib "$CALIB" --samples 100 -o $model.onnx --json
    json out 'o["float_nodes"] == 0'
    exits 0 zurt compile $model.onnx -o $model.zurt
    exits 0 zurt compare "$FIXTURE/$model.zurt" $model.zurt --data "$EVAL" --json
    json out 'o["changed"] == 0' 'o["sqnr_db"] is None or o["sqnr_db"] > 35'
    exits 0 zurt eval $model.onnx --data "$EVAL" --json
    json out 'o["top1"] > 0.97'
done
exits 0 zurt quantize "$MODELS/mnist_small.onnx" --calib "$CALIB" --samples 100 -o again.onnx
cmp small.onnx again.onnx
exits 0 zurt compile small.onnx --calib "$CALIB" -o again.zurt
says "its own scales" err
