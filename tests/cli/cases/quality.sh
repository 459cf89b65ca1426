# What a conversion says of its quality, and what it refuses before it can be wrong.
model=$MODELS/mnist_small.onnx
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }

# floats FILE SAMPLE VALUE: 12 samples of 784 values below 1; those of SAMPLE times VALUE, or with
# one VALUE if that is no number.
floats() {
    python3 - "$@" <<'END'
import random, struct, sys
path, odd, value = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
random.seed(3)
with open(path, "wb") as f:
    for i in range(12):
        x = [random.random() if random.random() < 0.3 else 0.0 for _ in range(784)]
        if i == odd and value * 0 == 0:
            x = [v * value for v in x]
        elif i == odd:
            x[77] = value
        f.write(struct.pack("<784f", *x))
END
}

# How many samples, and a word for each output.
exits 0 zurt compile "$model" --calib "$CALIB" --samples 50 --sqnr-samples 6 -o good.zurt
says "calibrated with 38 samples, 6 of 12 others compared with float" out
says "^method [a-z]+, the best: minmax [0-9.]+ dB, percentile [0-9.]+ dB, mse [0-9.]+ dB, entropy [0-9.]+ dB" out
says "^output '.*': good; SQNR against float [0-9.]+ dB; of single samples, median [0-9.]+ dB, worst" out
! grep -q "^next" out || fail "advice where all is well"
exits 0 zurt quantize "$model" --calib "$CALIB" --samples 50 -o good.onnx --json
json out 'o["samples"] == 50' 'o["samples_held_out"] == 12' 'o["samples_compared"] == 8' \
    'o["method"] in o["methods"] and len(o["methods"]) == 4' 'o["outputs"][0]["verdict"] == "good"' \
    'o["outputs"][0]["worst_sqnr_db"] <= o["outputs"][0]["median_sqnr_db"]' \
    'o["unusual_samples"] == []' 'o["keep_float"] == []'

# Samples are counted, not the batches that they were fed in.
exits 0 zurt compile "$model" --calib "$CALIB" --samples 60 --batch 7 -o batch.zurt --report batch.txt
says "calibrated with 46 samples, 14 of 14 others compared with float" out
says "; of single batches, median" out
says "^calibrated with 46 samples, 14 of 14 others compared" batch.txt
exits 0 zurt compile "$model" --calib "$CALIB" --samples 60 --batch 7 -o batch.zurt --force --json
json out 'o["samples"] == 60' 'o["samples_compared"] == 14'
exits 0 zurt compile "$model" --calib "$CALIB" --samples 4 --batch 7 -o batch.zurt --force
says "calibrated with 4 samples, 4 of them" out
exits 0 zurt compile "$model" --calib "$CALIB" --samples 1 -o batch.zurt --force
says "calibrated with 1 sample, 1 of them compared with float; of samples that it has not seen" out

# Whose turn it is to judge is known, and a last batch that begins the data again has no turn.
exits 0 zurt compile "$model" --calib "$CALIB" --samples 54 --batch 7 -o batch.zurt --force
says "calibrated with 49 samples" out
exits 0 zurt compile "$model" --calib "$CALIB" --samples 50 --hold-out 10 --method mse -o held.zurt --report held.json
says "calibrated with 45 samples, 5 of 5 others" out
! grep -q "the best" out || fail "a choice where a method was asked for"
json held.json '[i for i, s in enumerate(o["samples"]) if "sqnr_db" in s] == [9, 19, 29, 39, 49]' \
    'o["method"] == "mse" and o["methods"] == {} and o["samples_held_out"] == 5'
exits 0 zurt compile "$model" --calib "$CALIB" --samples 50 --hold-out 0 -o held.zurt --force
says "calibrated with 50 samples, 8 of them" out
exits 2 zurt compile "$model" --calib "$CALIB" --hold-out 1 -o no.zurt

# A budget of float, what it bought, and the same file from the names that it kept.
exits 0 zurt compile "$model" --calib "$CALIB" --samples 50 --float-budget 70 -o budget.zurt --json
json out 'o["float_budget"]["percent"] <= 70' 'len(o["float_budget"]["kept"]) >= 1' \
    'o["float_budget"]["after_db"] > o["float_budget"]["before_db"]'
python3 -c 'import json, sys; print(*json.load(sys.stdin)["float_budget"]["kept"], sep="\n")' \
    <out >kept.txt
exits 0 zurt compile "$model" --calib "$CALIB" --samples 50 --keep-float @kept.txt -o kept.zurt
cmp budget.zurt kept.zurt || fail "the names that were kept make another file"
exits 0 zurt compile "$model" --calib "$CALIB" --samples 50 --float-budget 70 --target-sqnr 1 \
    -o budget.zurt --force
says "^in float, by --float-budget: 0 nodes, 0.0 % of the multiply-accumulates; [0-9.]+ dB before" out
exits 1 zurt compile "$model" --calib "$CALIB" --keep-float @none.txt -o no.zurt
exits 2 zurt compile "$model" --calib "$CALIB" --float-budget 10 --require-int8 -o no.zurt
exits 2 zurt compile "$model" --calib "$CALIB" --float-budget 10 --sqnr-samples 0 -o no.zurt
exits 2 zurt compile "$model" --calib "$CALIB" --target-sqnr 20 -o no.zurt

# One sample of another scale: named, and what to do.
floats mixed.f32 3 255
exits 0 zurt compile "$model" --calib raw:mixed.f32 --hold-out 0 -o mixed.zurt --report mixed.json
says "raw: sample 3 reaches 25[0-9] times as far as the median sample" err
says "^output '.*': (broken|look at it);" out
says "^next: the same command without the samples of another scale" out
json mixed.json '[s["name"] for s in o["samples"] if s["unusual"]] == ["raw: sample 3"]' \
    'o["outputs"][0]["worst_sqnr_db"] <= o["outputs"][0]["median_sqnr_db"] < 15' \
    'len(o["samples"]) == 12' 'len(o["samples"][0]["sqnr_db"]) == 1' \
    'len(o["ranked_layers"]) > 1' '"own_sqnr_db" in o["layers"][1]'
exits 0 zurt compile "$model" --calib raw:mixed.f32 --hold-out 0 -o mixed.zurt --force --json
json out 'o["unusual_samples"] == ["raw: sample 3"]' 'len(o["keep_float"]) > 0'

# What no scale can hold is refused by the sample's name, and nothing is written.
for value in nan inf -inf; do
    floats bad.f32 7 "$value"
    exits 3 zurt compile "$model" --calib raw:bad.f32 -o bad.zurt
    says "raw: sample 7: value 77 of input '.*' is (NaN|infinite)" err
    [ ! -e bad.zurt ] || fail "a model came out"
done

# Nothing in int8: no figure.
names='import json, sys; [print("--keep-float", n["name"]) for n in json.load(sys.stdin)["nodes"]]'
nodes=$(zurt inspect "$model" --json | python3 -c "$names")
# shellcheck disable=SC2086
exits 0 zurt compile "$model" --calib "$CALIB" --samples 20 $nodes -o float.zurt
says "nothing computes in int8" out
! grep -Eq "SQNR|inf dB" out || fail "a figure of what is not there"

# A mean or a deviation that pixels / 255 cannot have; labels of another model.
exits 2 zurt compile "$model" --calib "$CALIB" --input-norm 33.3/78.6 -o norm.zurt
says "looks like one of pixels in 0..255, which is 0.130588/0.308235 here" err
exits 2 zurt run "$model" "$EVAL#0" --input-norm 0/255
seq 1 9 >nine
exits 0 zurt compile "$model" --calib "$CALIB" --samples 20 --labels nine -o nine.zurt
says "warning: nine has 9 names, output '.*' has 10 classes" err

# rgb FILE WEIGHT: a classifier of RGB pictures with ImageNet's 1000 classes; WEIGHT is one of its weights.
rgb() {
    python3 - "$@" <<'END'
import struct, sys

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])

def number(field, n):
    return varint(field << 3) + varint(n)

def part(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data

def node(op, inputs, output, attribute=b""):
    return part(1, b"".join(part(1, i) for i in inputs) + part(2, output) + part(3, output) +
                part(4, op) + attribute)

def value(field, name, dims):
    shape = b"".join(part(1, number(1, d)) for d in dims)
    return part(field, part(1, name) + part(2, part(1, number(1, 1) + part(2, shape))))

weights = [((7 * i) % 13 - 6) / 10 for i in range(3000)]
weights[3] = float(sys.argv[2])
tensor = number(1, 1000) + number(1, 3) + number(2, 1) + part(8, "w")
tensor += part(9, struct.pack("<3000f", *weights))
turned = part(5, part(1, "transB") + number(3, 1) + number(20, 2))
graph = node("GlobalAveragePool", ["x"], "pooled") + node("Flatten", ["pooled"], "flat")
graph += node("Gemm", ["flat", "w"], "y", turned) + part(2, "g") + part(5, tensor)
graph += value(11, "x", [1, 3, 28, 28]) + value(12, "y", [1, 1000])
with open(sys.argv[1], "wb") as f:
    f.write(number(1, 7) + part(7, graph) + part(8, number(2, 13)))
END
}
rgb rgb.onnx 0.5
exits 0 zurt compile rgb.onnx --calib "$CALIB" --samples 20 -o rgb.zurt
says "warning: 'x' takes colours, and no calibration sample has one" err
says "pictures are fed as pixels / 255, without --input-norm" err
exits 0 zurt compile rgb.onnx --calib random:4 --input-norm 0.485/0.229,0.456/0.224,0.406/0.225 \
    -o rgb.zurt --force
! grep -Eq "takes colours|without --input-norm" err || fail "a warning without its reason"
for value in nan inf; do
    rgb bad.onnx $value
    exits 3 zurt compile bad.onnx --calib random:4 -o bad.zurt
    says "weight 'w': value 3 is (NaN|infinite)" err
    [ ! -e bad.zurt ] || fail "a model came out"
done
