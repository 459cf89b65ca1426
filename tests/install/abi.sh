#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# abi.sh [--update]: what a program that was built before relies on, by tests/exports/abi.txt: offset,
# size and type of every field of the public structs, and every enumerator. (The functions: tree.sh.)
# A field that is added at the end of a struct which begins with its size changes nothing for that
# program; any other difference does, and then ZURT_ABI must be another one.
set -euo pipefail
export LC_ALL=C
known=$ZURT_SOURCE/tests/exports/abi.txt
command -v pahole >/dev/null || { echo "skipped: no pahole (Debian: dwarves)" && exit 77; }
[ "$(getconf LONG_BIT)" = 64 ] || { echo "skipped: the list is of 64-bit machines" && exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

printf '#include <zurt/%s>\n' zurt.h image.h compile.h >"$folder/all.c"
"${CC:-cc}" -std=c11 -g -O0 -fno-eliminate-unused-debug-types -I"$ZURT_SOURCE/runtime/include" \
    -I"$ZURT_SOURCE/compiler/include" -c "$folder/all.c" -o "$folder/all.o"

# One line a field and a constant: `OWNER: ...`.
{
    grep -o 'ZURT_ABI [0-9]*$' "$ZURT_SOURCE/runtime/include/zurt/version.h"
    pahole "$folder/all.o" | awk '
        $1 == "struct" && $NF == "{" { owner = $2; next }
        /^}/ { owner = "" }
        owner ~ /^zurt_/ && match($0, /\/\* +[0-9]+ +[0-9]+ \*\//) {
            field = substr($0, 1, RSTART - 1)
            gsub(/[ \t]+/, " ", field)
            split(substr($0, RSTART + 2), at, " ")
            print owner ": " at[1] " +" at[2] field
        }' | sed 's/ *$//'
    grep -oh '^typedef enum zurt_[a-z_0-9]*' "$ZURT_SOURCE"/{runtime,compiler}/include/zurt/*.h |
        awk '{ print $3 }' | sort | while read -r name; do
        pahole -C "$name" "$folder/all.o" | awk -v owner="$name" '
            / = / { sub(",", ""); print owner ": " $1 " = " $3 }'
    done
} >"$folder/abi.txt"
grep -q ' = ' "$folder/abi.txt" && grep -q ' +' "$folder/abi.txt" || { echo "pahole said nothing"; exit 1; }

if [ "${1:-}" = --update ]; then
    cp "$folder/abi.txt" "$known"
    exit
fi
diff "$known" "$folder/abi.txt" >"$folder/diff.txt" && exit 0
cat "$folder/diff.txt"
number=$(head -1 "$known")
# Lines that went or changed, and new ones of structs that do not begin with their size.
broken=$(sed -n 's/^< //p' "$folder/diff.txt" | grep -v ZURT_ABI || true)
for owner in $(sed -n 's/^> \([a-z_0-9]*\): .* +.*/\1/p' "$folder/diff.txt" | sort -u); do
    grep -q "^$owner: 0 +8 size_t size;" "$known" || ! grep -q "^$owner: " "$known" ||
        broken="$broken $owner"
done
if [ -n "$broken" ] && grep -qx "$number" "$folder/abi.txt"; then
    echo "programs that are linked with $number would break; if one was released, raise ZURT_ABI"
fi
echo "the list is $known; tests/install/abi.sh --update, with ZURT_SOURCE set, writes it anew"
exit 1
