# OpenBLAS is loaded by what computes with it alone: nothing else waits for it, or wants it.
float=$MODELS/mnist_small.onnx

# Not installed, as far as the loader can tell.
mkdir lib
touch lib/libopenblas.so.0
without=(env LD_LIBRARY_PATH="$PWD/lib")
for arguments in "--version" "info $SMALL" "inspect $SMALL" "run $SMALL $EVAL#0" \
    "info $float" "bench $SMALL --runs 2" "eval $SMALL --data $EVAL --limit 10"; do
    # shellcheck disable=SC2086 # words
    exits 0 "${without[@]}" zurt $arguments
done
# What computes in float does it with zurt's own kernels, says so once, and comes to the same.
confusion() { # FILE
    grep -A10 '"confusion"' "$1"
}
exits 0 zurt eval "$float" --data "$EVAL" --limit 200 --json
confusion out >want
exits 0 "${without[@]}" zurt eval "$float" --data "$EVAL" --limit 200 --json
confusion out >got
cmp want got
says "no OpenBLAS \(Debian: apt-get install libopenblas0\): .*libopenblas.so.0.*; zurt's own" err
exits 0 "${without[@]}" zurt compile "$float" --calib "$CALIB" -o a.zurt
[ "$(grep -c 'no OpenBLAS' err)" = 1 ] || fail "it is said $(grep -c 'no OpenBLAS' err) times"
exits 0 zurt compile "$float" --calib "$CALIB" -o b.zurt
exits 0 zurt eval b.zurt --data "$EVAL" --limit 200 --json
confusion out >want
exits 0 zurt eval a.zurt --data "$EVAL" --limit 200 --json
confusion out >got
cmp want got
only lib lib/libopenblas.so.0 a.zurt b.zurt want got

# A short address space: OpenBLAS would ask for its buffers for ever.
zurt info >facts
grep -q '^sanitizers *none' facts || { echo "skipped: a sanitizer maps terabytes"; exit 77; }
short() { # CODE KIB ARGUMENTS...
    local want=$1 limit=$2
    shift 2
    (
        ulimit -v "$limit"
        exits "$want" timeout 60 zurt "$@"
    )
}
short 0 150000 --version
short 0 150000 info "$SMALL"
short 0 150000 bench "$SMALL" --runs 2 --device cpu --threads 1
short 0 150000 run "$SMALL" "$EVAL#0" --device cpu --threads 1
short 0 200000 eval "$float" --data "$EVAL" --limit 10 --threads 1
says "OpenBLAS maps 128 MiB for each of [0-9]+ threads.*ulimit -v.*zurt's own float kernels" err
# Room for the buffers, not for what else OpenBLAS maps, or for all: an answer either way.
for limit in $(seq 150000 50000 400000); do
    code=0
    (ulimit -v "$limit" && exec timeout 60 zurt eval "$float" --data "$EVAL" --limit 10 --threads 1) \
        >out 2>err || code=$?
    [ $code != 124 ] || fail "with $limit KiB it waits for ever"
done
