# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # read by scripts/package, whose variables these are
# A Debian package of a bitstream of the user's own, where dfx-mgr, xmutil and zurt look for it.

# Refuses what the board would refuse, or what would look for another file there.
check_firmware() { # NAME BOARD
    local file answer
    [ -n "$from" ] || die "$1: --from FOLDER is wanted, with a bitstream of your own: none is" \
        "published, docs/first-light.md says how to build one"
    for file in "$1.bit.bin" "$1.dtbo" "$1.xclbin" shell.json; do
        [ -s "$from/$file" ] || die "$from/$file is missing: \`make BOARD=$2 package\` in" \
            "kernels-hls/vitis leaves it (docs/first-light.md)"
    done
    [ "$(head -c 4 "$from/$1.dtbo" | od -An -tx1 | tr -d ' ')" = d00dfeed ] ||
        die "$from/$1.dtbo is no device tree blob: dtc makes one of the .dtso"
    grep -aqF "$1.bit.bin" "$from/$1.dtbo" ||
        die "$from/$1.dtbo does not name $1.bit.bin: its firmware-name must"
    python3 -m json.tool "$from/shell.json" >/dev/null 2>&1 || die "$from/shell.json is no JSON"
    find_host
    answer=$("$host/apps/zurt/zurt" info "$from/$1.xclbin" 2>&1) || die "$answer"
    [[ $answer == *"'$2', engine version"* ]] ||
        die "$from/$1.xclbin is not for $2: ${answer%%$'\n'*}"
}

firmware() { # BOARD
    local name=zurt-$1 package=zurt-$1-firmware version_of to doc file
    check_firmware "$name" "$1"
    version_of=$version+own$(date -u -r "$from/$name.bit.bin" +%Y%m%d.%H%M%S)
    stage=$work/$package
    to=$stage/lib/firmware/xilinx/$name
    doc=$stage/usr/share/doc/$package
    rm -rf "$stage"
    install -m 644 -D -t "$to" "$from/$name".{bit.bin,dtbo,xclbin} "$from/shell.json"
    install -d "$doc" "$stage/DEBIAN"
    cat >"$doc/copyright" <<TEXT
The bitstream, its overlay and its xclbin were built by whoever made this package. The sources of the
engine are zurt's: Copyright 2026 The zurt authors, Apache License 2.0, whose text is in
/usr/share/common-licenses/Apache-2.0. What else is in the bitstream has the licence of its makers.
TEXT
    printf '%s (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n' "$package" "$version_of" \
        "Built from $name.bit.bin, sha256 $(sha256sum <"$from/$name.bit.bin" | cut -c1-16)." \
        "$(maintainer)" "$(date -u -R -d "@$(source_date)")" | gzip -9n >"$doc/changelog.gz"
    cat >"$stage/DEBIAN/control" <<TEXT
Package: $package
Version: $version_of
Architecture: all
Maintainer: $(maintainer)
Section: science
Priority: optional
Enhances: libzurt0, zurt
Installed-Size: $(du -sk --apparent-size "$stage" | cut -f1)
Description: zurt's engine for the $1, a bitstream of your own
 Bitstream, overlay and xclbin in /lib/firmware/xilinx/$name, where
 dfx-mgr and zurt look for them. Nothing is loaded by installing it.
TEXT
    (cd "$stage" && find lib usr -type f | sort | xargs md5sum) >"$work/md5sums"
    install -m 644 "$work/md5sums" "$stage/DEBIAN/md5sums"
    file=$output/${package}_${version_of}_all.deb
    SOURCE_DATE_EPOCH=$(source_date) quietly "$work/firmware.log" \
        dpkg-deb --root-owner-group -Zxz --build "$stage" "$file"
    rm -rf "$stage"
    printf '%9d bytes  %s\n' "$(stat -c %s "$file")" "$file"
}

maintainer() {
    sed -n 's/^ -- \(.*>\).*/\1/p;' packaging/debian/changelog | head -n 1
}
