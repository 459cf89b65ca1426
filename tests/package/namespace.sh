#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# namespace.sh FIFO ARCH COMMAND...: in new namespaces, waits for the users to be mapped, lets arm64's
# programs run by qemu-user, and runs COMMAND.
set -euo pipefail
read -r _ <"$1"
if [ "$2" = arm64 ] && [ "$(uname -m)" != aarch64 ]; then
    table=/proc/sys/fs/binfmt_misc
    if ! mount -t binfmt_misc binfmt_misc $table 2>/dev/null; then
        echo "skipped: no binfmt_misc for a namespace alone; Linux 6.7 has it"
        exit 77
    fi
    # ELF, 64 bits, little-endian, a program or library, machine 183; F: found here, not in a chroot
    magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    printf '%s' ":qemu-aarch64:M::$magic:$mask:$(command -v qemu-aarch64-static):F" >$table/register
fi
shift 2
exec "$@"
