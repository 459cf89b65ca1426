# What runs where: JSON keys that scripts rely on, boards, words, the graph for graphviz.
for model in "$MODELS/mnist_cnn.onnx" "$CNN"; do
    exits 0 zurt inspect "$model" --json
    json out 'o["modelled"] is True' 'len(o["nodes"]) > 5' \
        'all(k in n for n in o["nodes"] for k in ("name", "op", "device", "reason", "remedy", "cycles"))' \
        'all(k in o["totals"] for k in ("cycles", "ms", "fps", "ddr_bytes", "utilisation", "macs", "pl_macs"))' \
        'o["totals"]["macs"] > 100000' 'all(n["device"] == "cpu" for n in o["nodes"])'
    exits 0 zurt inspect "$model"
    [[ "$(head -n 2 out | tr '\n' ' ')" == *"$(basename "$model") on cpu:"*" ms, "*" fps (modelled) "* ]] ||
        fail "no headline: $(head -n 2 out)"
    says "^  op +node +kMAC +us$" out
    says "^PL +none: name one with --board" out
done

# A float model is judged as the file that it becomes; figures are modelled and say so.
exits 0 zurt inspect "$CNN" --board kv260 --json
json out 'o["assumed_scales"] is False' 'o["totals"]["pl_macs"] > 0.95 * o["totals"]["macs"]' \
    'abs(o["totals"]["pl_ms"] - o["totals"]["cycles"] / 200e3) < 1e-9' \
    'abs(o["totals"]["fps"] * o["totals"]["ms"] - 1000) < 1e-6' \
    'o["totals"]["ms"] == o["totals"]["ms_high"] and o["totals"]["fps"] == o["totals"]["fps_low"]' \
    'abs(sum(n["cpu_ns"] for n in o["nodes"]) * 1e-6 - o["totals"]["cpu_ms"]) < 1e-9' \
    'o["totals"]["cpu_ms"] > 0 and o["totals"]["convert_ms"] > 0' \
    'abs(o["totals"]["ms_low"] - o["totals"]["pl_ms"] - o["totals"]["launches"] * 0.05 - o["totals"]["convert_ms"] - o["totals"]["cpu_ms"] / 4) < 1e-4' \
    'abs(o["totals"]["ms_high"] - o["totals"]["pl_ms"] - o["totals"]["launches"] * 0.2 - 1.2 * (o["totals"]["convert_ms"] + o["totals"]["cpu_ms"])) < 1e-4' \
    'abs(o["totals"]["pl_time_share"] - o["totals"]["pl_ms"] / o["totals"]["ms_high"]) < 1e-5' \
    '[i["name"] for i in o["inputs"]] != [""] and o["outputs"][0]["shape"] == [1, 10]' \
    'all(len(n["kernel"]) == 2 for n in o["nodes"] if n["op"] == "Conv")' \
    '0 < o["totals"]["utilisation"] < 1' 'o["totals"]["ddr_bytes"] > 0' \
    'o["totals"]["launches"] >= 1' \
    'o["totals"]["launches"] + 1 >= o["totals"]["segments"] / 2' \
    'sum(n["cycles"] for n in o["nodes"]) == o["totals"]["cycles"]' \
    'sum(n["device"] == "cpu" for n in o["nodes"]) == o["totals"]["cpu_nodes"]' \
    'all(n["remedy"] == "" for n in o["nodes"] if n["device"] == "pl")'
grep -vE '"(model|assumed_scales)"' out >file
exits 0 zurt inspect "$MODELS/mnist_cnn.onnx" --board kv260 --json
json out 'o["assumed_scales"] is True'
grep -vE '"(model|assumed_scales)"' out >float
cmp file float || fail "a float model and its file are judged differently: $(diff file float)"
exits 0 zurt inspect "$MODELS/mnist_cnn.onnx" --board kv260
says "PL, launch 1: .* \(modelled\)" out
[[ "$(head -n 2 out | tr '\n' ' ')" == *" on kv260: "*" ms, "*" fps (modelled) "* ]] ||
    fail "no headline: $(head -n 2 out)"
says "^on the PL .* MMAC, .* % of the time, .* nodes" out
says "^a run .* to .* ms, .* to .* fps \(modelled\)" out
says "^  PL .* ms at 200 MHz" out
says "^  launches .*: 50 to 200 us each" out
says "^  convert .* ms of one core" out
says "^  CPU .* Cortex-A53 core" out
says "^scales +assumed" out
awk 'length($0) > 100 { exit 1 }' out || fail "lines are wider than 100 columns"

# Graphviz: the graph as text, and as a drawing where it is installed.
exits 0 zurt inspect "$CNN" --board kv260 --dot graph.dot
says "^digraph" graph.dot
says "n[0-9]+ -> n[0-9]+" graph.dot
says 'n[0-9]+ \[id="n[0-9]+", fillcolor="#8fd3c1", label="Conv [0-9]+x[0-9]+' graph.dot
says 'i0 \[shape=ellipse.*label="input ' graph.dot
says 'o0 \[shape=ellipse.*label="output ' graph.dot
says "i0 -> n[0-9]+" graph.dot
says "n[0-9]+ -> o0" graph.dot
says "to .* ms, .* fps \(modelled\)" graph.dot
exits 0 zurt inspect "$CNN" --dot -
says "^digraph" out
says 'fillcolor="#f5c396"' out
! grep -q "on the PL  " out || fail "the drawing and the table are mixed"
exits 2 zurt inspect "$CNN" --dot - --json
if command -v dot >/dev/null; then
    exits 0 zurt inspect "$CNN" --board kv260 --svg graph.svg
    says "^<svg" graph.svg
    says "#8fd3c1" graph.svg
    exits 0 zurt inspect "$CNN" --board kv260 --html page.html
    says "^<svg" page.html
    [ "$(grep -c '<svg' page.html)" = 1 ] && ! grep -q '<?xml' page.html || fail "no drawing within the page"
fi
exits 0 env PATH=/nonexistent "$(command -v zurt)" inspect "$CNN" --board kv260 --html page.html --force
says "without the graph: .*apt install graphviz" err
exits 0 zurt inspect "$CNN" --board kv260 --json
json out "len(o['nodes']) == $(grep -c '<tr class="' page.html)"
says "one run, modelled<b>.* to .* ms, .* fps</b>" page.html
! grep -qE '(src|href)="?http' page.html || fail "the page fetches something"
exits 1 zurt inspect "$CNN" --html page.html
says "force" err
exits 4 env PATH=/nonexistent "$(command -v zurt)" inspect "$CNN" --svg none.svg
says "install it .* or write --dot" err
[ ! -e none.svg ] || fail "half a drawing is left"

# Boards that are none.
exits 2 zurt inspect "$CNN" --board zx81
says "kv260.*zx81" err
exits 2 zurt inspect "$CNN" --board kv260 --xclbin some.xclbin
echo "# A page" >README.md
exits 3 zurt inspect README.md --board kv260
says "README.md: this is a file of unknown kind, not an ONNX, TFLite or .zurt model" err
exits 1 zurt inspect "$CNN" --xclbin none.xclbin
says "none.xclbin" err
echo "xclbin2" >broken.xclbin
exits 3 zurt inspect "$CNN" --xclbin broken.xclbin
exits 3 zurt info broken.xclbin
if [ -e "$ZURT_BUILD/swemu/zurt-zcu104.xclbin" ]; then
    exits 0 zurt inspect "$CNN" --board zcu104 --json
    mv out board
    exits 0 zurt inspect "$CNN" --xclbin "$ZURT_BUILD/swemu/zurt-zcu104.xclbin" --json
    cmp board out || fail "the table in the xclbin is not the board's"
    exits 0 zurt info "$ZURT_BUILD/swemu/zurt-zcu104.xclbin" --json
    json out 'o["board"] == "zcu104"' 'o["macs_per_cycle"] == 3072' '"Conv" in o["ops"]'
    exits 0 zurt info "$ZURT_BUILD/swemu/zurt-zcu104.xclbin"
    says "3072 multiply-accumulates a cycle" out
fi

# A name that is not UTF-8, which dot does not take.
odd=$(printf 'odd\377.onnx')
cp "$MODELS/mnist_small.onnx" "$odd"
exits 0 zurt inspect "$odd" --dot odd.dot
iconv -f UTF-8 -t UTF-8 odd.dot >/dev/null || fail "odd.dot is not UTF-8"
says 'odd\\\\xff\.onnx on cpu' odd.dot
