#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The package for boards, on two boards of qemu-user.
. "$(dirname "$0")/board_helpers.sh"
. "$(dirname "$0")/exercise.sh"
command -v qemu-aarch64-static >/dev/null || skip "no qemu-aarch64-static; scripts/setup installs it"
arm64_tree "$work/tree"
kind=arm64
if ! unshare --user --map-root-user --mount "$ZURT_SOURCE/tests/board/serve.sh" arm64 /etc/passwd 2>/dev/null; then
    # before Linux 6.7: the program in bin/ starts qemu
    kind=qemu
    mv "$work/tree/bin/zurt" "$work/tree/lib/zurt.elf"
    printf '#!/bin/sh\nexec %s "${0%%/*}/../lib/zurt.elf" "$@"\n' "$(command -v qemu-aarch64-static)" \
        >"$work/tree/bin/zurt"
    chmod +x "$work/tree/bin/zurt"
fi
for name in kv260 zcu104; do
    make_board $name $kind
done
exercise "$work/tree" kv260 zcu104
echo "$kind: arm64's bytes are this machine's"
