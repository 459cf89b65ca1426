# DATA that opens but is damaged inside, or whose classes cannot be read.
gzip -c "$FIXTURE/eval-labels.idx" >whole.gz
exits 0 zurt eval "$SMALL" --data "idx:$FIXTURE/eval-images.idx,whole.gz" --limit 10
head -c 30 whole.gz >cut.gz
exits 3 zurt eval "$SMALL" --data "idx:$FIXTURE/eval-images.idx,cut.gz"
empty out
says "cut.gz: ends in the middle of its gzip data" err

# A header decides what is unpacked: no more is, and none that asks for too much.
head -c 67108864 /dev/zero | gzip -1 >zeros.gz
{ head -c 16 "$FIXTURE/eval-images.idx" | gzip && cat zeros.gz; } >bomb.gz
exits 3 zurt eval "$SMALL" --data idx:bomb.gz
says "bomb.gz: goes on after the [0-9]+ bytes its header announces" err
printf '\0\0\10\3\177\377\377\377\177\377\377\377\177\377\377\377' >huge.idx
exits 3 zurt eval "$SMALL" --data idx:huge.idx
says "huge.idx: its header asks for more than" err

# Tensors are not unpacked, whatever their first bytes.
{ printf '\37\213' && head -c 782 /dev/zero; } >magic.raw
exits 0 zurt run "$SMALL" magic.raw

# Labels: a heading may stand first; any other line has a class.
head -c 1568 "$FIXTURE/eval-images.idx" >two.raw
printf 'file,class\na.png,3\n\nb.png,4\n' >good.csv
exits 0 zurt eval "$SMALL" --data raw:two.raw,good.csv
printf 'a.png,3\nnone\n' >bad.csv
exits 3 zurt eval "$SMALL" --data raw:two.raw,bad.csv
says "bad.csv:2" err
printf '12345678901\n3\n' >long.csv
exits 3 zurt eval "$SMALL" --data raw:two.raw,long.csv
says "long.csv:1" err

# u8 .npy are pictures: of another size they are fitted, as others are.
npy() { # SHAPE BYTES
    printf '\x93NUMPY\x01\x00\x76\x00'
    printf "%-117s\n" "{'descr': '|u1', 'fortran_order': False, 'shape': $1, }"
    head -c "$2" /dev/zero
}
npy '(2, 14, 14)' 392 >half.npy
exits 0 zurt eval "$SMALL" --data npy:half.npy --quiet
npy '(2, 14)' 28 >row.npy
exits 3 zurt eval "$SMALL" --data npy:row.npy
says "takes 784 values" err
