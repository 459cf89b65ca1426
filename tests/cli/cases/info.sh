# This build, and the facts of a model.
exits 0 zurt info
says "^compiler +" out
says "^build type +" out
says "^device cpu +every operator" out
says "^device sim +" out
says "^device xrt +" out
exits 0 zurt info --json
json out '[d["name"] for d in o["devices"]] == ["cpu", "sim", "xrt"]' \
    'all(d["available"] == (d["reason"] == "") for d in o["devices"])' \
    'o["devices"][0]["available"] and o["devices"][1]["available"]'
exits 0 env XCL_EMULATION_MODE=hw_emu zurt info
says "^device xrt +absent: XCL_EMULATION_MODE is 'hw_emu'" out
exits 0 env XCL_EMULATION_MODE=hw_emu zurt info --json
json out 'o["devices"][2]["available"] is False' '"hw_emu" in o["devices"][2]["reason"]'
json out 'o["version"].count(".") == 2' '"compiler" in o["build"]' 'isinstance(o["cpu"], list)'
for model in "$SMALL" "$MODELS/mnist_small.onnx"; do
    exits 0 zurt info "$model"
    says "28, 28" out
    exits 0 zurt info "$model" --json
    json out 'o["inputs"][0]["shape"][0] == 1' 'o["outputs"][0]["shape"] == [1, 10]' \
        'o["inputs"][0]["from_nchw"] is True'
done

# The same figures on every machine, and a limit that can be raised.
exits 0 zurt compile "$MODELS/mnist_cnn.onnx" --calib random:64 --batch 64 -o large.zurt
exits 3 zurt info large.zurt --max-memory 1
says "--max-memory" err
exits 0 zurt info large.zurt --max-memory 64
cp out all
exits 0 taskset -c 0 zurt info large.zurt
cmp out all
