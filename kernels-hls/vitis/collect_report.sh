#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Collects what a build of the engine came to: BUILD/report, and BUILD/report.tar.gz to send back.
#
#   collect_report.sh BUILD BOARD MHZ CONFIG VIVADO
#
# csynth's reports as HLS wrote them; of the routed design, if there is one, utilisation, timing,
# clocks and power by Vivado. What is missing is said in report/summary.txt.
set -eu

build=$1 board=$2 mhz=$3 config=$4 vivado=$5
here=$(cd "$(dirname "$0")" && pwd)
out=$build/report
rm -rf "$out"
mkdir -p "$out"

{
    echo "board $board, asked $mhz MHz, configuration ${config:-the board's own}"
    echo "sources $(git -C "$here" rev-parse HEAD 2>/dev/null || echo unknown)"
    date -u +%Y-%m-%dT%H:%M:%SZ
} >"$out/summary.txt"

# one FILE TO: exactly one file of that name, or a line in the summary.
one() {
    found=$(find "$build" -path "$out" -prune -o -name "$1" -print)
    if [ "$(printf '%s' "$found" | grep -c '')" -eq 1 ]; then
        cp "$found" "$out/$2"
    else
        echo "$2: $(printf '%s' "$found" | grep -c '' || true) files named $1" >>"$out/summary.txt"
    fi
}
one "zk_engine_${board}_csynth.rpt" csynth.rpt
one "zk_engine_${board}_csynth.xml" csynth.xml
one "csynth.rpt" csynth-all.rpt
one clocks.json clocks.json

dcp=$(find "$build/temp" -name '*_routed.dcp' 2>/dev/null || true)
if [ "$(printf '%s' "$dcp" | grep -c '')" -eq 1 ]; then
    (cd "$out" && $vivado -mode batch -nojournal -log vivado.log -source "$here/report_routed.tcl" \
        -tclargs "$dcp" "$out") || echo "routed: $vivado failed; see vivado.log" >>"$out/summary.txt"
else
    echo "routed: $(printf '%s' "$dcp" | grep -c '' || true) checkpoints *_routed.dcp below temp" \
        >>"$out/summary.txt"
fi
tar -C "$build" -czf "$build/report.tar.gz" report
cat "$out/summary.txt"
echo "$build/report.tar.gz"
