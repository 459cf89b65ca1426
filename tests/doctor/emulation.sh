# zurt doctor on this machine: as it is, and through the real XRT in software emulation, with an
# engine that is well and with ones that are not.
unset XCL_EMULATION_MODE ZURT_XCLBIN
for form in zurt "$ZURT_BUILD/apps/zurt/runtime/zurt"; do # the complete one, and that of a board
    zurt=$(command -v "$form") || continue
    if [ -e /proc/device-tree ]; then # a board, which may have its faults
        "$zurt" doctor --json >out || [ $? = 5 ] || fail "$(cat out)"
    else
        exits 0 "$zurt" doctor "$CNN"
        exits 0 "$zurt" doctor --json
        json out 'o["pl"] == "none"' 'o["faults"] == 0' \
            'any(f["id"] == "no-board" and "--device cpu" in f["mend"] for f in o["findings"])'
    fi
    json out 'o["version"].count(".") == 2' \
        'any(f["id"] == "cpu-self-test" and f["severity"] == "ok" for f in o["findings"])'
done

export ZURT_SWEMU=$ZURT_BUILD/swemu
export ASAN_OPTIONS=detect_leaks=0
export SWEMU_ANSWER_MS=2000
if [ ! -e "$ZURT_SWEMU/zurt-kv260.xclbin" ]; then
    echo "skipped: built without XRT"
    exit 77
fi
emulate() { # CODE ENVIRONMENT... -- ARGUMENTS...
    local code=$1 environment=()
    shift
    while [ "$1" != -- ]; do
        environment+=("$1")
        shift
    done
    shift
    exits "$code" "$ZURT_SOURCE/scripts/swemu-env" --timeout 100 env "${environment[@]}" \
        zurt doctor "$@" --json
}
finds() { # SEVERITY ID WORDS
    json out "any(f['severity'] == '$1' and f['id'] == '$2' and '$3' in f['what']
        for f in o['findings'])"
}

# as it is
for xclbin in kv260 zcu104; do
    emulate 0 ZURT_XCLBIN="$ZURT_SWEMU/zurt-$xclbin.xclbin" -- "$CNN"
    json out 'o["pl"] == "emulation"' 'o["faults"] == 0'
    finds ok xrt "XRT 2."
    finds ok xrt "libxrt_swemu.so.2"
    finds ok xclbin "zurt-$xclbin.xclbin"
    finds ok device-self-test "the device gives the CPU"
    finds ok device-self-test "a launch takes"
done

# an engine with a fault
faulty=$ZURT_BUILD/tests/xrt/faulty.xclbin
[ -e "$faulty" ] || fail "no $faulty"
emulate 0 -- --xclbin "$faulty"
emulate 5 ZT_FAULT=wrong:1 -- --xclbin "$faulty"
finds fault device-wrong " of 154 bytes"
emulate 5 ZT_FAULT=crash:1 -- --xclbin "$faulty"
finds fault device-failed "device process has ended"
emulate 5 ZT_FAULT=hang:1 -- --xclbin "$faulty" --timeout 300
finds fault device-failed "no answer within"
emulate 5 ZT_FAULT=hang:0 -- --xclbin "$faulty" --timeout 300
finds fault device-refused "self-test: sw_emu: no answer within"
emulate 0 ZT_FAULT=late:450 -- --xclbin "$faulty"
finds warning launch-stall "at the least"

# what surrounds it
emulate 5 XILINX_VITIS=/nonexistent --
finds fault emulation-incomplete /nonexistent
emulate 5 XILINX_XRT=/nonexistent --
finds fault xrt-driver /nonexistent/lib/libxrt_swemu.so.2
finds ok device-self-test "the faults above come first"
head -c 3000 "$ZURT_SWEMU/zurt-kv260.xclbin" >part.xclbin
emulate 5 -- --xclbin part.xclbin
finds fault xclbin-refused "truncated: the header says"
