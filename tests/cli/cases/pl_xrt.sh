# The real XRT in sw_emu: the CPU's bytes, and a device process that somebody kills ends with exit 5
# or the CPU's answer. All other faults: tests/xrt/faults.sh.
export ZURT_SWEMU=$ZURT_BUILD/swemu
export ASAN_OPTIONS=detect_leaks=0
emulate=$ZURT_SOURCE/scripts/swemu-env
if [ ! -e "$ZURT_SWEMU/zurt-kv260.xclbin" ]; then
    echo "skipped: built without XRT"
    exit 77
fi

answers() { # DEVICE MODEL: sums of the outputs of five inputs
    exits 0 "$emulate" --timeout 100 zurt run "$2" "$EVAL#0" "$EVAL#1" "$EVAL#2" "$EVAL#3" \
        "$EVAL#4" --device "$1" --json
    grep '"sha256"' out
}
for model in "$SMALL" "$CNN"; do
    [ "$(answers xrt "$model")" = "$(answers cpu "$model")" ] || fail "$model: xrt is not cpu"
done
zcu104=$ZURT_SWEMU/zurt-zcu104.xclbin
[ "$(ZURT_XCLBIN=$zcu104 answers xrt "$CNN")" = "$(answers cpu "$CNN")" ] || fail "zcu104 is not cpu"

# Ends the device process of a zurt that is at work: kill_device FOLDER ARGUMENTS...
cat >kill_device <<'END'
zurt "$@" --device xrt >out 2>err </dev/null &
program=$!
for _ in $(seq 200); do
    for child in $(cat /proc/$program/task/*/children 2>/dev/null); do
        sleep 0.3
        kill -KILL "$child" && break 2
    done
    sleep 0.02
done
wait $program
END
code=0
"$emulate" --timeout 100 bash kill_device bench "$SMALL" --seconds 20 || code=$?
[ $code = 5 ] || fail "exit $code, not 5, after the device was killed: $(cat err)"
says "device process has ended" err
code=0
"$emulate" --timeout 100 bash kill_device bench "$SMALL" --seconds 2 --fallback || code=$?
[ $code = 0 ] || fail "exit $code with --fallback: $(cat err)"
