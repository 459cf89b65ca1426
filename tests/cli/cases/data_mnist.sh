# The acceptance figures on MNIST's 10,000 test images.
mnist=$ZURT_DATA/mnist
[ -e "$mnist/t10k-images-idx3-ubyte.gz" ] || { echo "skipped: no $mnist"; exit 77; }
test=idx:$mnist/t10k-images-idx3-ubyte.gz,$mnist/t10k-labels-idx1-ubyte.gz
train=idx:$mnist/train-images-idx3-ubyte.gz,$mnist/train-labels-idx1-ubyte.gz

judge() { # MODEL.onnx FLOAT_TOP1 OPTIONS...
    local model=$1 top1=$2
    shift 2
    exits 0 zurt eval "$model" --data "$test" --json "$@"
    json out 'o["samples"] == 10000' 'round(o["top1"] * 10000) == '"$top1"
    exits 0 zurt compile "$model" --calib "$train" --samples 500 -o int8.zurt --force "$@"
    exits 0 zurt compare "$model" int8.zurt --data "$test" --max-changed 15 --json "$@"
    json out 'o["changed"] <= 15' 'abs(o["a"]["top1"] - o["b"]["top1"]) <= 0.0005'
    echo "$(basename "$model"): $(awk '$1 == "\"top1\":" || $1 == "\"changed\":"' out | tr -d ' \n')"
    exits 0 zurt quantize "$model" --calib "$train" --samples 500 -o int8.onnx --force "$@"
    exits 0 zurt compile int8.onnx -o same.zurt --force "$@"
    exits 0 zurt compare int8.onnx same.zurt --data "$test" --json "$@"
    json out 'o["changed"] == 0' 'o["identical"] is True'
}
judge "$ZURT_DATA/onnx/lenet_mnist.onnx" 9913 --input-norm 0.1307/0.3081
judge "$MODELS/mnist_small.onnx" 9859
judge "$MODELS/mnist_cnn.onnx" 9948
