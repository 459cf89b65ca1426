#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tarball.sh FOLDER: the tarball for boards, unpacked in a system of arm64 that has libc and nothing
# else, by qemu-user. It runs there, wants no symbol of glibc after 2.34 and nothing of the compiler,
# and is the same when it is made again.
set -euo pipefail
export LC_ALL=C
folder=$1
fail() {
    echo "FAILED: $*"
    exit 1
}
shopt -s nullglob
files=("$ZURT_BUILD"/package/zurt-*-arm64.tar.gz)
[ ${#files[@]} != 0 ] || { echo "skipped: no tarball was made" && exit 77; }
[ ${#files[@]} = 1 ] || fail "several tarballs: ${files[*]}"
file=${files[0]}
top=$(basename "$file" .tar.gz)
rm -rf "$folder"
system=$folder/system
mkdir -p "$system/lib" "$system/some where"
for name in ld-linux-aarch64.so.1 libc.so.6 libm.so.6; do
    cp -L "$ZURT_ARM64_ROOT/lib/aarch64-linux-gnu/$name" "$system/lib/"
done
cp "$(command -v qemu-aarch64-static)" "$system/qemu"
tar -xzf "$file" -C "$system/some where"
tree="$system/some where/$top"

# ---- what is in it
[ "$(tar -tzf "$file" | cut -d/ -f1 | sort -u)" = "$top" ] || fail "more than one folder"
tar -tvzf "$file" | awk '$2 != "0/0" || $1 ~ /^d.*w.*w/ { print; bad = 1 } END { exit bad }' ||
    fail "files of a user, or writable for others"
for name in bin/zurt README share/zurt/mnist_cnn.zurt share/zurt/seven.jpg share/doc/zurt/LICENSE; do
    [ -s "$tree/$name" ] || fail "no $name"
done
ours=0
others=0
for path in "$tree"/bin/* "$tree"/lib/*; do
    [ ! -L "$path" ] || continue
    name=${path#"$tree"/}
    dynamic=$(readelf -W -d "$path")
    ! grep -E 'NEEDED.*(onnx|compiler|xrt|stdc)' <<<"$dynamic" || fail "$name wants that"
    readelf -W -V "$path" | grep -o 'GLIBC_2\.[0-9]*' | sort -u | while read -r version; do
        [ "${version#GLIBC_2.}" -le 34 ] || fail "$name wants $version"
    done
    ! readelf -W -S "$path" | grep -E '\.(symtab|debug_info)' || fail "$name is not stripped"
    readelf -h "$path" | grep -q 'Machine: *AArch64' || fail "$name is for another processor"
    for library in $(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic"); do
        [ -e "$tree/lib/$library" ] || [ -e "$system/lib/$library" ] || fail "$name: no $library"
    done
    case $name in
    bin/zurt | lib/libzurt.so.*)
        # shellcheck disable=SC2016 # the loader's word
        grep -qF 'RUNPATH)            Library runpath: [$ORIGIN/../lib]' <<<"$dynamic" ||
            fail "$name: no RUNPATH, or another"
        size=$(stat -c %s "$path")
        ours=$((ours + size))
        echo "$name: $size bytes"
        ;;
    *) others=$((others + 1)) ;;
    esac
done
texts=("$tree"/share/doc/zurt/licences/*.txt)
[ $others -gt 0 ] && [ ${#texts[@]} = $others ] ||
    fail "$others libraries of others, ${#texts[@]} licences"
# What is ours is small: docs/kria-ubuntu.md says how small.
[ $ours -lt 1500000 ] || fail "command and library have $ours bytes"

# ---- it runs
zurt() {
    unshare --user --map-root-user chroot "$system" /qemu "/some where/$top/bin/zurt" "$@"
}
unshare --user --map-root-user true 2>/dev/null ||
    { echo "skipped: no user namespaces here, in which chroot works" && exit 77; }
cd /
share="/some where/$top/share/zurt"
zurt run "$share/mnist_cnn.zurt" "$share/seven.jpg" --top 1 | tee "$folder/answer.txt"
[ "$(awk 'END { print $2 }' "$folder/answer.txt")" = 7 ] || fail "the seven is no 7"
code=0
zurt compile x.onnx 2>"$folder/refusal.txt" || code=$?
{ [ $code = 4 ] && grep -q 'install zurt-compiler' "$folder/refusal.txt"; } ||
    fail "compile: exit $code, $(cat "$folder/refusal.txt")"

# ---- again, the same bytes
"$ZURT_SOURCE/scripts/package" arm64 -o "$folder/again" --tree "$ZURT_BUILD/package/arm64" \
    --root "$ZURT_ARM64_ROOT" --host "$ZURT_BUILD" >/dev/null
cmp "$file" "$folder/again/$top.tar.gz"
rm -rf "$folder"
