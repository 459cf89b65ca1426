# Names of files and models never reach a terminal as they are.
esc=$(printf '\033[31m\001\302\233x\342\200\256\377')
shown='\\x1b\[31m\\x01\\u009bx\\u202e\\xff'
clean() { # FILE: no control but the newline, no C1, no reversal, UTF-8
    ! LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]' "$1" ||
        fail "control characters in $1: $(od -c "$1" | head)"
    iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || fail "$1 is not UTF-8"
}
cp "$SMALL" "$esc.zurt"
cp "$MODELS/mnist_small.onnx" "$esc.onnx"
for arguments in "info" "inspect" "bench --runs 2" "bench --runs 2 --csv" "eval --data $EVAL --limit 5" "run $EVAL#0"; do
    # shellcheck disable=SC2086 # words
    exits 0 zurt ${arguments%% *} "$esc.zurt" $(cut -s -d' ' -f2- <<<"$arguments")
    clean out
    clean err
    [ "${arguments%% *}" = run ] || [ "${arguments%% *}" = inspect ] || says "$shown" out
done
# The description names the source.
exits 0 zurt compile "$esc.onnx" --calib "$CALIB" --labels <(printf '%s\n' "$esc"{0..9}) -o a.zurt
clean out
exits 0 zurt info a.zurt
clean out
says "^a.zurt: $shown.onnx, mse calibration" out
exits 0 zurt run a.zurt "$EVAL#0"
clean out
says "$shown[0-9]" out
exits 0 zurt info a.zurt --json
clean out
# Messages.
for arguments in "info $esc" "run $esc.zurt $esc" "eval $esc.zurt --data idx:$esc" "$esc" \
    "run --$esc" "compile a.onnx --method $esc -o b" "inspect $esc.onnx --dot $esc/$esc.dot"; do
    code=0
    # shellcheck disable=SC2086 # words
    zurt $arguments >out 2>err || code=$?
    [ $code != 0 ] || fail "no failure: $arguments"
    says '\\x1b\[31m' err
    clean err
done
