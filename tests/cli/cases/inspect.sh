# What runs where: JSON keys that scripts rely on, boards, the graph for graphviz.
for model in "$MODELS/mnist_cnn.onnx" "$CNN"; do
    exits 0 zurt inspect "$model" --json
    json out 'o["modelled"] is True' 'len(o["nodes"]) > 5' \
        'all(k in n for n in o["nodes"] for k in ("name", "op", "device", "reason", "remedy", "cycles"))' \
        'all(k in o["totals"] for k in ("cycles", "ms", "fps", "ddr_bytes", "utilisation", "macs", "pl_macs"))' \
        'o["totals"]["macs"] > 100000' 'all(n["device"] == "cpu" for n in o["nodes"])'
    exits 0 zurt inspect "$model"
    says "Conv" out
done
exits 0 zurt inspect "$CNN" --dot graph.dot
says "^digraph" graph.dot
says "n[0-9]+ -> n[0-9]+" graph.dot
exits 2 zurt inspect "$CNN" --board zx81
says "zx81" err
