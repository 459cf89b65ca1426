# A wrong command line: exit 2, one message that names what is wrong, nothing on stdout.
wrong() { # PATTERN ARGUMENTS...
    local pattern=$1
    shift
    exits 2 zurt "$@"
    empty out
    says "$pattern" err
    says "zurt $1 --help" err
}
for command in inspect quantize compile run eval compare bench info; do
    wrong "'--no-such-option'" $command --no-such-option
done
for command in inspect quantize compile run eval compare bench; do
    wrong "wants" $command
done
wrong "-o OUT" compile "$MODELS/mnist_small.onnx" --calib "$CALIB"
wrong "--calib DATA is needed" compile "$MODELS/mnist_small.onnx" -o x.zurt
wrong "--method" compile m.onnx -o x --method best
wrong "--io" compile m.onnx -o x --io int4
wrong "--percentile" compile m.onnx -o x --percentile 20
wrong "--samples" compile m.onnx -o x --samples 0
wrong "--samples" compile m.onnx -o x --samples -3
wrong "--samples" compile m.onnx -o x --samples 12abc
wrong "--batch" compile m.onnx -o x --batch 99999999999999999999
wrong "--input-size" compile m.onnx -o x --input-size 224
for shape in x =1x2 x= x=1x x=x2 x=1x0 x=1x-2 x=1x2x3x4x5x6x7x8x9 x=1.5x2; do
    wrong "--shape wants" compile m.onnx -o x --shape "$shape"
done
wrong "--input-norm" eval m.onnx --data random:1 --input-norm 0.5
wrong "--input-norm" eval m.onnx --data random:1 --input-norm 0.5/0
wrong "--device" run m.zurt i --device gpu
wrong "--threads" bench m.zurt --threads 65
wrong "--streams" bench m.zurt --streams 17
wrong "--top" run m.zurt i --top 0
exits 2 zurt bench m.zurt --csv --json
json out '"exclude each other" in o["error"]["message"]'
wrong "MODEL" eval one.zurt two.zurt --data random:1
wrong "two models" compare one.zurt --data random:1
only
