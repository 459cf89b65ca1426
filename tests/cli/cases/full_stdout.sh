# A result that cannot be written is a failure, not a silence.
[ -e /dev/full ] || { echo "skipped: no /dev/full"; exit 77; }
convert="$MODELS/mnist_small.onnx --calib $CALIB --samples 8 --sqnr-samples 0 -o"
for arguments in "--help" "-h" "--version" "help" "help run" "run --help" "info" "info --json" \
    "info $SMALL" "inspect $SMALL" "inspect $SMALL --dot -" "eval $SMALL --data $EVAL --limit 10" \
    "eval $SMALL --data $EVAL --limit 10 --html -" "run $SMALL $EVAL#0" "run $SMALL $EVAL#0 --json" \
    "compare $SMALL $SMALL --data $EVAL --limit 10" "bench $SMALL --runs 2" \
    "bench $SMALL --runs 2 --csv" "compile $convert -" "compile $convert a.zurt --force" \
    "quantize $convert -"; do
    code=0
    # shellcheck disable=SC2086
    zurt $arguments >/dev/full 2>err || code=$?
    [ $code = 1 ] || fail "exit $code: $arguments"
    says "No space left|not all of it could be written" err
done
