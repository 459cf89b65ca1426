#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same as board_arm64.sh on a whole machine: qemu-system-aarch64's `virt` with Debian 12's arm64 kernel,
# C library and sshd, all in memory. Takes minutes: scripts/nightly runs it.
#
#   tests/board/virt.sh        wants qemu-system-arm, mmdebstrap, cpio, zstd and scripts/setup
ZURT_SOURCE=${ZURT_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
ZURT_BUILD=${ZURT_BUILD:-$ZURT_SOURCE/build/test}
export ZURT_SOURCE ZURT_BUILD
. "$(dirname "$0")/board_helpers.sh"
. "$(dirname "$0")/exercise.sh"
for tool in qemu-system-aarch64 mmdebstrap cpio zstd; do
    command -v $tool >/dev/null || skip "no $tool"
done
compgen -G "$ZURT_BUILD/package/zurt-*-arm64.tar.gz" >/dev/null ||
    "$ZURT_SOURCE/scripts/package" arm64 -o "$ZURT_BUILD/package" --host "$ZURT_BUILD"
arm64_tree "$work/tree"

# The machine's files: what Debian has for a program to be pushed to, and nothing of zurt's.
image=$ZURT_BUILD/arm64-virt
system=dash,coreutils,tar,gzip,findutils,sed,mawk,grep,libc-bin,openssh-server,busybox-static,linux-image-arm64
if [ ! -e "$image/complete" ]; then
    rm -rf "$image"
    mkdir -p "$image"
    mode=unshare
    [ "$(id -u)" != 0 ] || mode=root
    mmdebstrap --quiet --mode=$mode --variant=extract --architectures=arm64 --include=$system bookworm \
        "$image/root"
    touch "$image/complete"
fi
kernel=$(echo "$image"/root/boot/vmlinuz-*)
tree=$work/root
mkdir -p "$tree"
# without what no one reads there
tar -C "$image/root" --exclude='./usr/share/*' --exclude='./boot/*' --exclude='./var/*' \
    --exclude='./usr/lib/modules/*' --exclude='./lib/modules/*' --exclude='*/perl*' --exclude='*/gconv/*' \
    -cf - . | tar -C "$tree" -xf -
mkdir -p "$tree/modules" "$tree/proc" "$tree/sys" "$tree/dev" "$tree/run" "$tree/tmp" "$tree/root" \
    "$tree/home" "$tree/etc" "$tree/var/empty"
for module in virtio_mmio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net; do
    find "$image/root/" -name "$module.ko" -exec cp {} "$tree/modules/" \;
done
for key in key host_key; do
    ssh-keygen -q -t ed25519 -N '' -f "$work/$key"
done
cp "$work/host_key" "$work/key.pub" "$tree/etc/"
cat >"$tree/etc/passwd" <<'EOF'
root:*:0:0:root:/root:/bin/sh
sshd:*:100:65534::/run/sshd:/usr/sbin/nologin
EOF
echo root:x:0: >"$tree/etc/group"
cat >"$tree/etc/sshd" <<'EOF'
HostKey /etc/host_key
AuthorizedKeysFile /etc/key.pub
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
EOF
cat >"$tree/init" <<'EOF'
#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs devtmpfs /dev
for folder in /run /tmp /root; do
    busybox mount -t tmpfs tmpfs $folder
done
mkdir -p /run/sshd /dev/pts
busybox mount -t devpts devpts /dev/pts
for module in virtio_mmio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net; do
    [ ! -e /modules/$module.ko ] || busybox insmod /modules/$module.ko
done
for tries in 1 2 3 4 5 6 7 8 9 10; do
    [ -e /sys/class/net/eth0 ] && break
    sleep 1
done
busybox ip link set lo up
busybox ip link set eth0 up
busybox ip addr add 10.0.2.15/24 dev eth0
echo "virt: ready after $(cut -d' ' -f1 /proc/uptime) s"
exec /usr/sbin/sshd -D -e -f /etc/sshd
EOF
chmod +x "$tree/init"
(cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) | zstd -q -3 >"$work/initrd"
rm -rf "$tree"

port=$(free_port)
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$work/host_key.pub")" >"$work/known_hosts"
cat >"$ZURT_SSH_CONFIG" <<EOF
Host virt
    HostName 127.0.0.1
    Port $port
    User root
    IdentityFile $work/key
    IdentitiesOnly yes
    UserKnownHostsFile $work/known_hosts
    BatchMode yes
    ConnectTimeout 20
EOF
start=$SECONDS
qemu-system-aarch64 -M virt -cpu cortex-a53 -smp 2 -m 1024 -nodefaults -display none -monitor none \
    -serial "file:$work/console" -no-reboot -kernel "$kernel" -initrd "$work/initrd" \
    -append "console=ttyAMA0 quiet panic=-1 rdinit=/init" -device virtio-net-device,netdev=n0 \
    -netdev "user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" &
server_of[virt]=$!
disown
until on virt true 2>/dev/null; do
    if [ $((SECONDS - start)) -gt 300 ] || ! kill -0 "${server_of[virt]}" 2>/dev/null; then
        fail "the machine does not answer: $(cat "$work/console")"
    fi
    sleep 2
done
echo "virt answers after $((SECONDS - start)) s: $(on virt 'uname -srm'), $(basename "$kernel")"
exercise "$work/tree" virt
exits 0 "$board" status virt
cat "$work/out"
echo "virt: push, run, bench, eval and rollback in $((SECONDS - start)) s with its boot"
