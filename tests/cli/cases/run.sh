# One inference: pictures, tensors and samples of a data set; outputs as files; JSON.
exits 0 zurt run "$SMALL" "$EVAL#3" "$EVAL#4" --top 2
[ "$(grep -c '^  ' out)" = 4 ] || fail "not two classes for each of two inputs"
exits 0 zurt run "$SMALL" "$EVAL#7" --json --top 3 -o answer
json out 'len(o["outputs"]) == 1' 'o["outputs"][0]["shape"] == [1, 10]' \
    'o["outputs"][0]["top"][0]["class"] == 7' 'len(o["outputs"][0]["top"]) == 3' \
    'o["outputs"][0]["name"] != ""' 'len(o["outputs"][0]["sha256"]) == 64'
[ "$(stat -c %s answer.0.0.s8)" = 10 ] || fail "the output file is not 10 bytes"
says "$(sha256sum answer.0.0.s8 | cut -c1-64)" out

# The same answer from a JPEG file, a .npy array, and for a uint8 model raw bytes.
exits 0 zurt run "$SMALL" "$ZURT_SOURCE/tests/cli/seven.jpg" --top 1
says ' 7$' out
image=$FIXTURE/eval-images.idx
{
    printf '\223NUMPY\1\0v\0%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 28, 28), }"
    tail -c +$((17 + 7 * 784)) "$image" | head -c 784
} >seven.npy
exits 0 zurt run "$SMALL" seven.npy --json
says "$(sha256sum answer.0.0.s8 | cut -c1-64)" out
exits 0 zurt compile "$MODELS/mnist_small.onnx" --calib "$CALIB" --io uint8 -o u8.zurt
tail -c +$((17 + 7 * 784)) "$image" | head -c 784 >seven.raw
exits 0 zurt run u8.zurt seven.raw --top 1
says ' 7$' out

# A file's name may hold a comma, and a colon with a hash.
cp seven.raw 'a,b.raw'
cp seven.raw 'raw:a#1.raw'
cp seven.npy 'a,b.npy'
exits 0 zurt run u8.zurt 'a,b.raw' 'raw:a#1.raw' 'a,b.npy' --top 1
[ "$(grep -c ' 7$' out)" = 3 ] || fail "not three sevens"
exits 0 zurt eval u8.zurt --data 'raw:a,b.raw'

# A float model runs too.
exits 0 zurt run "$MODELS/mnist_small.onnx" "$EVAL#7" --json
json out 'o["outputs"][0]["top"][0]["class"] == 7' 'o["outputs"][0]["type"] == "f32"' \
    'o["outputs"][0]["top"][0]["score"] > 0.5'

exits 1 zurt run "$SMALL" none.jpg
head -c 783 seven.raw >short.raw
exits 3 zurt run u8.zurt short.raw
exits 3 zurt run "$SMALL" "$EVAL#500"

# A detector's outputs are no list of classes.
detector=$ZURT_DATA/onnx/yunet_n_320.onnx
if [ -e "$detector" ]; then
    exits 0 zurt run "$detector" random:1#0
    says "^  output 'cls_8' \[1, 1600, 1\]: 1600 values from [0-9.e-]+ to [0-9.e-]+$" out
    exits 0 zurt run "$detector" random:1#0 --json
    json out 'len(o["outputs"]) == 12' 'all(x["top"] == [] for x in o["outputs"])'
fi
printf '%s\n' a b c d e f g seventh >names.txt
exits 0 zurt run "$SMALL" "$ZURT_SOURCE/tests/cli/seven.jpg" --top 1 --labels names.txt
says ' 7 seventh$' out
