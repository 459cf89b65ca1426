# What can go wrong with a device, as a user of `zurt run --device xrt` meets it: the exit code and
# the words of docs/troubleshooting.md, in time, no device process left, and the next run works.
export ZURT_SWEMU=${XRT_NEXT_SWEMU:-$ZURT_BUILD/swemu}
export ASAN_OPTIONS=detect_leaks=0
export SWEMU_ANSWER_MS=2000
xclbins=$ZURT_BUILD/tests/xrt
faulty=$xclbins/faulty.xclbin
digits=("$EVAL#0" "$EVAL#1" "$EVAL#2" "$EVAL#3")
exits 0 zurt run "$SMALL" "${digits[@]}" --device cpu --json
grep '"sha256"' out >cpu

# One run after another in one environment, so that what the first leaves is in the second's way.
# Leaves the first's output in out and err, its exit code in code; the second must give cpu's bytes.
cat >twice <<'END'
set -u
limit=30 code=0
timeout -k 5 $limit env "${environment[@]}" zurt run "$@" >out 2>err </dev/null || code=$?
echo $code >code
exec 2>/dev/null # of processes that are gone by then
for environ in $(grep -lzF "SDACCEL_EM_RUN_DIR=$SDACCEL_EM_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
    case "$(tr '\0' ' ' <"${environ%/environ}/cmdline")" in
    *genericpciemodel*) echo "${environ%/environ} is left" >>orphans ;;
    esac
done
timeout -k 5 $limit zurt run "$SMALL" "${digits[@]}" --device xrt --json >next 2>&1 </dev/null
END

# fails CODE WORDS ENVIRONMENT... -- OPTIONS...
fails() {
    local want=$1 words=$2 environment=()
    shift 2
    while [ "$1" != -- ]; do
        environment+=("$1")
        shift
    done
    shift
    rm -f orphans
    : >next
    (
        declare -p environment digits SMALL
        cat twice
    ) >script
    "$ZURT_SOURCE/scripts/swemu-env" --timeout 120 bash script "$SMALL" \
        "${digits[@]}" --device xrt "$@" --json
    [ "$(cat code)" = "$want" ] ||
        fail "exit $(cat code), not $want: ${environment[*]} $*: $(cat out err)"
    [ "$want" = 0 ] || says "$words" out
    # the text that the documentation promises
    [ "$want" = 0 ] || grep -qF -- "$words" "$ZURT_SOURCE/docs/troubleshooting.md" ||
        fail "docs/troubleshooting.md does not have '$words'"
    [ ! -e orphans ] || fail "${environment[*]} $*: $(cat orphans)"
    grep '"sha256"' next | cmp - cpu || fail "after ${environment[*]} $*: $(cat next)"
}

# falls_back ENVIRONMENT... -- OPTIONS...: with --fallback the same ends well, with cpu's bytes.
falls_back() {
    fails 0 "" "$@" --fallback
    grep '"sha256"' out | cmp - cpu || fail "the fallback's bytes differ: $*"
}

kernel=(--xclbin "$faulty" --timeout 500)
fails 0 "" -- "${kernel[@]}" # without a fault it is the engine
for fault in crash:2 exit:1; do
    fails 5 "device process has ended" ZT_FAULT=$fault -- "${kernel[@]}"
    falls_back ZT_FAULT=$fault -- "${kernel[@]}"
done
for fault in hang:1 stop:3; do
    fails 5 "no answer within" ZT_FAULT=$fault -- "${kernel[@]}"
    falls_back ZT_FAULT=$fault -- "${kernel[@]}"
done
fails 5 "self-test: sw_emu: no answer within" ZT_FAULT=hang:0 -- "${kernel[@]}"
falls_back ZT_FAULT=hang:0 -- "${kernel[@]}"
fails 5 "self-test: sw_emu: the device process has ended" ZT_FAULT=crash:0 -- "${kernel[@]}"
fails 5 "device process has ended" ZT_FAULT=hang:1 SWEMU_WATCHDOG_MS=300 -- --xclbin "$faulty"

# a board with next to no memory: buffers are refused
mkdir small
sed 's/"4GB"/"64K"/' "$ZURT_SWEMU/emconfig.json" >small/emconfig.json
grep -q 64K small/emconfig.json || fail "emconfig.json has no 4GB"
fails 5 "no room for a buffer of" EMCONFIG_PATH="$PWD/small" --
falls_back EMCONFIG_PATH="$PWD/small" --

head -c 3000 "$ZURT_SWEMU/zurt-kv260.xclbin" >part.xclbin
fails 3 "truncated: the header says" -- --xclbin part.xclbin
head -c 100 "$ZURT_SWEMU/zurt-kv260.xclbin" >part.xclbin
fails 3 "truncated: 100 bytes, the header alone has 456" -- --xclbin part.xclbin
: >part.xclbin
fails 3 "the file is empty" -- --xclbin part.xclbin
fails 3 "not an xclbin" -- --xclbin "$SMALL"
fails 1 "No such file or directory" -- --xclbin nonexistent.xclbin
fails 5 "no capability table" -- --xclbin "$xclbins/no_table.xclbin"
fails 3 "capability table: damaged" -- --xclbin "$xclbins/damaged.xclbin"
fails 5 "the capability table is of another engine" -- --xclbin "$xclbins/other_board.xclbin"
falls_back -- --xclbin "$xclbins/no_table.xclbin"
falls_back -- --xclbin "$xclbins/other_board.xclbin"
fails 3 "engine has version" -- --xclbin "$xclbins/test.xclbin"

# the environment
fails 5 "no PL: no render node" -u XCL_EMULATION_MODE --
fails 5 "XRT would end the program: no lib/libxrt_swemu.so.2" XILINX_XRT=/nonexistent --
mkdir -p broken/lib
: >broken/lib/libxrt_swemu.so.2
fails 5 "libxrt_swemu.so.2: file too short" XILINX_XRT="$PWD/broken" --
fails 5 "no device process below XILINX_VITIS" XILINX_VITIS=/nonexistent --
falls_back -u XCL_EMULATION_MODE --
