#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lintian finds no error in any package; and the list of libraries that cross-built packages need is
# what dpkg-shlibdeps finds here, where this is Debian 12.
set -euo pipefail
export LC_ALL=C
command -v lintian >/dev/null || { echo "skipped: no lintian; scripts/setup installs it" && exit 77; }
shopt -s nullglob
cd "$ZURT_BUILD/package"
debs=(*-debs/*.deb)
[ ${#debs[@]} != 0 ] || { echo "skipped: no packages were made" && exit 77; }
[ "$(id -u)" != 0 ] || as_root=--allow-root
for folder in *-debs; do # which checks packages together, and zurt-doc is in two
    lintian ${as_root:+"$as_root"} --fail-on error "$folder"/*.deb
done

if [ -d amd64-debs ] && grep -q 'VERSION_CODENAME=bookworm' /etc/os-release; then
    while read -r component needs; do
        case $component in
        library) deb=libzurt0 ;;
        runtime) deb=zurt ;;
        *) deb=zurt-$component ;;
        esac
        found=$(dpkg-deb -f amd64-debs/"$deb"_*.deb Depends)
        if [[ ", $found" != *", $needs" ]]; then
            echo "FAILED: packaging/debian/needs says of $component: $needs"
            echo "its package for amd64 depends on: $found"
            exit 1
        fi
    done < <(grep -v -e '^#' -e '^swemu' "$ZURT_SOURCE/packaging/debian/needs")
fi
