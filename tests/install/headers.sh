#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, as C11 and as C++17, without a warning.
set -eu
flags="-Wall -Wextra -Wpedantic -Werror -fsyntax-only"
includes="-I$ZURT_SOURCE/runtime/include -I$ZURT_SOURCE/compiler/include"
cxx=${CXX:-c++}
count=0
for header in "$ZURT_SOURCE"/runtime/include/zurt/*.h "$ZURT_SOURCE"/compiler/include/zurt/*.h; do
    name=zurt/$(basename "$header")
    # shellcheck disable=SC2086 # lists of words
    printf "#include <%s>\nextern int unused;\n" "$name" | "${CC:-cc}" -x c -std=c11 -Wstrict-prototypes $flags $includes -
    if command -v "$cxx" >/dev/null; then
        # shellcheck disable=SC2086
        printf "#include <%s>\nextern int unused;\n" "$name" | "$cxx" -x c++ -std=c++17 $flags $includes -
        echo "$name: C11 and C++17"
    else
        echo "$name: C11; not tried as C++17, there is no C++ compiler"
    fi
    count=$((count + 1))
done
[ "$count" -ge 4 ]
