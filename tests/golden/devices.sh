#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One model of $ZURT_DATA/onnx on every device: compiled as its user would, with real samples to
# calibrate with, then run on real inputs. Each output of sim (either board's engine) and of xrt
# (sw_emu) must be the CPU's byte for byte.
# usage: devices.sh MODEL
#        devices.sh --complete MODEL...    no model of the folder is missing among these
set -eu
model=$1
onnx=$ZURT_DATA/onnx/$model.onnx
zurt=$ZURT_BUILD/apps/zurt/zurt
samples=$(dirname "$0")/device_samples.py
work=$ZURT_BUILD/tests/golden/devices/$model
if [ "$model" = --complete ]; then
    shift
    for onnx in "$ZURT_DATA"/onnx/*.onnx; do
        [ -e "$onnx" ] || { echo "skipped: no $ZURT_DATA/onnx" && exit 77; }
        [[ " $* " = *" $(basename "$onnx" .onnx) "* ]] || { echo "not tested: $onnx" && exit 1; }
    done
    exit 0
fi
if [ ! -e "$onnx" ]; then
    echo "skipped: no $onnx"
    exit 77
fi
rm -rf "$work"
mkdir -p "$work"

photos=$ZURT_DATA/photos
golden=$ZURT_DATA/golden/$model
pictures=dir:$ZURT_DATA/imagenet_samples
samoyed=$photos/samoyed_dog.jpg
dog=$photos/yolo_dog.jpg
faces=$photos/faces_1.jpg
mnist=$ZURT_DATA/mnist
train=idx:$mnist/train-images-idx3-ubyte.gz,$mnist/train-labels-idx1-ubyte.gz
test=idx:$mnist/t10k-images-idx3-ubyte.gz,$mnist/t10k-labels-idx1-ubyte.gz
imagenet=.485/.229,.456/.224,.406/.225
bytes=0/.00392156862745098 # input values 0..255

# pixels FILE H W C: sets `set` to the data set as an .npy file.
pixels() {
    python3 "$samples" pixels "$2" "$3" "$4" "$ZURT_DATA/mlperf_tiny/$1" "$work/samples.npy"
    set=npy:$work/samples.npy
}

# calib: where calibration samples come from; options: of the compiler; inputs: what is run. The
# first input alone goes through sw_emu.
options=()
case $model in
lenet_mnist)
    calib=$train
    options=(--input-norm .1307/.3081)
    inputs=("$test#0" "$test#9")
    ;;
mnist_sm_keras)
    calib=$train
    inputs=("$test#0" "$test#1" "$test#2")
    ;;
mlperf_ic_resnet8_int8_qdq)
    pixels ic01_100.bin 32 32 3
    options=(--layout nhwc --input-norm "$bytes")
    inputs=("$set#0" "$set#1" "$set#2")
    ;;
mlperf_kws_int8_qdq)
    set=raw:$ZURT_DATA/mlperf_tiny/kws01_500.bin
    inputs=("$set#0" "$set#1" "$set#2")
    ;;
mlperf_vww_int8_qdq)
    pixels vww01_200.bin 96 96 3
    options=(--layout nhwc)
    inputs=("$set#0" "$set#1" "$set#2")
    ;;
resnet20_cifar10)
    pixels ic01_100.bin 32 32 3
    calib=$set
    options=(--layout nhwc --input-norm "$imagenet")
    inputs=("$set#0" "$set#1" "$set#2")
    ;;
mobilenet_v2_1.0_224_quant_qdq)
    options=(--input-norm .5/.5 --crop-ratio .875)
    inputs=("$samoyed" "$dog")
    ;;
mobilenetv2_1.0_224_*)
    calib=$pictures
    options=(--samples 20 --input-norm "$imagenet" --crop-ratio .875)
    inputs=("$samoyed" "$dog")
    ;;
mobilenetv2_0.5_128_2class)
    calib=$pictures
    options=(--samples 20 --input-norm .5/.5 --fit stretch)
    inputs=("$photos/yolo_person.jpg" "$dog")
    ;;
fastestdet_352)
    calib=dir:$photos
    options=(--bgr --fit stretch)
    inputs=("$dog" "$photos/fastestdet_0.jpg")
    ;;
nanodet_320)
    calib=dir:$photos
    options=(--bgr --fit stretch --input-norm ".406/.225,.456/.224,.485/.229")
    inputs=("$photos/yolo_horses.jpg" "$dog")
    ;;
yolox_nano_416)
    calib=dir:$photos
    options=(--bgr --fit stretch --input-norm "$bytes")
    inputs=("$golden.dog.in.f32" "$photos/yolo_person.jpg")
    ;;
yunet_n_320)
    calib=dir:$photos
    options=(--bgr --fit stretch --input-norm "$bytes")
    inputs=("$faces" "$photos/faces_2.jpg")
    ;;
ultraface_rfb_320)
    calib=dir:$photos
    options=(--fit stretch --input-norm .498/.502)
    inputs=("$faces" "$photos/faces_2.jpg")
    ;;
ppocrv3_en_textdet)
    calib=dir:$photos
    options=(--samples 4 --bgr --fit stretch --input-norm ".408/1,.457/1,.481/1"
             --input-size 736x736)
    inputs=("$dog")
    ;;
unet_sentinel_cloud_224) # no Sentinel picture is at hand
    calib=raw:$golden.rand.in.f32
    inputs=("$golden.rand.in.f32")
    ;;
pointpillars_pfe)
    python3 "$samples" pillars "$ZURT_DATA/lidar/kitti_000000.bin" "$work/calib.f32"
    python3 "$samples" pillars "$ZURT_DATA/lidar/kitti_000001.bin" "$work/input.f32"
    calib=raw:$work/calib.f32
    inputs=("$work/input.f32")
    ;;
*)
    echo "$model: no inputs are written down for it" >&2
    exit 1
    ;;
esac

# on DEVICE NAME INPUT...: leaves the outputs in $work/NAME.*.
on() {
    local device=$1 name=$2 emulate=()
    shift 2
    [ "$device" != xrt ] || emulate=("$ZURT_SOURCE/scripts/swemu-env" --timeout 300)
    "${emulate[@]}" "$zurt" run "$work/model.zurt" "$@" --device "$device" --timeout 120000 \
        -o "$work/$name" --quiet >/dev/null
}

# same NAME N: all outputs of the first N inputs are the CPU's.
same() {
    local name=$1 n=$2 i file compared=0
    for ((i = 0; i < n; i++)); do
        for file in "$work/cpu.$i."*; do
            cmp "$file" "$work/$name.${file#"$work/cpu."}"
            compared=$((compared + 1))
        done
    done
    echo "$name: $compared outputs of $n inputs are the CPU's"
}

compiled=("$onnx" -o "$work/model.zurt" --sqnr-samples 0 --samples 8 --quiet "${options[@]}")
[ -z "${calib:-}" ] || compiled+=(--calib "$calib")
"$zurt" compile "${compiled[@]}"
"$zurt" inspect "$work/model.zurt" --board kv260 --json >"$work/plan.json"
grep -q '"device": "pl"' "$work/plan.json" || {
    echo "nothing of $model runs on the PL" >&2
    exit 1
}
on cpu cpu "${inputs[@]}"
for board in kv260 zcu104; do
    ZURT_SIM_BOARD=$board on sim $board "${inputs[@]}"
    same $board ${#inputs[@]}
done
if [ -e "$ZURT_BUILD/swemu" ]; then
    export ZURT_SWEMU=$ZURT_BUILD/swemu ASAN_OPTIONS=detect_leaks=0
    on xrt xrt "${inputs[0]}"
    same xrt 1
else
    echo "xrt: not compared, built without XRT"
fi
rm -rf "$work"
