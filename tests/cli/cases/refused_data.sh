# DATA that does not fit: refused with what is wrong.
images=$FIXTURE/eval-images.idx
labels=$FIXTURE/eval-labels.idx
refuse() { # EXIT DATA PATTERN
    exits "$1" zurt eval "$SMALL" --data "$2"
    empty out
    says "$3" err
}
refuse 1 idx:none.idx,$labels "No such file"
refuse 1 idx:$images,none.idx "No such file"
refuse 3 idx:$labels,$labels "labels.idx"
refuse 3 idx:$images,$images "images.idx"
refuse 3 idx:$images,$FIXTURE/calib-labels.idx "200"
head -c 5000 "$images" >short.idx
refuse 3 idx:short.idx,$labels "short.idx"
echo text >text.npy
refuse 3 npy:text.npy "text.npy"
head -c 1000 "$images" >odd.raw
refuse 3 raw:odd.raw "1000 bytes"
refuse 3 raw:/dev/zero "a device, which has no end"
refuse 3 npy:/dev/zero "/dev/zero"
truncate -s 5G large.raw # of holes
refuse 3 raw:large.raw "more than 4 GiB"
rm large.raw
mkdir nothing
refuse 3 dir:nothing "nothing"
exits 2 zurt eval "$SMALL" --data nonsense:x
exits 2 zurt eval "$SMALL" --data nonsense
exits 2 zurt eval "$SMALL" --data random:0
