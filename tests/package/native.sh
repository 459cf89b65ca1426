#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# This machine's Debian packages into $ZURT_BUILD/package/ARCH-debs, from a build in
# $ZURT_BUILD/package/native that other tests install.
set -eu
for tool in dpkg dpkg-shlibdeps cpack; do
    command -v $tool >/dev/null || { echo "skipped: no $tool" && exit 77; }
done
[ -e "$ZURT_BUILD/swemu" ] || { echo "skipped: built without XRT" && exit 77; }
arch=$(dpkg --print-architecture)
rm -rf "$ZURT_BUILD/package/$arch-debs"
"$ZURT_SOURCE/scripts/package" "deb-$arch" -o "$ZURT_BUILD/package/$arch-debs" \
    --tree "$ZURT_BUILD/package/native"
