#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clean_root.sh amd64|arm64 FOLDER [DEBS]: Debian packages in a system that mmdebstrap has just made,
# in namespaces of its own, so that nothing here changes. installed.sh says what is asked there. arm64
# runs by qemu-user, by a binfmt_misc of the namespace; it has dpkg alone, not apt, to be made in time.
set -euo pipefail
arch=$1
folder=$2
skip() {
    echo "skipped: $*"
    exit 77
}
command -v mmdebstrap >/dev/null || skip "no mmdebstrap; scripts/setup installs it"
[ "$(id -u)" = 0 ] || skip "only root may have a namespace with the users of a system"
debs=${3:-$ZURT_BUILD/package/$arch-debs}
[ -d "$debs" ] || skip "no packages for $arch were made"
rm -rf "$folder"
mkdir -p "$folder"
mkfifo "$folder/mapped"

case $arch in
amd64) choice=(--variant=apt --include=usr-is-merged) ;;
arm64) # libraries that packages of ours need, and what dpkg and this test need
    packages=usr-is-merged,libjpeg62-turbo,libpng16-16,libprotobuf-c1,zlib1g
    if [ -n "$(find "$debs" -name 'zurt-compiler_*')" ]; then
        choice=(--variant=essential "--include=$packages,libcjson1,libxrt1")
    else
        packages=$packages,dpkg,dash,coreutils,libc-bin,findutils,diffutils,sed,grep
        # shellcheck disable=SC2016 # mmdebstrap's
        choice=(--variant=custom "--include=$packages"
            --setup-hook='mkdir -p "$1/dev" "$1/proc" "$1/sys" "$1/tmp"')
    fi
    ;;
esac
command=(mmdebstrap --quiet --mode=root --architectures="$arch" --format=null "${choice[@]}"
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr
    --customize-hook="$ZURT_SOURCE/tests/package/installed.sh" bookworm /dev/null)

# A system has files of many users, so the namespace has them; whoever is there mounts and registers
# nothing that is seen outside.
export ARCH=$arch DEBS=$debs FIXTURE=$ZURT_BUILD/tests/cli/fixture WORK=$folder TMPDIR=$folder
unshare --user --mount --pid --fork --kill-child \
    "$ZURT_SOURCE/tests/package/namespace.sh" "$folder/mapped" "$arch" "${command[@]}" &
namespace=$!
ours=$(readlink /proc/self/ns/user)
until theirs=$(readlink /proc/$namespace/ns/user) && [ "$theirs" != "$ours" ]; do
    kill -0 $namespace 2>/dev/null || skip "no user namespaces here"
    sleep 0.05
done
echo "0 0 65536" >/proc/$namespace/uid_map
echo "0 0 65536" >/proc/$namespace/gid_map
echo go >"$folder/mapped"
code=0
wait $namespace || code=$?
if [ $code != 0 ] && [ $code != 77 ] && [ ! -e "$folder/made" ]; then
    skip "mmdebstrap made no system: no network?"
fi
[ $code = 0 ] || exit $code
rm -rf "$folder"
