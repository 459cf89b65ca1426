# Every step of an inference as the kernel sees it: the real library is opened, the device process
# is started and loads the engine, and they speak over a socket. Without --device xrt none of it.
export ZURT_SWEMU=${XRT_NEXT_SWEMU:-$ZURT_BUILD/swemu}
command -v strace >/dev/null || { echo "skipped: no strace" && exit 77; }
strace -o trace true 2>why || { echo "skipped: strace may not trace: $(head -n 1 why)" && exit 77; }

export ASAN_OPTIONS=detect_leaks=0

trace() { # DEVICE: leaves a file per process
    rm -f trace.*
    "$ZURT_SOURCE/scripts/swemu-env" --timeout 120 \
        strace -ff -y -s 256 -o trace -e trace=execve,openat,connect \
        zurt run "$SMALL" "$EVAL#0" --device "$1" --json >out
    grep '"sha256"' out >"$1"
}

traced() { # WHAT PATTERN FILE...: and prints the first such line
    echo "$1:"
    grep -h -m 1 -E "$2" "${@:3}" || fail "no $1 in the trace"
}

trace cpu
if grep -E 'libxrt|genericpciemodel' trace.*; then
    fail "the CPU needs XRT"
fi
trace xrt
cmp cpu xrt
traced "libxrt_coreutil" 'openat\(.*"[^"]*/libxrt_coreutil\.so\.2".* = [0-9]' trace.*
traced "the shim" "openat\(.*\"$ZURT_SWEMU/lib/libxrt_swemu\.so\.2\".* = [0-9]" trace.*
started="execve\(\"$ZURT_SWEMU/data/[^\"]*/genericpciemodel\".* = 0"
traced "the device process" "$started" trace.*
device=$(grep -l -E "$started" trace.*)
traced "the engine, loaded by it" 'openat\(.*/dltmp", O_RDONLY.* = [0-9]' "$device"
traced "its connection" 'connect\(.*sun_path="/tmp/[^"]*/device0_.* = 0' "$device"
