#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tarball for boards, into $ZURT_BUILD/package, and the Debian packages that need no compiler,
# into its folder arm64-debs. Both are of one build.
set -eu
[ -e "$ZURT_ARM64_ROOT/complete" ] || { echo "skipped: no arm64 packages" && exit 77; }
package() {
    "$ZURT_SOURCE/scripts/package" "$@" --tree "$ZURT_BUILD/package/arm64" --root "$ZURT_ARM64_ROOT"
}
rm -rf "$ZURT_BUILD/package/arm64-debs"
package deb-arm64 --runtime -o "$ZURT_BUILD/package/arm64-debs"
package arm64 -o "$ZURT_BUILD/package" --host "$ZURT_BUILD"
