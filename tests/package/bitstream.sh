#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bitstream.sh FOLDER: a package of a bitstream. That of the emulation stands in for one: its xclbin has
# a capability table, and nobody looks into the bits.
set -euo pipefail
export LC_ALL=C
folder=$1
fail() {
    echo "FAILED: $*"
    exit 1
}
for tool in dpkg-deb dtc; do
    command -v $tool >/dev/null || { echo "skipped: no $tool; scripts/setup installs it" && exit 77; }
done
[ -e "$ZURT_BUILD/swemu/zurt-kv260.xclbin" ] || { echo "skipped: built without XRT" && exit 77; }
rm -rf "$folder"
mkdir -p "$folder/from" "$folder/out"
layer=$ZURT_SOURCE/petalinux-recipe/meta-zurt/recipes-bsp/zurt-firmware

package() { # BOARD [ARGUMENTS...]
    "$ZURT_SOURCE/scripts/package" "firmware-$1" -o "$folder/out" --host "$ZURT_BUILD" \
        --tree "$folder/tree" "${@:2}" >"$folder/log" 2>&1
}
refused() { # WORDS BOARD [ARGUMENTS...]
    code=0
    package "${@:2}" || code=$?
    [ $code = 1 ] || fail "exit $code, and '$1' is wanted: $(cat "$folder/log")"
    grep -qF -- "$1" "$folder/log" || fail "not '$1' but: $(cat "$folder/log")"
}

refused "none is published" kv260
refused "zurt-kv260.bit.bin is missing" kv260 --from "$folder/from"
cd "$folder/from"
for board in kv260 zcu104; do
    printf 'bits of %s' $board >zurt-$board.bit.bin
    cp "$ZURT_BUILD/swemu/zurt-$board.xclbin" .
    dtc -q -@ -I dts -O dtb -o zurt-$board.dtbo "$layer/zurt-$board/zurt-$board.dtso"
done
refused "shell.json is missing" kv260 --from .
echo '{' >shell.json
refused "shell.json is no JSON" kv260 --from .
cp "$ZURT_SOURCE/kernels-hls/vitis/shell.json" .
cp zurt-kv260.dtbo good.dtbo
cp zurt-zcu104.dtbo zurt-kv260.dtbo
refused "does not name zurt-kv260.bit.bin" kv260 --from .
cp "$layer/zurt-kv260/zurt-kv260.dtso" zurt-kv260.dtbo
refused "is no device tree blob" kv260 --from .
mv good.dtbo zurt-kv260.dtbo
cp zurt-zcu104.xclbin zurt-kv260.xclbin
refused "is not for kv260" kv260 --from .
cp shell.json zurt-kv260.xclbin
refused "zurt-kv260.xclbin" kv260 --from .
cp "$ZURT_BUILD/swemu/zurt-kv260.xclbin" .
[ -z "$(ls "$folder/out")" ] || fail "a package in spite of all that"

for board in kv260 zcu104; do
    package $board --from . || fail "$(cat "$folder/log")"
    deb=$(echo "$folder"/out/zurt-${board}-firmware_*_all.deb)
    dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -v '/$' | grep -v /doc/ | sort >"$folder/list"
    printf "./lib/firmware/xilinx/zurt-$board/%s\n" shell.json zurt-$board.{bit.bin,dtbo,xclbin} |
        diff - "$folder/list" || fail "not the files of $board (left)"
done
if command -v lintian >/dev/null; then
    [ "$(id -u)" != 0 ] || as_root=--allow-root
    lintian ${as_root:+"$as_root"} --fail-on error "$folder"/out/*.deb
fi
rm -rf "$folder"
