# No file is overwritten without --force, and a failure leaves neither a half file nor a temporary.
model=$MODELS/mnist_small.onnx
refuses() { # FILE COMMAND...
    echo precious >"$1"
    local file=$1
    shift
    exits 1 "$@"
    says "$file.*--force" err
    [ "$(cat "$file")" = precious ] || fail "$file was overwritten"
    exits 0 "$@" --force
    [ "$(head -c 8 "$file")" != precious ] || fail "--force did not overwrite $file"
    rm "$file"
}
refuses a.zurt zurt compile "$model" --calib "$CALIB" -o a.zurt
refuses a.onnx zurt quantize "$model" --calib "$CALIB" -o a.onnx
refuses a.html zurt eval "$SMALL" --data "$EVAL" --html a.html
refuses b.html zurt compare "$SMALL" "$SMALL" --data "$EVAL" --html b.html
refuses a.dot zurt inspect "$model" --dot a.dot
refuses p.0.0.s8 zurt run "$SMALL" "$EVAL#0" -o p
only

exits 1 zurt compile "$model" --calib "$CALIB" -o no/such/folder.zurt
only
exits 1 zurt compile "$model" --calib "idx:none,none" -o a.zurt
only

# A disk that is full, as far as a process can tell: files may not grow beyond 4 KiB.
trap '' XFSZ
(
    ulimit -f 4
    exits 1 zurt compile "$model" --calib "$CALIB" -o a.zurt
    exits 1 zurt quantize "$model" --calib "$CALIB" -o a.onnx
)
only
