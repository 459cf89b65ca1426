# Float ONNX to .zurt: what is said about it, the same bytes each time, and every option.
model=$MODELS/mnist_small.onnx
exits 0 zurt compile "$model" --calib "$CALIB" -o a.zurt --json
json out 'o["float_nodes"] == 0' 'o["nodes"] > 2' 'o["source_nodes"] >= o["nodes"]' \
    'o["output_sqnr_db"] > 15' 'o["bytes"] < 0.35 * o["source_bytes"]' 'o["output"] == "a.zurt"'
exits 0 zurt compile "$model" --calib "$CALIB" -o b.zurt
says "every node computes in int8" out
cmp a.zurt b.zurt
exits 0 zurt compile "$model" --calib "$CALIB" --threads 2 -o c.zurt
cmp a.zurt c.zurt
zurt compile "$model" --calib "$CALIB" -o - | cmp - a.zurt
exits 2 zurt compile "$model" --calib "$CALIB" -o - --json
[ ! -e - ] || fail "a file named -"

for method in minmax percentile mse entropy; do
    exits 0 zurt compile "$model" --calib "$CALIB" --samples 50 --method $method -o $method.zurt
    exits 0 zurt eval $method.zurt --data "$EVAL" --json
    json out 'o["top1"] > 0.97'
done
exits 0 zurt compile "$model" --calib "$CALIB" --method percentile --percentile 99 -o p99.zurt
! cmp -s percentile.zurt p99.zurt || fail "--percentile changes nothing"
exits 0 zurt compile "$model" --calib "$CALIB" --per-tensor -o tensor.zurt
! cmp -s a.zurt tensor.zurt || fail "--per-tensor changes nothing"
exits 0 zurt eval tensor.zurt --data "$EVAL" --json
json out 'o["top1"] > 0.96'

for io in int8:s8 uint8:u8 float:f32; do
    exits 0 zurt compile "$model" --calib "$CALIB" --io ${io%:*} -o io.zurt --force
    exits 0 zurt info io.zurt --json
    json out 'o["inputs"][0]["type"] == "'${io#*:}'"' 'o["outputs"][0]["type"] == "'${io#*:}'"'
    exits 0 zurt eval io.zurt --data "$EVAL" --json
    json out 'o["top1"] > 0.97'
done

exits 0 zurt compile "$model" --calib "$CALIB" --require-int8 -o int8.zurt
node=$(zurt inspect "$model" --json | awk -F'"' '/"name"/ { name = $4 } /"op": "Conv"/ { print name }')
exits 0 zurt compile "$model" --calib "$CALIB" --keep-float "$node" -o float.zurt --json
json out 'o["float_nodes"] >= 1'
exits 0 zurt eval float.zurt --data "$EVAL" --json
json out 'o["top1"] > 0.97'
exits 4 zurt compile "$model" --calib "$CALIB" --keep-float "$node" --require-int8 -o no.zurt
says "$node" err
[ ! -e no.zurt ] || fail "a model came out"

printf 'zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n' >names
exits 0 zurt compile "$model" --calib "$CALIB" --labels names --batch 4 -o names.zurt
exits 0 zurt run names.zurt "$EVAL#7" --top 1
says "7 seven" out
exits 0 zurt info names.zurt --json
json out 'o["inputs"][0]["shape"] == [4, 28, 28, 1]'

exits 0 zurt compile "$model" --calib "$CALIB" --report r.json -o r.zurt
json r.json 'len(o["tensors"]) > 2' 'len(o["layers"]) > 2'
exits 0 zurt compile "$model" --calib "$CALIB" --report r.txt --sqnr-samples 4 -o r.zurt --force
[ -s r.txt ] || fail "no report"
