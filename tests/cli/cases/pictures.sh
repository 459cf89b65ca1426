# Pictures as people have them: every kind that is read, the others refused by name; folders.
[ -x "$ZURT_PYTHON" ] || { echo "skipped: no $ZURT_PYTHON"; exit 77; }
code=0
"$ZURT_PYTHON" "$ZURT_SOURCE/tests/cli/make_pictures.py" >made || code=$?
[ $code != 77 ] || { cat made; exit 77; }
[ $code = 0 ] || fail "make_pictures.py"

gives() { # MODEL PICTURE [TOLERANCE]
    rm -f got.*
    exits 0 zurt run "$1" "$2" --fit stretch -o got
    "$ZURT_PYTHON" "$ZURT_SOURCE/tests/cli/near.py" got.0.0.f32 quarters.f32 "${3:-0.02}" || fail "$*"
}
for picture in plain.png plain.bmp plain.jpg named.jpg cmyk.jpg alpha.png palette.png exif.jpg; do
    gives quarters.onnx $picture
done
gives flat.onnx plain.png 0.3 # resized to four pixels, which blends them
exits 0 zurt run quarters.onnx exif.jpg --fit stretch --no-exif -o turned
! "$ZURT_PYTHON" "$ZURT_SOURCE/tests/cli/near.py" turned.0.0.f32 quarters.f32 0.5 2>/dev/null ||
    fail "--no-exif turns"
# Not a tensor, however long it is.
exits 0 zurt run quarters.onnx whole.bmp --fit stretch -o whole
"$ZURT_PYTHON" "$ZURT_SOURCE/tests/cli/near.py" whole.0.0.f32 quarters.f32 0.05 || fail "whole.bmp"
exits 0 zurt run quarters.onnx raw:whole.bmp
for kind in gif:GIF ppm:PPM webp:WebP; do
    exits 3 zurt run quarters.onnx plain.${kind%:*}
    says "this is a ${kind#*:}.*convert it to PNG or JPEG" err
done

# Pixels as they are, for a network that does the rest itself: float, calibrated, compiled.
mkdir calib
cp plain.png plain.jpg calib
for model in camera camera_nhwc; do
    gives $model.onnx plain.png
    exits 0 zurt compile $model.onnx --calib dir:calib --fit stretch --io float -o $model.zurt
    gives $model.zurt plain.png 0.05
    exits 0 zurt compile $model.onnx --calib random:4 --io float -o $model.zurt --force
    gives $model.zurt plain.png 0.05
done

# A folder says what it does not feed.
exits 3 zurt compile quarters.onnx --calib dir:none -o never.zurt
says "no JPEG, PNG or BMP pictures, 1 other file \(x.gif: a GIF picture\)" err
exits 3 zurt compile quarters.onnx --calib dir:deep -o never.zurt
says "1 folder below its sub-folders \(deep/a/b\), which are not looked into" err
exits 3 zurt compile quarters.onnx --calib dir:mixed -o never.zurt
says "5 pictures, 2 other files \(.*Thumbs.db: a file of unknown kind" err
says "mixed/0/bad.jpg: JPEG: " err

# One bad file does not end an evaluation; it is counted, and the exit code tells.
exits 3 zurt eval red.onnx --data dir:mixed
says "mixed/0/bad.jpg: JPEG: .*: left out" err
says "1 of 5 samples could not be read and were left out" err
says "2/4 = 50.00 % top-1" out
exits 3 zurt eval red.onnx --data dir:mixed --json --quiet
json out 'o["unreadable"] == 1' 'o["samples"] == 4'
empty err
exits 3 zurt eval pair.onnx --data x=dir:mixed,b=npy:bias.npy --json --quiet
json out 'o["unreadable"] == 1' 'o["samples"] == 4'
rm mixed/0/bad.jpg
exits 0 zurt eval red.onnx --data dir:mixed --json
json out 'o["unreadable"] == 0' 'o["samples"] == 4'

# The example takes what the command takes.
exits 0 zurt compile red.onnx --calib dir:calib -o red.zurt
cp plain.jpg UPPER.JPEG
exits 0 classify red.zurt UPPER.JPEG
cp out upper
exits 0 classify red.zurt plain.jpg
cmp out upper || fail "a suffix in capitals"
exits 0 classify red.zurt plain.png
exits 1 classify red.zurt plain.webp
says "WebP" err
