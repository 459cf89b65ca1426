# Two models on the same samples; exit 6 says that predictions changed.
exits 0 zurt compare "$SMALL" "$SMALL" --data "$EVAL" --json
json out 'o["changed"] == 0' 'o["identical"]' 'o["sqnr_db"] is None' \
    'sum(map(sum, o["changes"])) == 0' 'o["a"]["top1"] == o["b"]["top1"]'
exits 6 zurt compare "$SMALL" "$CNN" --data "$EVAL" --json
json out 'o["changed"] > 0' 'o["changed"] == sum(map(sum, o["changes"]))' \
    'all(o["changes"][i][i] == 0 for i in range(10))' 'len(o["changes"]) == 10' \
    'o["a"]["samples"] == o["b"]["samples"] == 500' 'o["sqnr_db"] > 0' \
    'all(k in o["b"] for k in ("top1", "top5", "confusion"))'
for model in small cnn; do
    exits 0 zurt compare "$MODELS/mnist_$model.onnx" "$FIXTURE/$model.zurt" --data "$EVAL" \
        --max-changed 5 --json
    json out 'o["sqnr_db"] > 20' 'abs(o["a"]["top1"] - o["b"]["top1"]) <= 0.01'
done
exits 0 zurt compare "$SMALL" "$CNN" --data "$EVAL" --limit 100 --max-changed 100 --html page.html
says "predictions changed" out
says "Changed predictions" page.html
says "<table|<svg" page.html

# More than two models, each against the first; names of classes; which samples.
printf '%s\n' zero one two three four five six seven eight nine >digits.txt
exits 6 zurt compare "$MODELS/mnist_small.onnx" "$SMALL" "$CNN" --data "$EVAL" --labels digits.txt \
    --files --html page.html --force
says "^A  .*mnist_small.onnx$" out
says "^C  .*cnn.zurt$" out
says "^ +A +B +C$" out
says "^top-1 of 500 +[0-9.]+ % +[0-9.]+ % +[0-9.]+ %$" out
says "^changed against A +[0-9]+ +[0-9]+$" out
says "^SQNR dB, .* [0-9.]+ +[0-9.]+$" out
names="[0-9] (zero|one|two|three|four|five|six|seven|eight|nine)"
says "^changed sample [0-9]+: is $names; A: $names; B: $names; C: $names$" out
says "SQNR against A, dB" page.html
says "Changed predictions, A to C" page.html
says "Confusion of C" page.html
says 'src="data:image/png;base64,iVBORw0KGgo' page.html
[ "$(grep -c '<figure>' page.html)" = "$(grep -c '^changed sample' out)" ] || fail "not every changed sample is on the page"
[ "$(wc -c <page.html)" -lt 10000000 ] || fail "the page is large"
exits 6 zurt compare "$MODELS/mnist_small.onnx" "$SMALL" "$CNN" --data "$EVAL" --json
json out 'len(o["further"]) == 1' 'o["further"][0]["changed"] == sum(map(sum, o["further"][0]["changes"]))' \
    'o["further"][0]["changed"] == sum(f["predicted"][2] != f["predicted"][0] for f in o["files"])' \
    'o["changed"] == sum(f["predicted"][1] != f["predicted"][0] for f in o["files"])' \
    'sum(f["predicted"][0] != f["label"] for f in o["files"]) == round(500 * (1 - o["a"]["top1"]))' \
    'all(f["changed"] == (len(set(f["predicted"])) > 1) for f in o["files"])' \
    'o["further"][0]["sqnr_db"] > 0 and o["b"]["samples"] == 500'
exits 2 zurt compare "$SMALL" --data "$EVAL"
