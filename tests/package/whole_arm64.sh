#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# whole_arm64.sh FOLDER: as package.clean_arm64, and lintian, with every package of arm64: the compiler
# and the emulation are cross-built and used under qemu-user, which takes minutes.
set -euo pipefail
export LC_ALL=C
folder=$1
skip() {
    echo "skipped: $*"
    exit 77
}
[ "${ZURT_NIGHTLY:-0}" != 0 ] ||
    skip "takes minutes; scripts/nightly runs it, or ZURT_NIGHTLY=1 in the environment"
[ -e "$ZURT_ARM64_ROOT/complete" ] || skip "no arm64 packages"
rm -rf "$folder"
"$ZURT_SOURCE/scripts/package" deb-arm64 -o "$folder/debs" --root "$ZURT_ARM64_ROOT" \
    --tree "$ZURT_BUILD/package/arm64-whole"
if command -v lintian >/dev/null; then
    [ "$(id -u)" != 0 ] || as_root=--allow-root
    lintian ${as_root:+"$as_root"} --fail-on error "$folder"/debs/*.deb
fi
"$ZURT_SOURCE/tests/package/clean_root.sh" arm64 "$folder/system" "$folder/debs"
