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
