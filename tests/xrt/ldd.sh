# The libraries of the emulation: libxrt_coreutil is the distribution's, or that of the XRT which is
# unpacked in $XRT_NEXT_LIBRARIES; the shim is ours.
export ZURT_SWEMU=${XRT_NEXT_SWEMU:-$ZURT_BUILD/swemu}
export ASAN_OPTIONS=detect_leaks=0
if [ -n "${XRT_NEXT_LIBRARIES:-}" ]; then
    "$XRT_NEXT_LIBRARIES/ld-linux-x86-64.so.2" --library-path "$XRT_NEXT_LIBRARIES" \
        --list "$ZURT_SWEMU/lib/libxrt_swemu.so.2" >libraries
else
    command -v ldd >/dev/null || { echo "skipped: no ldd" && exit 77; }
    ldd "$ZURT_SWEMU/lib/libxrt_swemu.so.2" >libraries
fi
coreutil=$(awk '$1 == "libxrt_coreutil.so.2" { print $3 }' libraries)
case $coreutil in
/*) ;;
*) fail "the shim is not linked with libxrt_coreutil: $(cat libraries)" ;;
esac
echo "libxrt_coreutil.so.2 => $(realpath "$coreutil")"
if [ -n "${XRT_NEXT_LIBRARIES:-}" ]; then
    [ "$(realpath "$coreutil")" = "$(realpath "$XRT_NEXT_LIBRARIES")/libxrt_coreutil.so.2.25.00" ] ||
        fail "libxrt_coreutil is not XRT 2.25's: $coreutil"
elif [[ $coreutil = $ZURT_BUILD/* ]]; then
    fail "libxrt_coreutil is not the system's: $coreutil"
elif command -v dpkg >/dev/null; then
    dpkg -S "$(realpath "$coreutil")" | tee owner
    grep -qE '^libxrt[12]:' owner || fail "no package of XRT's owns $coreutil"
fi

# What a process that runs the engine through XRT has mapped: the same file, and the shim.
cat >look <<'END'
ZT_FAULT=hang:1 zurt run "$@" --device xrt --timeout 20000 >/dev/null 2>&1 &
for _ in $(seq 100); do
    maps=$(cat /proc/$!/maps)
    [[ $maps = *libxrt_swemu* ]] && break
    sleep 0.05
done
echo "$maps" | awk '/libxrt/ { print $6 }' | sort -u
kill -s KILL $!
END
"$ZURT_SOURCE/scripts/swemu-env" --timeout 60 bash look "$SMALL" "$EVAL#0" \
    --xclbin "$ZURT_BUILD/tests/xrt/faulty.xclbin" >mapped
cat mapped
says "$(realpath "$coreutil")" mapped
says "$(realpath "$ZURT_SWEMU/lib/libxrt_swemu.so.2")" mapped
