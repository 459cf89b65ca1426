# --json states failures as an object too, beside the message on stderr.
for arguments in "eval none.zurt --data $EVAL" "inspect none.onnx" "bench none.zurt" \
    "info none.zurt" "doctor none.zurt" "run none.zurt in.raw" "compile none.onnx --calib $CALIB -o x.zurt" \
    "quantize none.onnx --calib $CALIB -o x.onnx" "compare none.onnx none.zurt --data $EVAL"; do
    # shellcheck disable=SC2086 # words
    exits 1 zurt $arguments --json
    says "none" err
    json out 'o["command"] == "'"${arguments%% *}"'"' 'o["error"]["exit"] == 1' \
        'o["error"]["status"] == "ZURT_E_IO"' '"none" in o["error"]["message"]'
done
exits 2 zurt bench --json
json out 'o["error"]["exit"] == 2' 'o["error"]["status"] == "USAGE"'
head -c 100 "$SMALL" >cut.zurt
exits 3 zurt info cut.zurt --json
json out 'o["error"]["exit"] == 3' 'o["error"]["status"] == "ZURT_E_FORMAT"'
