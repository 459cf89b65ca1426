# A result that cannot be written is a failure, not a silence.
[ -e /dev/full ] || { echo "skipped: no /dev/full"; exit 77; }
for arguments in "info" "info $SMALL" "inspect $SMALL" "eval $SMALL --data $EVAL --limit 10" \
    "run $SMALL $EVAL#0 --json"; do
    code=0
    # shellcheck disable=SC2086
    zurt $arguments >/dev/full 2>err || code=$?
    [ $code = 1 ] || fail "exit $code: $arguments"
    says "No space left" err
done
