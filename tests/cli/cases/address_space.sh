# A float model and a .zurt compute in a short address space.
float=$MODELS/mnist_small.onnx
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
short 0 150000 eval "$float" --data "$EVAL" --limit 10 --threads 1
