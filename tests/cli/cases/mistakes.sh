# Ordinary mistakes, one a row: the exit code (0: done with a warning), what the message names (cause
# and remedy), the command. A mistake that somebody makes becomes a row here.
SEVEN=$ZURT_SOURCE/tests/cli/seven.jpg
FLOAT=$MODELS/mnist_small.onnx

printf '\x1c\0\0\0TFL3\x14\0\x20\0' >model.tflite
printf 'PK\3\4\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl' >model.pt
printf '\x89HDF\r\n\x1a\n\0\0\0\0\0' >model.h5
printf 'PK\3\4\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x0d\0\0\0metadata.json{' >model.keras
printf '\x08\x01\x12\xc4\x8f\x02\n\x9b\x30\x12\x05serve' >saved_model.pb
mkdir saved
cp saved_model.pb saved
printf '\n\x1a\n\x05input\x12\x0bPlaceholder*\0' >frozen.pb
printf '\n\x06resnet*\x20\n\x04data\x12\x08data-fix' >model.xmodel
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >pointer.onnx
cp pointer.onnx pointer.zurt
printf '<!DOCTYPE html>\n<html lang="en">' >page.onnx
printf 'xclbin2\0\0\0\0' >overlay.xclbin
gzip -c "$FLOAT" >model.onnx.gz
printf 'RIFF\x24\0\0\0WEBPVP8 ' >x.webp
printf 'GIF89a\1\0\1\0' >x.gif
printf 'P6\n28 28\n255\n' >x.ppm
printf 'PK\3\4\x2d\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0x.npy' >x.npz
head -c 784 /dev/zero >tensor.dat
mkdir folder folder/a folder/a/b other
cp x.webp other
cp "$SEVEN" folder/a/b
head -c 600 "$SEVEN" >cut.jpg

n=0
row() { # EXIT PATTERN COMMAND...
    local want=$1 pattern=$2
    shift 2
    n=$((n + 1))
    exits "$want" zurt "$@"
    says "$pattern" err
    [ ! -e never.zurt ] && [ ! -e never.onnx ] || fail "a file came out of: zurt $*"
}
compile() { # PATTERN MODEL
    row 3 "$1" compile "$2" --calib "$CALIB" -o never.zurt
}
# Models of others, with the way to ONNX.
compile "tflite: byte .*damaged.*convert it again" model.tflite
compile "PyTorch.*torch.onnx.export.*yolo export" model.pt
compile "HDF5.*Keras.*tf2onnx" model.h5
compile "Keras model.*tf2onnx" model.keras
compile "SavedModel.*tf2onnx.convert --saved-model" saved_model.pb
compile "TensorFlow graph.*--graphdef" frozen.pb
compile "xmodel.*ONNX model it was made of" model.xmodel
compile "git-lfs pointer.*git lfs pull" pointer.onnx
compile "web page.*download the file itself" page.onnx
compile "xclbin.*--xclbin" overlay.xclbin
compile "gzip.*gunzip" model.onnx.gz
compile "compiled .zurt model, not an ONNX model" "$SMALL"
compile "JPEG picture, not an ONNX model" "$SEVEN"
for command in inspect bench info; do
    row 3 "tflite: byte .*damaged" $command model.tflite
done
row 3 "SavedModel.*tf2onnx" bench saved
row 3 "git-lfs pointer.*git lfs pull" run pointer.zurt "$SEVEN"
row 3 "tflite: byte .*damaged" eval model.tflite --data "$EVAL"
# Pictures and arrays that are not read.
row 3 "WebP picture.*PNG or JPEG" run "$SMALL" x.webp
row 3 "GIF picture.*PNG or JPEG" run "$SMALL" x.gif
row 3 "PPM.*PNG or JPEG" run "$SMALL" x.ppm
row 3 "NumPy archive.*numpy.save" run "$SMALL" x.npz
row 3 "neither a JPEG.*raw:tensor.dat" run "$SMALL" tensor.dat
row 3 "ONNX model" run "$SMALL" "$FLOAT"
row 3 "cut.jpg: JPEG: " run "$SMALL" cut.jpg
row 3 "no JPEG, PNG or BMP pictures.*x.webp: a WebP picture" compile "$FLOAT" --calib dir:other \
    -o never.zurt
row 3 "folder/a/b.*not looked into" compile "$FLOAT" --calib dir:folder -o never.zurt
# Outputs of the wrong name.
row 2 "-o never.onnx: compile writes a .zurt" compile "$FLOAT" --calib "$CALIB" -o never.onnx
row 2 "-o never.zurt: quantize writes a .onnx" quantize "$FLOAT" --calib "$CALIB" -o never.zurt
# Damaged files.
head -c 500 "$FLOAT" >cut.onnx
head -c 100 "$SMALL" >cut.zurt
row 3 "cut.onnx: onnx: byte [0-9]+: .*damaged" compile cut.onnx --calib "$CALIB" -o never.zurt
row 3 "cut.zurt: cut off: 100 bytes.*copy it again" run cut.zurt "$SEVEN"
# The preprocessing, the labels and the data of another network.
row 2 "one of pixels in 0..255, which is" compile "$FLOAT" --calib "$CALIB" -o never.zurt \
    --input-norm 123.675/58.395
row 0 "--input-size 14x14 has no effect" compile "$FLOAT" --calib "$CALIB" --samples 4 -o warned.zurt \
    --input-size 14x14
seq 80 >coco.names
row 0 "coco.names has 80 names, output .* has 10 classes" compile "$FLOAT" --calib "$CALIB" \
    --samples 4 -o labelled.zurt --labels coco.names
mkdir -p ids/n01440764 ids/n01443537
cp "$SEVEN" ids/n01440764/a.jpg
cp "$SEVEN" ids/n01443537/b.jpg
row 0 "taken for classes 0 to 1 .*unlikely to be right.*--labels FILE" eval "$SMALL" --data dir:ids
mkdir -p mixed/7 mixed/misc
cp "$SEVEN" mixed/7/a.jpg
cp "$SEVEN" mixed/misc/b.jpg
row 3 "folder 'misc' has the number of no class" eval "$SMALL" --data dir:mixed
mkdir dated
cp "$SEVEN" dated/2024_holiday.jpg
row 0 "1 of 1 samples have a class that the model does not have.*2024_holiday.jpg, has 2024" \
    eval "$SMALL" --data dir:dated
echo "folder/2024_holiday.jpg 7" >lines.txt
row 0 "1 of 1 lines name no picture of the folder.*without its folder" eval "$SMALL" \
    --data dir:dated,lines.txt
row 1 "none: cannot read the folder: No such file" eval "$SMALL" --data dir:none
row 0 "random data: good for smoke tests" compile "$FLOAT" --calib random:4 -o noise.zurt
# The command line.
row 2 "no command 'bechn'; did you mean 'bench'" bechn
row 2 "'--calb' is not an option; did you mean --calib" compile "$FLOAT" --calb "$CALIB" -o never.zurt
row 2 "'--io' .*compile" quantize "$FLOAT" --calib "$CALIB" --io uint8 -o never.onnx
row 2 "--input-norm is of 3 channels, and no input has as many: 'image'" compile "$FLOAT" \
    --calib "$CALIB" -o never.zurt --input-norm 0.5/0.5,0.5/0.5,0.5/0.5
row 3 "normalisation of 3 channels, input 'image' has 1" run "$FLOAT" "$SEVEN" \
    --input-norm 0.5/0.5,0.5/0.5,0.5/0.5
row 0 "--percentile has no effect without --method percentile" compile "$FLOAT" --calib "$CALIB" \
    --samples 4 -o cut-off.zurt --percentile 99 --method mse
row 0 "has its shapes; --input-size, --shape and --batch" inspect "$SMALL" --shape image=1x1x28x28
row 0 "carries its own preprocessing; --input-norm" inspect "$SMALL" --input-norm 0.5/0.5
row 0 "is not profiled; --profile is for a .zurt" bench "$FLOAT" --profile --runs 1
# A folder where a file is wanted.
row 1 "folder: a folder; dir:folder feeds the pictures in it" run "$SMALL" folder
row 1 "folder: Is a directory" inspect folder
row 1 "folder: Is a directory" compile folder --calib "$CALIB" -o never.zurt
row 2 "wants stretch, crop or letterbox|--fit" run "$SMALL" "$SEVEN" --fit letter
row 1 "No such file" run none.zurt "$SEVEN"
echo "$n mistakes, each answered with its cause and the way out"
