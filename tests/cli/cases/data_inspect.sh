# At least 95 % of the multiply-accumulates of every real model run on the PL, on either board. And
# what inspect says of a float model is what it says of the file that the model becomes: the same
# work on the PL in as many launches. Scales may change the cycles a little. (By mse, as inspect does:
# auto may make several layers of one.)
models=$ZURT_DATA/onnx
if [ ! -d "$models" ]; then
    echo "skipped: no models in \$ZURT_DATA/onnx"
    exit 77
fi

# total KEY: of the JSON in the file out, in which the totals come last
total() {
    sed -n "s/^ *\"$1\": \([0-9]*\),*$/\1/p" out | tail -n 1
}

# inspected MODEL OPTION...: sets macs, pl_macs, launches and cycles.
inspected() {
    exits 0 zurt inspect "$@" --json
    macs=$(total macs) pl_macs=$(total pl_macs) launches=$(total launches) cycles=$(total cycles)
    [ "$macs" -gt 0 ] && [ "$((100 * pl_macs))" -ge "$((95 * macs))" ] ||
        fail "$*: $pl_macs of $macs MACs on the PL, less than 95 %"
}

for model in "$models"/*.onnx; do
    options=()
    calib=random:2 # where there is no real input
    for golden in "$ZURT_DATA/golden/$(basename "$model" .onnx)".*.in.f32; do
        [ ! -e "$golden" ] || calib=raw:$golden
    done
    [[ $model != *ppocrv3* ]] || options=(--input-size 736x736)
    exits 0 zurt compile "$model" --calib "$calib" --method mse --sqnr-samples 0 -o model.zurt \
        --force --quiet "${options[@]}"
    for board in kv260 zcu104; do
        exits 0 zurt inspect model.zurt --board $board
        awk 'length($0) > 100 { exit 1 }' out || fail "$model: lines are wider than 100 columns"
        inspected model.zurt --board $board
        file="$macs $pl_macs $launches" file_cycles=$cycles
        inspected "$model" --board $board "${options[@]}"
        [ "$macs $pl_macs $launches" = "$file" ] ||
            fail "$model: MACs, on the PL, launches: $macs $pl_macs $launches; of the file: $file"
        percent=$(((100 * cycles + file_cycles / 2) / file_cycles))
        [ "$percent" -ge 85 ] && [ "$percent" -le 115 ] ||
            fail "$model: $cycles cycles, the file has $file_cycles"
        echo "$(basename "$model") on $board: $file, cycles $percent %"
    done
done
