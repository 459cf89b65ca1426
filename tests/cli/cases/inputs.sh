# What goes into a network: batches, several inputs, types and shapes of arrays; and what is refused
# because it could be read in two ways.
batch_models
gives() { # WANTED TOLERANCE MODEL INPUT...
    local want=$1 tolerance=$2
    shift 2
    rm -f got.*
    exits 0 zurt run "$@" -o got
    near got.0.0.f32 "$want" "$tolerance"
}
for model in same boxes vector; do
    gives want.f32 1e-5 $model.onnx x.f32
    gives want.f32 1e-5 $model.onnx x.npy
    gives want.f32 1e-5 $model.onnx x=x.npy
    gives want.f32 1e-5 $model.onnx nhwc.f32 --layout nhwc
    exits 0 zurt compile $model.onnx --calib npy:x.npy -o $model.zurt --json
    json out 'o["output_sqnr_db"] > 30'
    exits 0 zurt compare $model.onnx $model.zurt --data npy:stacked.npy --max-changed 4
done
# Pictures fill a batch one by one, where the outputs tell which is whose.
seven=$ZURT_SOURCE/tests/cli/seven.jpg
exits 0 zurt run boxes.onnx "$seven"
exits 4 zurt run vector.onnx "$seven"
says "'x' takes 2 pictures at once.*--batch 1" err

# Several inputs: each its own file; one file where that can be read in one way only.
gives sum.f32 0 two2.onnx a=a.f32 b=b.f32
gives sum.f32 0 two2.onnx b=b.f32 a=a.npy
exits 3 zurt run two2.onnx ab.f32
says "whole tensors or sample after sample.*NAME=" err
head -c 8 a.f32 >ab1.f32
head -c 8 b.f32 >>ab1.f32
exits 0 zurt run two1.onnx ab1.f32 a=raw:a.f32#1 b=raw:b.f32#1 -o one
near one.0.0.f32 <(head -c 8 sum.f32) 0
near one.1.0.f32 <(tail -c 8 sum.f32) 0
exits 3 zurt run two1.onnx a=a.f32
says "input 'b' is given no data" err
exits 3 zurt run two1.onnx a=a.f32 a=a.f32
exits 3 zurt run two1.onnx c=a.f32
says "has the input 'a'" err
exits 4 zurt run two1.onnx a.npy
says "feeds one input, the model has 2.*NAME=DATA" err
exits 0 zurt compile two2.onnx --calib a=npy:a.npy,b=raw:b.f32 -o two.zurt
exits 0 zurt compare two2.onnx two.zurt --data b=raw:b.f32,a=raw:a.f32 --max-changed 9
exits 3 zurt compile two1.onnx --calib a=npy:a.npy,b=raw:ab1.f32,c=random:2 -o never.zurt
says "no input 'c'" err
exits 3 zurt compile two1.onnx --calib a=npy:a.npy,b=random:3 -o never.zurt
says "'a' has 2 samples, 'b' has 3" err

# The classes of several inputs are those of the part that knows some, labels or folders; its labels
# end at a comma wherever it stands.
mkdir -p photos tree/1 tree/2
cp "$seven" photos/a.jpg
cp "$seven" photos/b.jpg
cp "$seven" tree/1/a.jpg
cp "$seven" tree/2/b.jpg
for data in x=dir:tree,bias=npy:bias.npy bias=npy:bias.npy,x=dir:tree \
    x=dir:photos,bias=npy:bias.npy,right.npy bias=npy:bias.npy,right.npy,x=dir:photos; do
    exits 0 zurt eval biased.onnx --data $data --json
    json out 'o["labelled"] == 2' 'o["top1"] == 1' 'o["files"] == []'
    empty err
    exits 0 zurt compare biased.onnx biased.onnx --data $data --json
    json out 'o["a"]["labelled"] == 2' 'o["b"]["top1"] == 1'
done
exits 0 zurt eval biased.onnx --data bias=npy:bias.npy,wrong.npy,x=dir:photos --json
json out 'o["top1"] == 0.5' \
    '[(f["file"], f["label"], f["predicted"]) for f in o["files"]] == [("photos/a.jpg", 0, [1])]'
exits 0 zurt eval biased.onnx --data bias=npy:bias.npy,x=dir:photos --json
json out 'o["samples"] == 2' 'o["labelled"] == 0'
mv tree/2 tree/misc
exits 3 zurt eval biased.onnx --data x=dir:tree,bias=npy:bias.npy
says "folder 'misc' has the number of no class \(0 to 2\)" err

# Numbers of any type, where the input can hold them.
exits 0 zurt run types.onnx m=m.npy i=i64.npy -o types
cmp types.0.0.s64 where.s64 || fail "types.0.0.s64"
exits 0 zurt run types.onnx m=m.npy i=i16.npy
exits 3 zurt run types.onnx m=m.npy i=half_number.npy
says "'i' is s64: it cannot hold 2.5" err
exits 3 zurt run types.onnx m=i16.npy i=i64.npy
says "'m' is bool: it cannot hold 1000" err

# One picture in every shape; what may be one or many is refused.
for array in hwc chw one float32 float64; do
    gives mean.f32 1e-6 mean.onnx $array.npy
done
gives mean.f32 1e-3 mean.onnx float16.npy
exits 0 zurt run mean.onnx other_size_one.npy
refuse() { # ARRAY PATTERN
    exits 3 zurt run mean.onnx "$1"
    says "$2" err
}
refuse other_size.npy "one colour picture or 9 grey ones"
refuse wrong_way.npy "\[5, 8, 3, 8\].*\[8, 8, 3\]"
refuse fortran.npy "Fortran order"
refuse big_endian.npy "little-endian"
refuse complex.npy "float16 to float64"
refuse arrays.npz "NumPy archive.*numpy.save"

# Data that is not as many samples to both models is not fed to either.
exits 0 zurt compile mean.onnx --calib npy:one.npy -o mean.zurt
head -c 1536 /dev/zero >zeros.raw
exits 3 zurt compare mean.onnx mean.zurt --data raw:zeros.raw
says "samples to one model, 8 to the other" err

# A figure of what has none: "identical" is said of equal outputs alone, and nothing is infinite.
for pair in "zero one -" "zero zero identical"; do
    read -r a b text <<<"$pair"
    exits 0 zurt compare $a.onnx $b.onnx --data random:5 --max-changed 5 --html pair.html --force
    says "^SQNR dB, y .* $text$" out
    says "<td>$text</td>" pair.html
done
exits 0 zurt compile zero.onnx --calib random:5 -o zero.zurt --report zero.txt
says "SQNR against float no difference; of single samples, median no difference" out
says "^output 0: good; SQNR no difference, median of samples no difference" zero.txt
! grep -Eiw "inf|nan" out zero.txt || fail "an infinite figure"
