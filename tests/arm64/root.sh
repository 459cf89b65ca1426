#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's arm64 packages in $ZURT_ARM64_ROOT, unless they are there; skipped without the tools or
# the network for them.
set -eu
[ ! -e "$ZURT_ARM64_ROOT/complete" ] || exit 0
for tool in mmdebstrap aarch64-linux-gnu-gcc qemu-aarch64-static; do
    command -v $tool >/dev/null || { echo "skipped: no $tool; scripts/setup installs it" && exit 77; }
done
"$ZURT_SOURCE/scripts/arm64-root" "$ZURT_ARM64_ROOT" ||
    { echo "skipped: scripts/arm64-root got no packages" && exit 77; }
