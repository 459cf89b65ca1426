#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What scripts/board runs on a board: it is copied there, and needs sh, tar, gzip, sed, find and
# coreutils, or busybox. Everything is below ~/zurt:
#
#   versions/ID/            an unpacked package (bin, lib, share)
#   current, previous       symbolic links to two of them, replaced by rename alone
#   files/SHA256/NAME       models and samples, known by their contents
#   incoming/SHA256.part    what is being received; a lost connection leaves its beginning
#   jobs/PID/               where one command runs
#
# Exit 121: refused, the message says why. 122: what was received is damaged, and gone.
set -eu
umask 022
root=$HOME/zurt

die() {
    echo "on the board: $*" >&2
    exit 121
}

sha256() { # FILE
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum <"$1" | cut -c1-64
    else
        openssl dgst -sha256 <"$1" | sed 's/.* //'
    fi
}

size() { # FILE: 0 if there is none
    if [ -f "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

# The C library's version as its packages know it; "none" if it is not glibc.
glibc() {
    version=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p')
    for library in /lib/ld-linux-aarch64.so.1 /lib64/ld-linux-x86-64.so.2; do
        [ -n "$version" ] || [ ! -x $library ] ||
            version=$($library --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*[0-9]\).*/\1/p')
    done
    echo "${version:-none}"
}

free_kib() {
    df -Pk "$root" | sed -n '2s/.* \([0-9][0-9]*\)  *[0-9][0-9]*% .*/\1/p'
}

# Whether a symbolic link to a folder can be replaced in one step.
can_switch() {
    t=$root/.try.$$
    rm -rf "$t"
    mkdir -p "$t/a" "$t/b" && ln -s a "$t/link" && ln -s b "$t/new" &&
        mv -T "$t/new" "$t/link" 2>/dev/null && [ "$(readlink "$t/link")" = b ] && echo yes || echo no
    rm -rf "$t"
}

# link NAME TARGET: NAME leads to TARGET, and at no time to nothing.
link() {
    rm -f "$root/.$1.$$"
    ln -s "$2" "$root/.$1.$$"
    mv -T "$root/.$1.$$" "$root/$1"
}

target() { # LINK: the ID that it leads to; empty if it leads nowhere
    t=$(readlink "$root/$1" 2>/dev/null) || t=""
    [ -z "$t" ] || [ ! -d "$root/$t" ] || echo "${t#versions/}"
}

alive() { # PROCESS
    kill -0 "$1" 2>/dev/null
}

# One at a time changes what the links lead to. The lock is a link that names its process, and the
# boot that it is of.
lock() {
    tries=0
    boot=$(cat /proc/sys/kernel/random/boot_id)
    until ln -s "$$ $boot" "$root/.lock" 2>/dev/null; do
        owner=$(readlink "$root/.lock") || continue
        if [ "${owner#* }" != "$boot" ] || ! alive "${owner%% *}"; then
            rm -f "$root/.lock"
            continue
        fi
        tries=$((tries + 1))
        [ $tries -le 60 ] || die "process ${owner%% *} is installing; if it is not, rm ~/zurt/.lock"
        sleep 1
    done
    trap 'rm -f "$root/.lock"' EXIT
    trap 'exit 129' HUP INT TERM PIPE
}

# What processes that are no more have left.
sweep() {
    for left in "$root"/versions/.new.* "$root"/versions/.old.* "$root"/jobs/* \
        "$root"/.current.* "$root"/.previous.* "$root"/.try.*; do
        if [ -e "$left" ] || [ -L "$left" ]; then
            alive "${left##*[./]}" || rm -rf "$left"
        fi
    done
    find "$root/files" "$root/incoming" -mindepth 1 -maxdepth 1 -mtime +30 \
        -exec rm -rf {} + 2>/dev/null || true
}

do_probe() {
    mkdir -p "$root"
    missing=""
    for tool in tar gzip sed find readlink cut touch; do
        command -v $tool >/dev/null 2>&1 || missing="$missing $tool"
    done
    command -v sha256sum >/dev/null 2>&1 || command -v openssl >/dev/null 2>&1 ||
        missing="$missing sha256sum"
    echo "machine $(uname -m)"
    echo "glibc $(glibc)"
    echo "free_kib $(free_kib)"
    echo "switch $(can_switch)"
    echo "missing${missing:- nothing}"
}

do_offset() { # SHA
    size "$root/incoming/$1.part"
}

do_receive() { # SHA OFFSET <bytes
    mkdir -p "$root/incoming"
    [ "$(size "$root/incoming/$1.part")" = "$2" ] || exit 122
    cat >>"$root/incoming/$1.part"
}

# Damaged means all of it: a part that two wrote to has good bytes in bad places.
verify() { # SHA
    [ "$(sha256 "$root/incoming/$1.part")" = "$1" ] && return
    rm -f "$root/incoming/$1.part"
    exit 122
}

do_have() { # SHA NAME...: a letter for each, y or n
    while [ $# -gt 0 ]; do
        if [ -f "$root/files/$1/$2" ]; then
            touch "$root/files/$1"
            printf y
        else
            printf n
        fi
        shift 2
    done
}

do_installed() { # ID
    if [ -d "$root/versions/$1" ]; then echo yes; else echo no; fi
}

do_keep() { # SHA NAME: received becomes a file
    verify "$1"
    mkdir -p "$root/files/$1"
    mv "$root/incoming/$1.part" "$root/files/$1/$2"
}

# Unpacks what was received, starts the program once, and only then makes it the current one.
do_install() { # SHA ID TOP
    lock
    if [ ! -d "$root/versions/$2" ]; then
        verify "$1"
        new=$root/versions/.new.$$
        rm -rf "$new"
        mkdir -p "$new"
        gzip -dc "$root/incoming/$1.part" | tar -xof - -C "$new" || die "the package cannot be unpacked"
        [ -x "$new/$3/bin/zurt" ] || die "the package has no bin/zurt"
        sync
        mv -T "$new/$3" "$root/versions/$2" 2>/dev/null || [ -d "$root/versions/$2" ] ||
            die "versions/$2 cannot be made"
        rm -rf "$new"
    fi
    rm -f "$root/incoming/$1.part"
    now=$(target current)
    said=$("$root/versions/$2/bin/zurt" --version 2>&1) || {
        [ "$now" = "$2" ] || rm -rf "$root/versions/$2"
        die "version $2 does not start, so nothing is changed: $said"
    }
    if [ "$now" != "$2" ]; then
        [ -z "$now" ] || link previous "versions/$now"
        link current "versions/$2"
    fi
    sync
    prune
    echo "$said"
}

# All versions but the current and the previous one.
prune() {
    for version in "$root"/versions/*; do
        id=${version##*/}
        if [ "$id" = "$(target current)" ] || [ "$id" = "$(target previous)" ] ||
            [ ! -d "$version" ]; then
            continue
        fi
        mv -T "$version" "$root/versions/.old.$$" && rm -rf "$root/versions/.old.$$"
    done
    sweep
}

do_rollback() {
    lock
    now=$(target current)
    before=$(target previous)
    if [ -z "$before" ] || [ "$before" = "$now" ]; then
        die "there is no previous version"
    fi
    link current "versions/$before"
    [ -z "$now" ] || link previous "versions/$now"
    sync
    echo "$before"
}

do_status() {
    echo "current   $(target current)"
    echo "previous  $(target previous)"
    for version in "$root"/versions/*; do
        [ ! -d "$version" ] || echo "version   ${version##*/}"
    done
    for part in "$root"/incoming/*.part; do
        [ ! -f "$part" ] || echo "incoming  $(size "$part") bytes of ${part##*/}"
    done
    [ ! -x "$root/current/bin/zurt" ] || echo "says      $("$root/current/bin/zurt" --version 2>&1)"
    echo "system    $(uname -m), glibc $(glibc), $(free_kib) KiB free"
}

# run [COLLECT] [SHA NAME LINK]... -- ARGUMENTS: zurt in a folder of its own, with links to files.
# UNPACK in place of LINK unpacks the file instead, UNPACK_ONCE also deletes it. COLLECT: what is
# written is an archive of `stdout` and the files out.* that zurt wrote.
do_run() {
    [ -x "$root/current/bin/zurt" ] || die "zurt is not there: scripts/board push"
    version=$(readlink "$root/current") # a push in between changes nothing
    work=$root/jobs/$$
    rm -rf "$work"
    mkdir -p "$work"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 129' HUP INT TERM PIPE
    cd "$work"
    collect=""
    if [ "$1" = COLLECT ]; then
        collect=yes
        shift
    fi
    while [ "$1" != -- ]; do
        file=$root/files/$1/$2
        [ -f "$file" ] || die "$2 is not there any more"
        case $3 in
        UNPACK) gzip -dc "$file" | tar -xof - || die "$2 cannot be unpacked" ;;
        UNPACK_ONCE)
            gzip -dc "$file" | tar -xof - || die "$2 cannot be unpacked"
            rm -rf "$root/files/$1"
            ;;
        *) ln -s "$file" "./$3" ;;
        esac
        shift 3
    done
    shift
    code=0
    if [ -n "$collect" ]; then
        "$root/$version/bin/zurt" "$@" >stdout || code=$?
        set -- out.*
        [ -e "$1" ] || shift
        tar -cf - stdout "$@"
    else
        "$root/$version/bin/zurt" "$@" || code=$?
    fi
    exit $code
}

# The model and the picture that came with the package.
do_demo() { # ARGUMENTS
    [ -x "$root/current/bin/zurt" ] || die "zurt is not there: scripts/board push"
    cd "$root/current/share/zurt" 2>/dev/null || die "this package came without a model"
    for model in *.zurt; do
        for picture in *.jpg *.png; do
            [ ! -f "$model" ] || [ ! -f "$picture" ] ||
                exec ../../bin/zurt run "$model" "$picture" "$@"
        done
    done
    die "this package came without a model and a picture"
}

command=$1
shift
case $command in
probe | offset | receive | have | keep | installed | install | rollback | status | run | demo) "do_$command" "$@" ;;
*) die "no command $command" ;;
esac
