# SPDX-License-Identifier: Apache-2.0
# One stage of the engine in Vitis HLS. Not run here; see README.md.
#
# Environment: ZK_BOARD kv260|zcu104, ZK_STAGE csim|csynth|cosim, ZK_MHZ, ZK_BUILD build folder,
# ZK_RQ width of the requantiser or empty, ZK_CONFIG first-light or empty.
set board $::env(ZK_BOARD)
set stage $::env(ZK_STAGE)
set here [file dirname [file normalize [info script]]]
set engine $here/../engine
set parts [dict create kv260 xck26-sfvc784-2LV-c zcu104 xczu7ev-ffvc1156-2-e]

set flags "-std=c99 -I$engine -I$here/../../runtime"
if {$board eq "zcu104"} {
    append flags " -DZK_ZCU104"
}
if {[info exists ::env(ZK_RQ)] && $::env(ZK_RQ) ne ""} {
    append flags " -DZK_RQ=$::env(ZK_RQ)"
}
if {[info exists ::env(ZK_CONFIG)] && $::env(ZK_CONFIG) eq "first-light"} {
    append flags " -DZK_FIRST_LIGHT"
}
# The testbench sees the act buffer alone; C simulation needs FIFOs as long as a step.
set simulation "$flags -DZK_CSIM -DZK_COSIM -Wno-unknown-pragmas"

cd $::env(ZK_BUILD)
open_project engine_$board
set_top zk_engine_$board
foreach source {zk_engine zk_exec zk_fetch zk_load zk_store} {
    add_files $engine/$source.c -cflags $flags -csimflags $simulation
}
foreach source {test_engine engine_case engine_asm engine_ref} {
    add_files -tb $engine/$source.c -cflags $simulation -csimflags $simulation
}
open_solution -flow_target vitis solution
set_part [dict get $parts $board]
create_clock -period ${::env(ZK_MHZ)}MHz -name default
set_clock_uncertainty 12%
config_interface -m_axi_max_widen_bitwidth 128 -m_axi_alignment_byte_size 16
config_compile -pragma_strict_mode

switch $stage {
    csim {
        csim_design -argv "--cases 200"
    }
    csynth {
        csynth_design
        export_design -format xo -output $::env(ZK_BUILD)/zk_engine_$board.xo
    }
    cosim {
        csynth_design
        cosim_design -argv "--cases 3"
    }
    default {
        error "ZK_STAGE is $stage, not csim, csynth or cosim"
    }
}
exit
