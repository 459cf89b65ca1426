# This build, and the facts of a model.
exits 0 zurt info
says "^compiler +" out
says "^build type +" out
exits 0 zurt info --json
json out 'o["version"].count(".") == 2' '"compiler" in o["build"]' 'isinstance(o["cpu"], list)'
for model in "$SMALL" "$MODELS/mnist_small.onnx"; do
    exits 0 zurt info "$model"
    says "28, 28" out
    exits 0 zurt info "$model" --json
    json out 'o["inputs"][0]["shape"][0] == 1' 'o["outputs"][0]["shape"] == [1, 10]' \
        'o["inputs"][0]["from_nchw"] is True'
done
