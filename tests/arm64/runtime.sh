#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tarball for boards, into $ZURT_BUILD/package.
set -eu
[ -e "$ZURT_ARM64_ROOT/complete" ] || { echo "skipped: no arm64 packages" && exit 77; }
"$ZURT_SOURCE/scripts/package" arm64 -o "$ZURT_BUILD/package" --tree "$ZURT_BUILD/package/arm64" \
    --root "$ZURT_ARM64_ROOT" --host "$ZURT_BUILD"
