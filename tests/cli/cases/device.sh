# --device: what runs where is said, what is given in vain too; a failure is never hidden.
exits 0 zurt run "$SMALL" "$EVAL#0" --device sim --json
json out 'o["device"] == "sim"'
exits 0 zurt eval "$SMALL" --data "$EVAL" --limit 20 --device sim --json
json out 'o["device"] == "sim"' 'o["samples"] == 20'
exits 0 zurt bench "$SMALL" --runs 2 --device sim --json
json out 'o["device"] == "sim"' 'o["launches"] >= 1' 'o["fallbacks"] == 0' \
    '0.9 * o["macs"] < o["device_macs"] <= o["macs"]' 'o["pl"]["modelled"] is True'
exits 0 zurt bench "$SMALL" --runs 2 --device sim --streams 2
says "^sim: .* % of .* MMAC in [0-9]+ launch" out
says "^modelled, on a board: [0-9.]+ to [0-9.]+ ms, [0-9]+ to [0-9]+ fps" out
says "of it PL [0-9.]+ ms at 200 MHz" out
cycles=$(grep -o "[0-9]* cycles" out)
exits 0 zurt inspect "$SMALL" --board kv260
says "^  PL .* at 200 MHz \\($cycles\\)" out
exits 0 zurt bench "$SMALL" --runs 2 --device cpu --json
json out 'o["device"] == "cpu"' 'o["launches"] == 0' 'o["device_macs"] == 0' '"pl" not in o'

for device in gpu "" AUTO; do
    exits 2 zurt run "$SMALL" "$EVAL#0" --device "$device"
    says "auto, cpu, xrt or sim" err
done
exits 2 zurt run "$SMALL" "$EVAL#0" --timeout 0

# Without a board: auto is the CPU, xrt says what is missing, and with --fallback goes on.
unset XCL_EMULATION_MODE ZURT_XCLBIN
if [ ! -e /dev/dri ]; then
    exits 0 zurt run "$SMALL" "$EVAL#0" --device auto --json
    json out 'o["device"] == "cpu"'
    empty err
    exits 5 zurt run "$SMALL" "$EVAL#0" --device xrt
    says "^zurt: zurt doctor looks for what is wrong" err
    exits 5 zurt run "$SMALL" "$EVAL#0" --device xrt --quiet
    ! grep -q doctor err || fail "--quiet: $(cat err)"
    exits 0 zurt run "$SMALL" "$EVAL#0" --device xrt --fallback --json
    json out 'o["device"] == "cpu"'
    says "no PL: .*runs on the CPU" err
    exits 0 zurt run "$SMALL" "$EVAL#0" --xclbin none.xclbin
    says "--xclbin is not used: .* cpu \(--device xrt says why\)" err
fi
exits 0 zurt run "$SMALL" "$EVAL#0" --device sim --xclbin none.xclbin
says "--xclbin is not used" err
exits 0 zurt run "$MODELS/mnist_small.onnx" "$EVAL#0" --device sim --json
says "runs on the host" err
json out 'o["device"] == "host"'
exits 0 zurt compare "$MODELS/mnist_small.onnx" "$SMALL" --data "$EVAL" --limit 20 --device sim \
    --max-changed 20
! grep -q "runs on the host" err || fail "the device was meant for the other model"

# Answers of the CPU are counted, and the device's own words are passed on.
export ZURT_SIM_FAULT=error
exits 0 zurt bench "$SMALL" --runs 3 --warmup 1 --device sim --fallback --json
json out 'o["fallbacks"] == 4'
says "4 answers are the CPU's, since the device failed: sim: " err
exits 0 zurt bench "$SMALL" --runs 3 --warmup 0 --streams 2 --device sim --fallback
says "^3 of the answers" out
exits 0 zurt eval "$SMALL" --data "$EVAL" --limit 5 --device sim --fallback
says "5 answers are the CPU's" err
exits 5 zurt eval "$SMALL" --data "$EVAL" --limit 5 --device sim
