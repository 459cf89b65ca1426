# What every command writes: regular files that it does not read, whole or not at all.
model=$MODELS/mnist_small.onnx
cp "$model" model.onnx
cp "$SMALL" small.zurt
printf '%s\n' zero one two three four five six seven eight nine >labels.txt
convert=(compile model.onnx --calib "$CALIB")

# Devices, FIFOs and folders stay what they are, with --force too.
mkfifo fifo fifo.zurt fifo.onnx
mkdir folder folder.zurt folder.onnx
refused() { # COMMAND PATH
    # shellcheck disable=SC2086 # words
    exits 1 zurt $1 "$2" --force
    says "$2: exists and is not a regular file; '-' writes to stdout" err
}
for command in "inspect model.onnx --dot" "inspect model.onnx --svg" \
    "${convert[*]} -o a.zurt --report" "eval small.zurt --data $EVAL --limit 10 --html" \
    "compare small.zurt small.zurt --data $EVAL --limit 10 --html"; do
    for path in fifo folder /dev/null; do
        refused "$command" $path
    done
done
for path in fifo folder; do
    refused "${convert[*]} -o" $path.zurt
    refused "quantize model.onnx --calib $CALIB -o" $path.onnx
done
[ -p fifo ] && [ -d folder ] && [ -c /dev/null ] && [ -p fifo.zurt ] && [ -d folder.onnx ] ||
    fail "an output replaced what is no file"
rm -r fifo* folder*

# Not an input, under any of its names; not another output.
same() { # ARGUMENTS...
    exits 2 zurt "$@" --force
    says "is what the command reads" err
}
ln -s model.onnx link.zurt
ln small.zurt hard.zurt
mkdir pictures
cp "$FIXTURE/calib-images.idx" images.idx
cp "$FIXTURE/calib-labels.idx" classes.idx
cp images.idx pictures/1.jpg
ln model.onnx model.zurt
ln images.idx images.zurt
ln classes.idx classes.zurt
ln -s 1.jpg pictures/1.zurt
same "${convert[@]}" -o model.zurt
same "${convert[@]}" -o link.zurt
same "${convert[@]}" -o a.zurt --report ./model.onnx
same "${convert[@]}" -o a.zurt --labels labels.txt --report labels.txt
same compile model.onnx --calib idx:images.idx,classes.idx -o images.zurt
same compile model.onnx --calib idx:images.idx,classes.idx -o classes.zurt
same compile model.onnx --calib dir:pictures -o "$PWD/pictures/1.zurt"
same quantize model.onnx --calib "$CALIB" -o model.onnx
same inspect model.onnx --dot model.onnx
same eval small.zurt --data idx:images.idx,classes.idx --html images.idx
same compare model.onnx small.zurt --data "$EVAL" --html hard.zurt
head -c 784 /dev/zero >in.0.0.s8
same run small.zurt in.0.0.s8 "$EVAL#0" -o in
for pair in "a.zurt a.zurt" "a.zurt ./a.zurt" "folder/a.zurt folder/../folder/a.zurt"; do
    mkdir -p folder
    exits 2 zurt "${convert[@]}" -o "${pair% *}" --report "${pair#* }"
    says "is written twice" err
done
rmdir folder
cmp model.onnx "$model"
cmp small.zurt "$SMALL"
cmp images.idx "$FIXTURE/calib-images.idx"
exits 2 zurt inspect model.onnx --dot - --svg -
exits 2 zurt inspect model.onnx --dot - --json
exits 2 zurt run small.zurt "$EVAL#0" -o -
says "-o is the PREFIX of a file for each output" err
exits 2 zurt "${convert[@]}" -o - --report -
rm -r pictures images.* classes.* in.0.0.s8 hard.zurt model.zurt

# Several files: all, or none.
echo old >pre.1.0.s8
exits 1 zurt run small.zurt "$EVAL#0" "$EVAL#1" -o pre
says "pre.1.0.s8: exists" err
[ ! -e pre.0.0.s8 ] || fail "written before the other was refused"
exits 0 zurt run small.zurt "$EVAL#0" "$EVAL#1" -o pre --force
[ "$(stat -c %s pre.0.0.s8 pre.1.0.s8 | tr '\n' ' ')" = "10 10 " ] || fail "not both outputs"
rm pre.*

# An existing file keeps its mode; a link stays, and what it names is written.
echo old >target.zurt
chmod 640 target.zurt
ln -s target.zurt out.zurt
exits 0 zurt "${convert[@]}" -o out.zurt --force
[ -L out.zurt ] || fail "the link was replaced"
[ "$(stat -c %a target.zurt)" = 640 ] || fail "the mode became $(stat -c %a target.zurt)"
cmp -n 4 target.zurt "$SMALL" || fail "what the link names was not written"
ln -s nowhere/to/be/found dangling.zurt
exits 1 zurt "${convert[@]}" -o dangling.zurt --force
says "symbolic link to a file that does not exist" err
umask 027
exits 0 zurt "${convert[@]}" -o new.zurt --report new.txt --force
[ "$(stat -c %a new.zurt) $(stat -c %a new.txt)" = "640 640" ] || fail "new files ignore the umask"
only model.onnx link.zurt small.zurt labels.txt target.zurt out.zurt dangling.zurt new.zurt new.txt
rm target.zurt out.zurt dangling.zurt new.zurt new.txt link.zurt

# stdout, and nothing else on it.
exits 0 zurt "${convert[@]}" -o -
zurt "${convert[@]}" -o direct.zurt >/dev/null
cmp out direct.zurt
exits 0 zurt quantize model.onnx --calib "$CALIB" -o -
zurt quantize model.onnx --calib "$CALIB" -o direct.onnx >/dev/null
cmp out direct.onnx
exits 0 zurt eval small.zurt --data "$EVAL" --limit 10 --html -
zurt eval small.zurt --data "$EVAL" --limit 10 --html direct.html >/dev/null
cmp out direct.html
rm direct.*

# A signal while a file is being written takes the half of it along; the old one stays.
started() { # PID: waits until it is writing
    until [ -e started ]; do
        kill -0 "$1" 2>/dev/null || fail "zurt ended before it drew: $(cat err)"
        sleep 0.05
    done
}
mkdir bin
cat >bin/dot <<'END'
#!/bin/sh
touch started
while [ -e started ]; do sleep 0.05; done
END
chmod +x bin/dot
echo old >a.svg
for signal in HUP INT QUIT TERM; do
    # A shell ignores INT and QUIT for what it starts behind its back: give them back.
    env --default-signal PATH="$PWD/bin:$PATH" zurt inspect model.onnx --svg a.svg --force 2>err &
    pid=$!
    started $pid
    [ "$(find . -name 'a.svg.*' | wc -l)" = 1 ] || fail "no temporary to look at"
    kill -$signal $pid
    code=0
    wait $pid || code=$?
    [ $code = $((128 + $(kill -l $signal))) ] || fail "$signal: exit $code"
    [ -z "$(find . -name 'a.svg.*')" ] || fail "$signal left a temporary"
    [ "$(cat a.svg)" = old ] || fail "$signal: the old file is gone"
    rm started
done
# What is ignored, as under nohup, stays so.
(
    trap '' HUP
    PATH="$PWD/bin:$PATH" exec zurt inspect model.onnx --svg a.svg --force >out 2>err
) &
pid=$!
started $pid
kill -HUP $pid
sleep 0.2
rm started
wait $pid || fail "HUP, ignored, ended the command"
