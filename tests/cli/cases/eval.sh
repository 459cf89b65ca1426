# Accuracy over labelled data.
exits 0 zurt eval "$SMALL" --data "$EVAL" --json
json out 'o["samples"] == 500' '0.97 < o["top1"] < 1' 'o["top1"] <= o["top5"] <= 1' \
    'len(o["confusion"]) == 10' 'all(len(row) == 10 for row in o["confusion"])' \
    'sum(map(sum, o["confusion"])) == 500' \
    'sum(o["confusion"][i][i] for i in range(10)) == round(o["top1"] * 500)' \
    'all(sum(row) == 50 for row in o["confusion"])'
exits 0 zurt eval "$MODELS/mnist_cnn.onnx" --data "$EVAL" --json --limit 50
json out 'o["samples"] == 50' 'o["top1"] > 0.97'
exits 0 zurt eval "$CNN" --data "$EVAL"
says "[0-9.]+ % top-1" out
empty err

# Compressed files, a batch, a wrong normalisation, an offset.
gzip -c "$FIXTURE/eval-images.idx" >i.gz
gzip -c "$FIXTURE/eval-labels.idx" >l.gz
zurt eval "$SMALL" --data "$EVAL" --json | grep -v '"data"' >plain
zurt eval "$SMALL" --data idx:i.gz,l.gz --json | grep -v '"data"' | cmp - plain
zurt compile "$MODELS/mnist_small.onnx" --calib "$CALIB" --samples 100 --batch 7 -o b7.zurt >out
zurt eval b7.zurt --data "$EVAL" --json | grep -v '"data"\|"model"' >seven
grep -v '"model"' plain | cmp - seven
exits 0 zurt eval "$MODELS/mnist_small.onnx" --data "$EVAL" --input-norm 1/0.01 --json
json out 'o["top1"] < 0.9'
exits 0 zurt eval "$SMALL" --data "$EVAL" --label-offset 1 --json
json out 'o["top1"] < 0.1'

# The same samples as arrays and as raw tensors.
{
    printf '\223NUMPY\1\0v\0%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (500, 28, 28), }"
    tail -c +17 "$FIXTURE/eval-images.idx"
} >x.npy
{
    printf '\223NUMPY\1\0v\0%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (500,), }"
    tail -c +9 "$FIXTURE/eval-labels.idx"
} >y.npy
zurt eval "$SMALL" --data npy:x.npy,y.npy --json | grep -v '"data"' | cmp - plain
tail -c +9 "$FIXTURE/eval-labels.idx" | od -An -v -tu1 -w1 >labels.txt
zurt compile "$MODELS/mnist_small.onnx" --calib "$CALIB" --io uint8 -o u8.zurt >out
tail -c +17 "$FIXTURE/eval-images.idx" >x.raw
exits 0 zurt eval u8.zurt --data raw:x.raw,labels.txt --json
json out 'o["samples"] == 500' 'o["top1"] > 0.97'

# Pictures in a folder.
mkdir pictures
cp "$ZURT_SOURCE/tests/cli/seven.jpg" pictures/7_drawn.jpg
exits 0 zurt eval "$SMALL" --data dir:pictures --json
json out 'o["samples"] == 1' 'o["top1"] == 1'
mv pictures/7_drawn.jpg pictures/drawn.jpg
echo "drawn.jpg 7" >classes.txt
exits 0 zurt eval "$SMALL" --data dir:pictures,classes.txt --json
json out 'o["top1"] == 1'

# Noise is for smoke tests, and says so.
exits 0 zurt eval "$SMALL" --data random:3 --json
json out 'o["samples"] == 3' 'o["top1"] is None'
says "smoke tests" err

exits 0 zurt eval "$SMALL" --data "$EVAL" --html page.html
says "<table|<svg" page.html
