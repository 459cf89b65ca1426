# Every kind of failure: its exit code, and with --json an object that names it.
unset XCL_EMULATION_MODE ZURT_XCLBIN
float=$MODELS/mnist_small.onnx
printf '\0\0\010\003\0\0\0\002\0\0\0\0\0\0\0\0' >zero.idx
printf 'zero\0hidden\none\ntwo\n' >nul.txt
head -c 100 "$SMALL" >cut.zurt
head -c 100 "$float" >cut.onnx
mkdir pictures
cp "$ZURT_SOURCE/tests/cli/seven.jpg" pictures
fails() { # EXIT STATUS PATTERN ARGUMENTS...
    local want=$1 status=$2 pattern=$3
    shift 3
    exits "$want" zurt "$@"
    says "$pattern" err
    empty out
    exits "$want" zurt "$@" --json
    says "$pattern" err
    json out "o['error']['exit'] == $want" "o['error']['status'] == '$status'" "o['command'] == '$1'"
}
convert=(-o out.zurt --samples 8 --sqnr-samples 0)
fails 1 ZURT_E_IO "none" run none.zurt in.raw
fails 1 ZURT_E_IO "none" eval "$SMALL" --data idx:none
fails 1 ZURT_E_IO "no/such" inspect "$float" --dot no/such/folder.dot
fails 2 USAGE "no command 'nope'" nope
fails 2 USAGE "'--nope' is not an option" bench "$SMALL" --nope
fails 2 USAGE "wants one MODEL" bench
fails 2 USAGE "there is no node 'nope'" compile "$float" --calib "$CALIB" "${convert[@]}" --keep-float nope
fails 2 USAGE "there is no node 'nope'" quantize "$float" --calib "$CALIB" -o out.onnx \
    --keep-float nope
fails 2 USAGE "--calib DATA is needed" compile "$float" "${convert[@]}"
fails 2 USAGE "what the command reads" quantize "$float" --calib "$CALIB" -o "$float" --force
fails 3 ZURT_E_FORMAT "" run cut.zurt in.raw
fails 3 ZURT_E_FORMAT "" inspect cut.onnx
fails 3 ZURT_E_FORMAT "zero.idx: 2 pictures of 0 x 0 pixels" eval "$SMALL" --data idx:zero.idx
fails 3 ZURT_E_FORMAT "zero.idx: 2 pictures of 0 x 0 pixels" compile "$float" --calib idx:zero.idx \
    "${convert[@]}"
fails 3 ZURT_E_FORMAT "nul.txt: byte 4 is NUL" compile "$float" --calib "$CALIB" "${convert[@]}" \
    --labels nul.txt
fails 3 ZURT_E_FORMAT "nul.txt: byte 4 is NUL" eval "$SMALL" --data dir:pictures,nul.txt
[ -e /dev/dri ] || # perhaps a board
    fails 5 ZURT_E_DEVICE "no PL" run "$SMALL" "$EVAL#0" --device xrt
only zero.idx nul.txt cut.zurt cut.onnx pictures pictures/seven.jpg

# 6 is an answer: the object is the result.
zurt compile "$float" --calib random:8 -o noise.zurt >/dev/null 2>&1
exits 6 zurt compare "$SMALL" noise.zurt --data "$EVAL" --json
json out 'o["changed"] > 0' '"error" not in o'
