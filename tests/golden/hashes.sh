#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One hash a model of $ZURT_DATA/onnx: its outputs on the CPU are the same bytes for every set of CPU
# features, and those that hashes.txt records. What differs was not meant, or --update is.
# usage: hashes.sh NAME...            compiles and runs these models
#        hashes.sh --arm64 NAME...    runs what the former has compiled on an emulated Cortex-A53
#        hashes.sh --nightly NAME...  the same if ZURT_NIGHTLY=1
#        hashes.sh --complete         every model of the folder is in the table
#        hashes.sh --update           writes the table; from the root of the tree, build in build/test
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=$here/hashes.txt
build=${ZURT_BUILD:-$here/../../build/test}
onnx=${ZURT_DATA:-$here/../../../shared/data}/onnx
models=$build/tests/golden/hash_models
if [ ! -e "$onnx" ]; then
    echo "skipped: no $onnx"
    exit 77
fi
mode=here
case $1 in
--*) mode=${1#--} && shift ;;
esac

names() {
    for file in "$onnx"/*.onnx; do
        basename "$file" .onnx
    done
}

# files NAME...: of compiled models.
files() {
    printf "$models/%s.zurt\n" "$@"
}

# compare WHAT: its lines on stdin are rows of the table.
compare() {
    local bad=0 name file outputs
    while read -r name file outputs; do
        row=$(grep "^$name " "$table") || { echo "$name: not in hashes.txt" && bad=1 && continue; }
        if [ "$row" = "$name $file $outputs" ]; then
            echo "$name: $outputs"
        elif [ "$(echo "$row" | cut -d' ' -f2)" = "$file" ]; then
            echo "$name: the outputs of the same file are others on $1: $outputs;" \
                "hashes.txt: ${row#"$name $file "}"
            bad=1
        else
            echo "$name: another file is compiled; if the compiler was meant to, --update"
            bad=1
        fi
    done
    return $bad
}

case $mode in
complete)
    [ "$(names)" = "$(grep -v '^#' "$table" | cut -d' ' -f1)" ] ||
        { echo "hashes.txt and $onnx have other names" && exit 1; }
    ;;
update)
    mapfile -t all < <(names)
    mkdir -p "$models"
    "$build/tests/golden/make_hash_models" "$onnx" "$models" "${all[@]}"
    mapfile -t compiled < <(files "${all[@]}")
    {
        grep '^#' "$table"
        "$build/tests/golden/output_hashes" "${compiled[@]}"
    } >"$table.new"
    mv "$table.new" "$table"
    ;;
here | nightly)
    if [ "$mode" = nightly ] && [ "${ZURT_NIGHTLY:-0}" = 0 ]; then
        echo "skipped: takes minutes; scripts/nightly runs it, or ZURT_NIGHTLY=1 in the environment"
        exit 77
    fi
    mkdir -p "$models"
    "$build/tests/golden/make_hash_models" "$onnx" "$models" "$@"
    mapfile -t compiled < <(files "$@")
    "$build/tests/golden/output_hashes" "${compiled[@]}" | compare "this machine"
    ;;
arm64)
    program=$build/arm64/tests/golden/output_hashes
    [ -e "$program" ] || { echo "skipped: no cross build" && exit 77; }
    mapfile -t compiled < <(files "$@")
    qemu-aarch64-static -cpu cortex-a53 -L "$ZURT_ARM64_ROOT" \
        "$program" "${compiled[@]}" | compare "an emulated Cortex-A53"
    ;;
esac
