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
zurt eval "$SMALL" --data "$EVAL" --json | grep -v '"data' >plain
zurt eval "$SMALL" --data idx:i.gz,l.gz --json | grep -v '"data' | cmp - plain
for threads in 1 2 5; do # as many runs in flight: the same answers, in the same order
    zurt eval "$SMALL" --data "$EVAL" --json --threads $threads | grep -v '"data' | cmp - plain
done
# A batch takes the samples in sevens: with none held out the same ones calibrate.
all=(--calib "$CALIB" --samples 100 --hold-out 0 --method mse)
zurt compile "$MODELS/mnist_small.onnx" "${all[@]}" -o b1.zurt >out
zurt compile "$MODELS/mnist_small.onnx" "${all[@]}" --batch 7 -o b7.zurt >out
zurt eval b1.zurt --data "$EVAL" --json | grep -v '"data\|"model' >one
zurt eval b7.zurt --data "$EVAL" --json | grep -v '"data\|"model' | cmp - one
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
zurt eval "$SMALL" --data npy:x.npy,y.npy --json | grep -v '"data' | cmp - plain
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

# Folders are matched with the classes by number, by name or by WordNet id, not by their order.
picture=$ZURT_SOURCE/tests/cli/seven.jpg
printf '%s\n' zero one two three four five six "seven, sept" eight nine >digits.txt
for folder in 7 seven SEVEN sept; do
    rm -rf tree && mkdir -p "tree/$folder"
    cp "$picture" "tree/$folder/a.jpg"
    exits 0 zurt eval "$SMALL" --data dir:tree --labels digits.txt --json
    json out 'o["top1"] == 1' 'o["files"] == []'
    empty err
done
printf 'n0000000%d digit %d\n' 0 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9 9 >synsets.txt
rm -rf tree && mkdir -p tree/n00000007 tree/n00000003
cp "$picture" tree/n00000007/a.jpg
cp "$picture" tree/n00000003/b.jpg
exits 0 zurt eval "$SMALL" --data dir:tree --labels synsets.txt --files
says "^wrong   tree/n00000003/b.jpg: is 3 n00000003 digit 3; taken for 7 n00000007 digit 7$" out
exits 0 zurt eval "$SMALL" --data dir:tree --labels synsets.txt --json
json out '[f["file"] for f in o["files"]] == ["tree/n00000003/b.jpg"]' 'o["files"][0]["label"] == 3' \
    'o["files"][0]["predicted"] == [7]'
mv tree/n00000003 tree/other
exits 3 zurt eval "$SMALL" --data dir:tree --labels synsets.txt
says "folder 'other' has the name of no class" err
exits 0 zurt eval "$SMALL" --data dir:tree
says "the 2 folders are taken for classes 0 to 1 in the order of their names" err
exits 0 zurt eval "$SMALL" --data dir:pictures --labels classes.txt --json
says "classes.txt has 1 names, .* tells 10 classes apart" err

# A name sets the class itself: an offset is for numbers. A name that two classes have is refused.
rm -rf tree && mkdir -p tree/seven
cp "$picture" tree/seven/a.jpg
exits 0 zurt eval "$SMALL" --data dir:tree --labels digits.txt --label-offset 8 --json
json out 'o["top1"] == 1'
sed s/two/seven/ digits.txt >twice.txt
exits 3 zurt eval "$SMALL" --data dir:tree --labels twice.txt
says "folder 'seven' has the name of classes 2 and 7" err

# Folders of which some have a class's number are not taken in their order; an empty one says nothing.
for stranger in misc 10; do
    rm -rf tree && mkdir -p tree/7 tree/8 tree/$stranger
    cp "$picture" tree/7/a.jpg
    cp "$picture" tree/8/b.jpg
    exits 0 zurt eval "$SMALL" --data dir:tree --json
    json out 'o["labelled"] == 2' '[f["label"] for f in o["files"]] == [8]'
    empty err
    cp "$picture" tree/$stranger/c.jpg
    exits 3 zurt eval "$SMALL" --data dir:tree
    says "folder '$stranger' has the number of no class \(0 to 9\), 2 of 2 others have.*LABELS.txt" err
done

# A class that the model does not have is none, in every count, and is said once.
tail -c +9 "$FIXTURE/eval-labels.idx" | od -An -v -tu1 -w1 | awk '{ print $1 + 1 }' >from_one.txt
exits 0 zurt eval u8.zurt --data raw:x.raw,from_one.txt --json
json out 'o["samples"] == 500' 'o["labelled"] == 450' 'sum(map(sum, o["confusion"])) == 450' \
    'all(f["label"] in range(1, 10) for f in o["files"])'
says "50 of 500 samples have a class that the model does not have.*has 10, the model 0 to 9" err
says "do the labels begin at 1, or is --label-offset wrong\?" err
sed 's/.*/50/' from_one.txt >fifty.txt
exits 0 zurt eval u8.zurt --data raw:x.raw,fifty.txt --json
json out 'o["labelled"] == 0' 'o["top1"] is None' 'o["files"] == []'
exits 0 zurt eval u8.zurt --data raw:x.raw,fifty.txt --files
says "500 samples without known classes" out
! grep -q wrong out || fail "samples without classes are wrong"
exits 0 zurt compare u8.zurt u8.zurt --data raw:x.raw,fifty.txt --json
json out 'o["a"]["labelled"] == 0' 'o["files"] == []'
says "500 of 500 samples have a class" err
sed 's/.*/999999999/' from_one.txt >huge.txt
exits 0 zurt eval u8.zurt --data raw:x.raw,huge.txt --label-offset 1000000
says "has 1000999999, the model 0 to 9" err
rm -rf tree && mkdir tree
cp "$picture" tree/2024_holiday.png
exits 0 zurt eval "$SMALL" --data dir:tree --json
json out 'o["labelled"] == 0' 'o["files"] == []'
says "the first, tree/2024_holiday.png, has 2024.*begins with is its class" err

# Lines of LABELS: a heading, blanks in a name, and names of no picture.
rm -rf tree && mkdir tree
cp "$picture" "tree/my pic.jpg"
cp "$picture" tree/s.jpg
printf 'filename class\r\nmy pic.jpg 7\r\n\r\ns.jpg\t7\r\n' >lines.txt
exits 0 zurt eval "$SMALL" --data dir:tree,lines.txt --json
json out 'o["labelled"] == 2' 'o["top1"] == 1'
empty err
printf 's.jpg 7\nnofile.jpg 7\ntree/s.jpg 7\n' >lines.txt
exits 0 zurt eval "$SMALL" --data dir:tree,lines.txt --json
json out 'o["labelled"] == 1' 'o["top1"] == 1'
says "lines.txt: 2 of 3 lines name no picture of the folder, the first is line 2, 'nofile.jpg'" err
for line in "s.jpg 7.9" "s.jpg -5" "s.jpg 1000000000" "s.jpg seven" "my pic.jpg" s.jpg 7; do
    for number in 1 2; do
        head -n $number - <<<"$line
$line" >lines.txt
        [ $number = 1 ] || sed -i '1s/.*/s.jpg 7/' lines.txt
        exits 3 zurt eval "$SMALL" --data dir:tree,lines.txt
        says "lines.txt:$number: wants .filename class., a whole number" err
    done
done
