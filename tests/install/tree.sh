#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tree.sh static|shared FOLDER: installs zurt below FOLDER and uses it as a stranger would: exported
# symbols, the command, and the examples built by find_package and by pkg-config.
set -euo pipefail
export LC_ALL=C
kind=$1
folder=$2
prefix=$folder/prefix
CC=${CC:-cc}
rm -rf "$prefix" "$folder"/example-*
mkdir -p "$folder"

tree=$ZURT_BUILD
if [ "$kind" = shared ]; then
    tree=$ZURT_BUILD/package/native # as tests/package/native.sh leaves it
    [ -e "$tree/CPackConfig.cmake" ] || { echo "skipped: no build of shared libraries" && exit 77; }
fi
cmake --install "$tree" --prefix "$prefix" >/dev/null
libdir=$(dirname "$(find "$prefix" -name libzurt.a -o -name libzurt.so)")
libs=${libdir#"$prefix/"}
zurt=$prefix/bin/zurt
[ "$kind" = static ] || export LD_LIBRARY_PATH=$libdir # the folder is not where it was built for

# ---- exported symbols: the lists are what the headers declare, and what the libraries export
differs() {
    echo "$1"
    exit 1
}
for library in zurt zurt-compiler; do
    list=$ZURT_SOURCE/tests/exports/$library.txt
    module=runtime
    [ $library = zurt ] || module=compiler
    grep -ho '^ZURT_API [^(;]*(' "$ZURT_SOURCE/$module"/include/zurt/*.h |
        sed 's/($//; s/.*[ *]//' | sort | diff "$list" - ||
        differs "$list (left) is not what the headers declare"
    if [ "$kind" = shared ]; then
        number=$(sed -n 's/^#define ZURT_ABI //p' "$ZURT_SOURCE/runtime/include/zurt/version.h")
        node=$(tr a-z- A-Z_ <<<"$library")_$number # the version that every symbol has
        nm -D --defined-only "$libdir/lib$library.so" |
            awk -v node="$node" '$3 != node { sub("@@" node "$", "", $3); print $3 }' | sort |
            diff "$list" - || differs "$list (left) is not what lib$library.so exports"
        readelf -d "$libdir/lib$library.so" | grep -q "SONAME.*\[lib$library.so.$number\]" ||
            differs "lib$library.so: its soname is not that of ZURT_ABI"
    fi
done

# ---- the runtime alone: nothing of the compiler, which it says
board=$folder/board
rm -rf "$board"
cmake --install "$tree" --prefix "$board" --component runtime >/dev/null
(cd "$board" && find bin lib -type f -o -type l | sort) >"$folder/board.txt" 2>/dev/null || true
{
    echo bin/zurt
    [ "$kind" = static ] || (cd "$prefix" && ls "$libs"/libzurt.so.*)
} | diff "$folder/board.txt" - || differs "the component runtime (left) is not the runtime"
while read -r file; do
    readelf -d "$board/$file" | grep -E 'NEEDED.*(onnx|compiler)' &&
        differs "$file wants what the compiler needs"
done <"$folder/board.txt"
code=0
LD_LIBRARY_PATH=$board/$libs "$board/bin/zurt" compile x.onnx 2>"$folder/refusal.txt" || code=$?
{ [ $code = 4 ] && grep -q 'install zurt-compiler' "$folder/refusal.txt"; } ||
    differs "compile in the runtime alone: exit $code, $(cat "$folder/refusal.txt")"

# ---- the command's pages
for page in man/man1/zurt.1 man/man1/zurt-compile.1 bash-completion/completions/zurt \
    zsh/site-functions/_zurt fish/vendor_completions.d/zurt.fish; do
    [ -s "$prefix/share/$page" ] || differs "share/$page is not installed"
done

# ---- the command, from its installed place
"$zurt" --version
"$ZURT_BUILD/apps/examples/digits" --count 100 -o "$folder/digits"
"$zurt" compile "$ZURT_SOURCE/models/mnist_small.onnx" --io uint8 --force \
    --calib "idx:$folder/digits-images.idx,$folder/digits-labels.idx" -o "$folder/small.zurt"
digit=7 # the labels go round 0..9
head -c $((16 + (digit + 1) * 784)) "$folder/digits-images.idx" | tail -c 784 >"$folder/digit.raw"

# the runtime alone runs it; with an .onnx the installed command becomes the complete one
answer() { "$1" run "$2" "$folder/digit.raw" --device cpu --json | grep '"sha256"'; }
answer "$zurt" "$folder/small.zurt" >"$folder/whole.sum"
LD_LIBRARY_PATH=$board/$libs answer "$board/bin/zurt" "$folder/small.zurt" |
    cmp - "$folder/whole.sum"
"$zurt" info "$ZURT_SOURCE/models/mnist_small.onnx" --shape image=2x1x28x28 | grep -q nodes

# the emulation that is installed beside it
if [ -e "$prefix/bin/zurt-swemu-env" ]; then
    unset ZURT_SWEMU
    for device in cpu xrt; do
        "$prefix/bin/zurt-swemu-env" --timeout 120 "$zurt" run "$folder/small.zurt" \
            "$folder/digit.raw" --device $device --json | grep '"sha256"' >"$folder/$device.sum"
    done
    cmp "$folder/cpu.sum" "$folder/xrt.sum"
fi

# ---- the examples
check() { # PROGRAM: the best class is the digit
    "$1" "$folder/small.zurt" "$folder/digit.raw" | tee "$folder/out.txt"
    [ "$(awk 'NR == 1 { print $1 }' "$folder/out.txt")" = $digit ]
}

cmake -S "$ZURT_SOURCE/apps/examples/classify" -B "$folder/example-cmake" \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$CC" >/dev/null
cmake --build "$folder/example-cmake" >/dev/null
check "$folder/example-cmake/classify"

mkdir -p "$folder/example-pc"
export PKG_CONFIG_PATH=$libdir/pkgconfig
flags=(--define-variable=prefix="$prefix") # the static tree was configured for another prefix
[ "$kind" = shared ] || flags+=(--static)
# shellcheck disable=SC2046 # flags are lists of words
"$CC" -std=c11 "$ZURT_SOURCE/apps/examples/classify/classify.c" -o "$folder/example-pc/classify" \
    $(pkg-config "${flags[@]}" --cflags --libs zurt) -Wl,-rpath,"$libdir"
check "$folder/example-pc/classify"

# libzurt-compiler, by both ways of asking
mkdir -p "$folder/example-import"
cat >"$folder/example-import/import.c" <<'C'
#include <stdio.h>
#include <zurt/compile.h>
int main(int argc, char **argv)
{
    zurt_ctx *ctx = NULL;
    zurt_graph *graph = NULL;
    zurt_status st = zurt_ctx_create(NULL, &ctx);
    if (!st)
        st = zurt_import_onnx_file(ctx, argc > 1 ? argv[1] : "", NULL, &graph);
    if (!st)
        printf("%zu nodes\n", zurt_graph_n_nodes(graph));
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
    return (int)st;
}
C
cat >"$folder/example-import/CMakeLists.txt" <<'C'
cmake_minimum_required(VERSION 3.18)
project(import LANGUAGES C)
find_package(zurt REQUIRED)
add_executable(import import.c)
target_link_libraries(import PRIVATE zurt::compiler)
C
cmake -S "$folder/example-import" -B "$folder/example-import/build" \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$CC" >/dev/null
cmake --build "$folder/example-import/build" >/dev/null
"$folder/example-import/build/import" "$ZURT_SOURCE/models/mnist_small.onnx"
# shellcheck disable=SC2046
"$CC" -std=c11 "$folder/example-import/import.c" -o "$folder/example-pc/import" \
    $(pkg-config "${flags[@]}" --cflags --libs zurt-compiler) -Wl,-rpath,"$libdir"
"$folder/example-pc/import" "$ZURT_SOURCE/models/mnist_small.onnx"
