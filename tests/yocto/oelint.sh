#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# oelint-adv over meta-zurt, for three of the series. Any finding
# fails but those named here, with what we mean by them.
set -eu
oelint=$(dirname "$ZURT_PYTHON")/oelint-adv
if [ ! -x "$oelint" ]; then
    echo "skipped: no oelint-adv; scripts/venv installs it"
    exit 77
fi
not_ours="oelint.vars.homepageping"              # asks the network
not_ours="$not_ours oelint.vars.layerconf"       # ZURT_REPOSITORY: only layer.conf knows its folder
not_ours="$not_ours oelint.vars.mispell.unknown" # the same variable
not_ours="$not_ours oelint.var.licenseremotefile" # recipes of files that are all in the layer
not_ours="$not_ours oelint.task.noanonpython"    # a recipe can be skipped in no other way
not_ours="$not_ours oelint.var.filesoverride"    # FILES says all of it, so that a test can count
set --
for rule in $not_ours; do
    set -- "$@" --suppress "$rule"
done
cd "$ZURT_SOURCE/petalinux-recipe/meta-zurt"
for series in langdale scarthgap wrynose; do
    find . \( -name '*.bb' -o -name '*.bbappend' -o -name '*.inc' -o -name layer.conf \) -print0 |
        xargs -0 "$oelint" --release $series --quiet --relpaths --hide info "$@"
    echo "$series: nothing found"
done
