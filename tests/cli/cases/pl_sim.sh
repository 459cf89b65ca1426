# The engine's sources in process: the CPU's bytes; injected faults end with exit 5 or, if asked
# for, with the CPU's answer; the next run works.
answers() { # DEVICE MODEL: sums of the outputs of five inputs
    exits 0 zurt run "$2" "$EVAL#0" "$EVAL#1" "$EVAL#2" "$EVAL#3" "$EVAL#4" --device "$1" --json
    grep '"sha256"' out
}
for model in "$SMALL" "$CNN"; do
    cpu=$(answers cpu "$model")
    [ "$(answers sim "$model")" = "$cpu" ] || fail "$model: sim is not cpu"
    [ "$(ZURT_SIM_BOARD=zcu104 answers sim "$model")" = "$cpu" ] || fail "$model: zcu104 is not cpu"
    [ "$(ZURT_SIM_FAULT=slow:2 answers sim "$model")" = "$cpu" ] || fail "$model: slow changes bytes"
done
for fault in hang:2 error:1 length:3; do
    export ZURT_SIM_FAULT=$fault
    exits 5 zurt run "$SMALL" "$EVAL#0" "$EVAL#1" "$EVAL#2" "$EVAL#3" --device sim --timeout 200
    says "sim: " err
    exits 0 zurt run "$SMALL" "$EVAL#0" --device sim --timeout 200 --fallback --json
    grep '"sha256"' out >fallback
    unset ZURT_SIM_FAULT
    exits 0 zurt run "$SMALL" "$EVAL#0" --device sim --json
    grep '"sha256"' out | cmp - fallback || fail "$fault: the fallback's bytes differ"
done
ZURT_SIM_FAULT=nonsense exits 1 zurt run "$SMALL" "$EVAL#0" --device sim
