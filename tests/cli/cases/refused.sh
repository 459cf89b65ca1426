# Input that is not what it should be: exit 3, the file named, never a crash.
: >empty.zurt
: >empty.onnx
echo "this is not a model, it is a sentence of some length about models" >text.zurt
cp text.zurt text.onnx
head -c 5000 "$SMALL" >cut.zurt
head -c 5000 "$MODELS/mnist_small.onnx" >cut.onnx
for model in empty.zurt text.zurt cut.zurt empty.onnx text.onnx cut.onnx; do
    for command in inspect info bench; do
        exits 3 zurt $command $model
        empty out
    done
    exits 3 zurt eval $model --data "$EVAL"
done
for model in empty.onnx text.onnx cut.onnx; do
    exits 3 zurt compile $model --calib "$CALIB" -o never.zurt
    [ ! -e never.zurt ] || fail "a model came out"
done

# One bit wrong anywhere is found by the checksums.
size=$(stat -c %s "$SMALL")
for at in 9 200 $((size / 2)) $((size - 5)); do
    cp "$SMALL" flip.zurt
    byte=$(od -An -tu1 -j"$at" -N1 flip.zurt)
    # shellcheck disable=SC2059
    printf "\\$(printf %o $((byte ^ 16)))" | dd of=flip.zurt bs=1 seek="$at" conv=notrunc status=none
    exits 3 zurt info flip.zurt
done

# What cannot be read is exit 1, with the system's reason.
exits 1 zurt info none.zurt
says "No such file" err
exits 1 zurt compile none.onnx --calib "$CALIB" -o never.zurt
says "No such file" err
