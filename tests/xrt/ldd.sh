# The libraries of the emulation: libxrt_coreutil is the distribution's, the shim is ours.
export ZURT_SWEMU=$ZURT_BUILD/swemu
export ASAN_OPTIONS=detect_leaks=0
command -v ldd >/dev/null || { echo "skipped: no ldd" && exit 77; }
ldd "$ZURT_SWEMU/lib/libxrt_swemu.so.2" >libraries
coreutil=$(awk '$1 == "libxrt_coreutil.so.2" { print $3 }' libraries)
case $coreutil in
"$ZURT_BUILD"/*) fail "libxrt_coreutil is not the system's: $coreutil" ;;
/*) ;;
*) fail "the shim is not linked with libxrt_coreutil: $(cat libraries)" ;;
esac
echo "libxrt_coreutil.so.2 => $(realpath "$coreutil")"
if command -v dpkg >/dev/null; then
    dpkg -S "$(realpath "$coreutil")" | tee owner
    says "libxrt1" owner
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
