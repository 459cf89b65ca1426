#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serve.sh KIND PASSWD SSHD CONFIG: as root of a new user and mount namespace, lays PASSWD
# over /etc/passwd, for arm64 registers qemu-user with a binfmt_misc of the namespace's own, and
# serves as an ordinary user. Without SSHD it ends when that is done, to try it.
set -eu
mount --bind "$2" /etc/passwd
if [ "$1" = arm64 ]; then
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    # the bytes of an ELF header for AArch64, programs and position-independent ones; F: opened now
    printf '%s' ':zurt-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$(command -v qemu-aarch64-static)"':F' \
        >/proc/sys/fs/binfmt_misc/register
fi
[ -n "${3:-}" ] || exit 0
exec unshare --user --map-user=1000 --map-group=1000 "$3" -D -e -f "$4"
