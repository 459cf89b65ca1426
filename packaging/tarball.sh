# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # read by scripts/package, whose variables these are
# The tarball: unpacked anywhere, it runs.
glibc=2.34
# What every such system has. XRT is looked for at run time, and brings what it needs.
systems_own=" libc.so.6 libm.so.6 ld-linux-aarch64.so.1 ld-linux-x86-64.so.2 "

needed() { # FILE
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# Debian's package of a library and with it the name of its folder of documents.
package_of() { # SONAME
    case $1 in
    libjpeg.so.62) echo libjpeg62-turbo ;;
    libpng16.so.16) echo libpng16-16 ;;
    libprotobuf-c.so.1) echo libprotobuf-c1 ;;
    libz.so.1) echo zlib1g ;;
    *) die "$1 is not a library that packages are known to need: say in package_of() whose it is" ;;
    esac
}

# take_library SONAME: with its licence's text.
take_library() {
    local folder package
    package=$(package_of "$1")
    for folder in "$root/usr/lib/$triplet" "$root/lib/$triplet"; do
        [ -e "$folder/$1" ] || continue
        install -m 644 "$folder/$1" "$stage/lib/$1"
        install -m 644 -D "$root/usr/share/doc/$package/copyright" \
            "$stage/share/doc/zurt/licences/$package.txt"
        return
    done
    die "no $1 in $root"
}

# Every library that a file of the package needs, until none is missing.
take_libraries() {
    local file name again=1
    while [ $again = 1 ]; do
        again=0
        for file in "$stage"/bin/* "$stage"/lib/*; do
            for name in $(needed "$file"); do
                [[ $systems_own == *" $name "* ]] || [ -e "$stage/lib/$name" ] || {
                    take_library "$name"
                    again=1
                }
            done
        done
    done
}

# Whatever is promised about the tarball's programs and libraries.
check_programs() {
    local file newest
    for file in "$stage"/bin/* "$stage"/lib/*; do
        [ ! -L "$file" ] || continue
        newest=$(readelf -W -V "$file" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
        [ "$(printf '%s\n' "GLIBC_$glibc" "$newest" | sort -V | tail -n 1)" = "GLIBC_$glibc" ] ||
            die "$(basename "$file") wants $newest, newer than $glibc: build on Debian 12"
        printf '%9d bytes  %s\n' "$(stat -c %s "$file")" "${file#"$stage/"}"
    done
}

add_demo() {
    local zurt=$host/apps/zurt/zurt
    "$host/apps/examples/digits" --seed 1 --count 500 -o "$work/calib"
    quietly "$work/demo.log" "$zurt" compile models/mnist_cnn.onnx --force \
        --calib "idx:$work/calib-images.idx,$work/calib-labels.idx" -o "$work/mnist_cnn.zurt"
    install -m 644 -D -t "$stage/share/zurt" "$work/mnist_cnn.zurt" tests/cli/seven.jpg
    cat >"$stage/README" <<TEXT
zurt $version for $arch: runs int8 neural networks from .zurt files. Unpack it anywhere; it needs
Linux with glibc $glibc or later, and nothing else to run on the CPU:

    bin/zurt run share/zurt/mnist_cnn.zurt share/zurt/seven.jpg

The model knows handwritten digits; the best class is 7. Models are compiled on another machine by the
complete zurt. Licences: share/doc/zurt.
TEXT
}

# Under another name until it is complete.
write_tar() { # FOLDER FILE
    tar -C "$(dirname "$1")" --sort=name --mtime="@$(source_date)" --owner=0 --group=0 \
        --numeric-owner --mode=u+rwX,go+rX,go-w --format=ustar -c "$(basename "$1")" |
        gzip -n -9 >"$2.part"
    mv "$2.part" "$2"
}

tarball() {
    local name=zurt-$version-$arch
    find_host
    # shellcheck disable=SC2016 # the loader's word
    build -DZURT_BUILD_COMPILER=OFF -DZURT_BUILD_SWEMU=OFF -DZURT_SIM=OFF -DZURT_XRT=ON \
        -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_INSTALL_RPATH='$ORIGIN/../lib'
    stage=$work/$name
    rm -rf "$stage"
    quietly "$work/install.log" cmake --install "$tree" --component runtime --strip \
        --prefix "$stage"
    install -m 644 -D LICENSE "$stage/share/doc/zurt/LICENSE"
    take_libraries
    add_demo
    check_programs
    write_tar "$stage" "$output/$name.tar.gz"
    rm -rf "$stage"
    printf '%9d bytes  %s\n' "$(stat -c %s "$output/$name.tar.gz")" "$output/$name.tar.gz"
}
