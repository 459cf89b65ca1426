# SPDX-License-Identifier: Apache-2.0
# Vivado in batch: what a routed design takes, how fast it is, what power it is estimated to draw.
# Arguments: CHECKPOINT FOLDER. Not run here; see README.md.
lassign $argv checkpoint out
open_checkpoint $checkpoint
report_utilization -file $out/usage.rpt
report_utilization -hierarchical -hierarchical_depth 6 -file $out/usage_hierarchical.rpt
report_timing_summary -max_paths 20 -file $out/timing_summary.rpt
report_clocks -file $out/clocks.rpt
report_power -file $out/power.rpt
exit
