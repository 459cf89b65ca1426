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

# A launch of the PL is broken down into its layers, by modelled cycles; what a board would take for
# a request is modelled as inspect does.
exits 0 zurt bench "$CNN" --device sim --runs 1 --warmup 0 --profile --json
json out '[e["op"] for e in o["profile"] if e["device"] == "sim"] == ["launch"] * o["launches"]' \
    'all(sum(l["cycles"] for l in e["layers"]) == e["modelled_cycles"] and len(e["layers"]) > 1 for e in o["profile"] if e["op"] == "launch")' \
    'all(abs(sum(l["share"] for l in e["layers"]) - 1) < 1e-9 for e in o["profile"] if e["op"] == "launch")' \
    'sum(e["nodes"] for e in o["profile"]) > len(o["profile"])' \
    'o["pl"]["cycles"] == o["estimate"]["cycles"] and o["estimate"]["ms_low"] > o["pl"]["ms"]' \
    'o["estimate"]["modelled"] is True'
estimate=$(grep '"ms_low"' out)
exits 0 zurt inspect "$CNN" --board kv260 --json
[ "$(grep '"ms_low"' out)" = "$estimate" ] || fail "bench and inspect differ: $estimate, $(grep '"ms_low"' out)"
exits 0 zurt bench "$CNN" --device sim --runs 1 --warmup 0 --profile
says "^modelled, on a board: .* to .* ms, .* to .* fps; the latency above is this machine's$" out
says "launch of [0-9]+ nodes; below, its layers" out
says "^ +[0-9.]+ +[0-9.]+% +[0-9.]+ +pl +Conv " out
