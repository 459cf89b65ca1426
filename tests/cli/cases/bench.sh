# Latency in words, JSON and CSV. The figures themselves are not judged here.
exits 0 zurt bench "$SMALL" --runs 20 --warmup 1 --threads 1 --json --profile
json out 'o["runs"] == 20' 'o["device"] == "cpu"' 'o["fps"] > 0' \
    'o["latency_ns"]["min"] <= o["latency_ns"]["p50"] <= o["latency_ns"]["p90"]' \
    'o["latency_ns"]["p90"] <= o["latency_ns"]["p99"] <= o["latency_ns"]["max"]' \
    'o["latency_ns"]["min"] <= o["latency_ns"]["mean"] <= o["latency_ns"]["max"]' \
    'all(k in o["environment"] for k in ("zurt", "cpu", "cores", "threads", "kernel"))' \
    'len(o["profile"]) > 2' 'all(e["op"] and e["device"] for e in o["profile"])'
exits 0 zurt bench "$SMALL" --seconds 0.05 --csv
[ "$(wc -l <out)" = 2 ] || fail "not two lines of CSV"
[ "$(awk -F, '{ print NF }' out | uniq | wc -l)" = 1 ] || fail "columns differ"
exits 0 zurt bench "$CNN" --runs 10 --streams 3 --threads 2
says "latency ms: p50" out
exits 0 zurt bench "$MODELS/mnist_small.onnx" --runs 3
says "on host" out
exits 0 zurt bench "$SMALL" --runs 3 --profile
says "Conv" out
