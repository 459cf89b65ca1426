# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # read by scripts/package, whose variables these are
# Debian's packages, by CPack: scripts/cmake/ZurtPackage.cmake.

# needs COMPONENT FILE...: which other packages the files of a package need, as CPack is told.
needs() {
    local component=$1
    shift
    if [ -n "$root" ]; then
        sed -n "s/^$component //p" packaging/debian/needs >"$work/needs/$component"
        return
    fi
    mkdir -p "$work/debian" # without which dpkg-shlibdeps does not start
    : >"$work/debian/control"
    # What it says of libzurt, which is in no package yet, is of no interest.
    (cd "$work" && dpkg-shlibdeps -O --ignore-missing-info -l"$tree/runtime" -l"$tree/compiler" \
        "$@" 2>shlibdeps.log) | sed 's/^shlibs:Depends=//' >"$work/needs/$component"
    [ -s "$work/needs/$component" ] || {
        cat "$work/shlibdeps.log" >&2
        die "dpkg-shlibdeps failed"
    }
}

debs() {
    local swemu=() options=() file
    if [ "$parts" = runtime ]; then
        options=(-DZURT_BUILD_COMPILER=OFF -DZURT_BUILD_SWEMU=OFF -DZURT_SIM=OFF)
    else
        options=(-DZURT_BUILD_COMPILER=ON -DZURT_BUILD_SWEMU=ON -DZURT_SIM=ON)
    fi
    build "${options[@]}" -DZURT_XRT=ON -DCMAKE_INSTALL_PREFIX=/usr \
        -DCMAKE_INSTALL_LIBDIR="lib/$triplet" -DCMAKE_INSTALL_RPATH=
    rm -rf "$work/needs" "$work/cpack"
    mkdir -p "$work/needs"
    needs library "$tree"/runtime/libzurt.so
    if [ "$parts" = runtime ]; then
        needs runtime "$tree/apps/zurt/zurt"
    else
        needs runtime "$tree/apps/zurt/runtime/zurt"
        needs compiler "$tree/apps/zurt/zurt" "$tree/compiler/libzurt-compiler.so"
        mapfile -t swemu < <(find "$tree/swemu" -type f -perm /111)
        needs swemu "${swemu[@]}"
    fi
    SOURCE_DATE_EPOCH=$(source_date) quietly "$work/cpack.log" cpack -G DEB \
        --config "$tree/CPackConfig.cmake" -B "$work/cpack" -D CPACK_ZURT_NEEDS="$work/needs" \
        -D CPACK_DEBIAN_PACKAGE_ARCHITECTURE="$arch"
    for file in "$work"/cpack/*.deb; do
        mv "$file" "$output/"
        printf '%9d bytes  %s\n' "$(stat -c %s "$output/${file##*/}")" "$output/${file##*/}"
    done
    rm -rf "$work/cpack"
}
