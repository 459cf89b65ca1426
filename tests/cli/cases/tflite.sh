# TFLite files in the commands: as docs/from-tflite.md has them. Values are golden.tflite's business.
corpus=$ZURT_SOURCE/tests/fuzz/corpus/import_tflite
python3 - <<'P'
values = [(7 * i) % 256 - 128 for i in range(4 * 5 * 6)]
first = [values[(y * 5 + x) * 6 + c] for c in range(6) for y in range(4) for x in range(5)]
for name, data in (("nhwc.s8", values), ("nchw.s8", first)):
    with open(name, "wb") as f:
        f.write(bytes(v & 255 for v in data))
P
exits 0 zurt compile "$corpus/relu.tflite" -o relu.zurt --json
exits 0 zurt info "$corpus/relu.tflite"
says "1 node|1 nodes" out
exits 0 zurt inspect "$corpus/relu.tflite" --board kv260
exits 0 zurt run relu.zurt nhwc.s8 -o plain
for layout in "nhwc.s8 --layout nhwc" "nchw.s8 --layout nchw"; do # the source's order is NHWC
    # shellcheck disable=SC2086 # a file and an option
    exits 0 zurt run relu.zurt $layout -o asked --force
    cmp plain.0.0.s8 asked.0.0.s8
done
exits 0 zurt run relu.zurt nchw.s8 -o other
if cmp -s plain.0.0.s8 other.0.0.s8; then
    fail "another order of the axes gives the same"
fi
# A float file is calibrated; shapes are the file's.
exits 0 zurt bench relu.zurt --runs 2 --warmup 0
exits 4 zurt compile "$corpus/relu.tflite" --batch 2 -o no.zurt
says "shapes of a TFLite file are fixed" err
exits 4 zurt compile "$corpus/custom.tflite" -o no.zurt
says "custom operator 'Twirl'" err
exits 3 zurt info "$corpus/wrapping_dims.tflite"
[ ! -e no.zurt ]
