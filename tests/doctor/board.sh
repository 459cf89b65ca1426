# Every finding of zurt doctor that files can show, on a copy of a healthy KV260's files with one
# thing wrong in it; and each finding of the table is reached by some test.
unset XCL_EMULATION_MODE ZURT_XCLBIN XILINX_XRT XILINX_VITIS
fakes=$ZURT_BUILD/tests/doctor
lib=usr/lib/aarch64-linux-gnu
put() { # FILE TEXT
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1"
}

# make_healthy ROOT: a KV260 whose overlay is loaded, with a user who may use it.
make_healthy() {
    mkdir -p "$1"
    local tree=$1/sys/firmware/devicetree/base app=$1/lib/firmware/xilinx/zurt-kv260
    put "$1/proc/sys/kernel/osrelease" 6.6.40-xilinx
    mkdir -p "$tree/axi/zyxclmm_drm" "$tree/axi/clocking0"
    ln -s ../sys/firmware/devicetree/base "$1/proc/device-tree"
    printf 'ZynqMP KV260 revB\0' >"$tree/model"
    printf 'xlnx,zynqmp-sk-kv260-revB\0xlnx,zynqmp-sk-kv260\0xlnx,zynqmp\0' >"$tree/compatible"
    printf 'xlnx,zocl\0' >"$tree/axi/zyxclmm_drm/compatible"
    printf 'xlnx,fclk\0' >"$tree/axi/clocking0/compatible"
    printf '\x0b\xeb\xc2\x00' >"$tree/axi/clocking0/assigned-clock-rates" # 200 MHz
    put "$1/proc/meminfo" "MemTotal:        4034512 kB
MemAvailable:    3500000 kB
SwapTotal:             0 kB
SwapFree:              0 kB
CmaTotal:        1048576 kB
CmaFree:         1000000 kB"
    put "$1/proc/self/status" "Name:	zurt
Uid:	12345	12345	12345	12345
Gid:	12345	12345	12345	12345
Groups:	54321 $(stat -c %g "$1")
Cpus_allowed_list:	0-3"
    put "$1/proc/42/comm" dfx-mgrd
    gzip -c >"$1/proc/config.gz" <<<"CONFIG_CMA=y
CONFIG_DMA_CMA=y
CONFIG_OF_OVERLAY=y
CONFIG_OF_CONFIGFS=y
CONFIG_FPGA_MGR_ZYNQMP_FPGA=m"
    local cpu=$1/sys/devices/system/cpu
    put "$cpu/online" 0-3
    put "$cpu/present" 0-3
    put "$cpu/cpu0/cpufreq/scaling_governor" performance
    put "$cpu/cpu0/cpufreq/scaling_max_freq" 1333333
    put "$cpu/cpu0/cpufreq/cpuinfo_max_freq" 1333333
    put "$1/sys/class/thermal/thermal_zone0/temp" 51000
    put "$1/sys/class/fpga_manager/fpga0/state" operating
    put "$1/sys/kernel/config/device-tree/overlays/zurt-kv260_image_0/status" applied
    put "$1/sys/kernel/debug/clk/pl0_ref/clk_rate" 199999997
    put "$1/sys/kernel/debug/clk/pl0_ref/clk_enable_count" 1
    put "$1/sys/module/zocl/version" "2.18.0,f2524a2fcbbabd969db19abf4d835c24379e390d"
    mkdir -p "$1/sys/class/drm/renderD128/device" "$1/sys/bus/platform/drivers/zocl-drm"
    ln -s ../../../../bus/platform/drivers/zocl-drm "$1/sys/class/drm/renderD128/device/driver"
    put "$1/dev/dri/renderD128" ""
    chmod 0660 "$1/dev/dri/renderD128"
    put "$1/usr/bin/dfx-mgrd" ""
    put "$1/run/dfx-mgrd.socket" ""
    put "$app/shell.json" '{"shell_type": "XRT_FLAT", "num_slots": "1"}'
    put "$app/zurt-kv260.bit.bin" ""
    put "$app/zurt-kv260.dtbo" ""
    "$fakes/make_test_xclbin" kv260 200 "$app/zurt-kv260.xclbin"
    mkdir -p "$1/$lib"
    cp "$fakes/whole.so" "$1/$lib/libxrt_coreutil.so.2.18.0"
    ln -s libxrt_coreutil.so.2.18.0 "$1/$lib/libxrt_coreutil.so.2"
    cp "$fakes/edge.so" "$1/$lib/libxrt_core.so.2"
}

make_healthy a_healthy_one
healthy() {
    rm -rf "$1"
    cp -a a_healthy_one "$1"
}

: >fired
# finds CODE "SEVERITY ID..." [ARGUMENTS...]: on ./board, exactly these findings that are not ok.
finds() {
    local code=$1 want=$2
    shift 2
    exits "$code" zurt doctor --root board "$@" --json
    awk -F'"' '$2 == "id" { id = $4 } $2 == "severity" && $4 != "ok" { print $4, id }' out >found
    printf '%s\n' "$want" | sed '/^$/d' | diff - found >differ ||
        fail "findings (wanted left, found right): $(cat differ out)"
    awk '{ print $2 }' found >>fired
}

# the known faults of the fake's release are always there
known="note xrt-known-bug"
healthy board
finds 0 "$known"
json out 'o["pl"] == "board"' 'o["board"] == "kv260"' 'o["machine"] == "ZynqMP KV260 revB"' \
    'o["kernel"] == "6.6.40-xilinx"' 'o["faults"] == o["warnings"] == 0' 'o["notes"] == 1' \
    'all((f["severity"] == "ok") == ("why" not in f) and f["what"] for f in o["findings"])'
exits 0 zurt doctor --root board/
says "^ok +zocl +/dev/dri/renderD128, and this user may open it" out
says "^ok +xclbin +board/lib/.*: 'kv260', engine" out
says "^0 faults, 0 warnings, 1 note \(xrt-known-bug\)$" out
# the whole text, with the command that mends it
printf 'xlnx,something\0' >board/proc/device-tree/axi/zyxclmm_drm/compatible
rm -r board/sys/class/drm
exits 5 zurt doctor --root board
says "^fault +zocl +zocl-node: no node for zocl in the device tree: " out
says "^ +why: The driver binds to" out
says "^ +mend: load an overlay" out
says "^1 fault \(zocl-node\), 0 warnings, 1 note \(xrt-known-bug\)$" out

wrong() { # what is wrong with a healthy board, as commands
    healthy board
    (cd board && eval "$1")
}
cpu=sys/devices/system/cpu

# ---- the machine
wrong 'printf "xlnx,zynqmp-zcu102-rev1.0\0xlnx,zynqmp\0" >proc/device-tree/compatible'
finds 0 "note board-other
$known"
wrong 'touch .dockerenv'
finds 0 "note container
$known"
wrong "echo 0-1 >$cpu/online"
finds 0 "warning cpus-offline
$known"
wrong 'sed -i "s/Cpus_allowed_list:.*/Cpus_allowed_list:	1,3/" proc/self/status'
finds 0 "note cpus-bound
$known"
wrong "echo ondemand >$cpu/cpu0/cpufreq/scaling_governor"
finds 0 "note governor
$known"
wrong "echo 600000 >$cpu/cpu0/cpufreq/scaling_max_freq"
finds 0 "warning cpu-capped
$known"
wrong 'echo 97000 >sys/class/thermal/thermal_zone0/temp'
finds 0 "warning hot
$known"
ams=sys/bus/iio/devices/iio:device0 # 56 degrees, then 95
wrong "mkdir -p $ams && echo -36058 >$ams/in_temp7_offset &&
    echo 7.771514892 >$ams/in_temp7_scale && echo 43264 >$ams/in_temp7_raw"
finds 0 "$known"
says '"what": "56 degrees"' out
echo 48282 >board/$ams/in_temp7_raw
finds 0 "warning hot
$known"
wrong 'sed -i "s/SwapTotal:.*/SwapTotal: 1000000 kB/
    s/SwapFree:.*/SwapFree: 10000 kB/" proc/meminfo'
finds 0 "warning swapping
$known"
wrong 'sed -i "s/MemAvailable:.*/MemAvailable: 1 kB/" proc/meminfo'
finds 0 "$known" # without a model nothing is known to be too large
finds 0 "warning memory-small
$known" "$CNN"
wrong 'mkdir -p sys/fs/cgroup && echo 1000000 >sys/fs/cgroup/memory.max &&
    echo 999000 >sys/fs/cgroup/memory.current'
finds 0 "warning memory-small
$known" "$CNN"
echo max >board/sys/fs/cgroup/memory.max
finds 0 "$known" "$CNN"
wrong 'rm proc/device-tree && touch .dockerenv' # as docker hides it
finds 0 "note tree-hidden
note container
$known"
wrong 'rm -r proc/device-tree sys/class/drm lib sys/module && mkdir -p sys/devices/soc0 &&
    echo ZynqMP >sys/devices/soc0/family'
finds 0 "note tree-hidden
$known
note zocl-not-built
note no-overlay"
rm -r board/sys/devices/soc0
finds 0 "note no-board"
json out 'o["pl"] == "none"'
healthy board
XCL_EMULATION_MODE=hw_emu finds 5 "warning emulation-on-board
fault emulation-mode
fault xrt-driver" # of the emulation
XCL_EMULATION_MODE=sw_emu finds 5 "warning emulation-on-board
fault emulation-incomplete
fault xrt-driver"

# ---- XRT
wrong "rm -r $lib"
finds 5 "fault xrt-absent
$known"
put board/opt/xrt/lib/libxrt_core.so.2 zocl
cp "$fakes/whole.so" board/opt/xrt/lib/libxrt_coreutil.so.2
XILINX_XRT=/opt/xrt finds 0 "$known"
wrong "printf '\\0\\0' | dd of=$lib/libxrt_coreutil.so.2 bs=1 seek=18 conv=notrunc status=none"
finds 5 "fault xrt-machine
$known"
wrong "head -c 200 $fakes/whole.so >$lib/libxrt_coreutil.so.2"
finds 5 "fault xrt-broken
$known"
wrong "cp $fakes/crash.so $lib/libxrt_coreutil.so.2"
finds 5 "fault xrt-broken
$known"
json out '"signal 6" in [f for f in o["findings"] if f["id"] == "xrt-broken"][0]["what"]'
wrong "cp $fakes/incomplete.so $lib/libxrt_coreutil.so.2"
finds 5 "fault xrt-incomplete
$known"
wrong "rm $lib/libxrt_core.so.2"
finds 5 "fault xrt-driver
$known"
wrong "cp $fakes/pcie.so $lib/libxrt_core.so.2"
finds 5 "fault xrt-pcie
$known"
XILINX_XRT=/opt/xrt finds 5 "fault xrt-pcie
$known" # nothing is there
# the word is across two reads
put board/opt/xrt/lib/libxrt_core.so.2 "$(head -c 65534 /dev/zero | tr '\0' .)zocl"
XILINX_XRT=/opt/xrt finds 0 "$known"
release() { # MINOR of XRT, VERSION of zocl
    wrong "cd $lib && mv libxrt_coreutil.so.2.18.0 libxrt_coreutil.so.2.$1.0 &&
        ln -sf libxrt_coreutil.so.2.$1.0 libxrt_coreutil.so.2"
    echo "$2" >board/sys/module/zocl/version
}
release 13 2.14.0,43926231f7183688add2dccfd391b36a1f000bea
finds 0 "warning xrt-zocl-differ
$known
$known"
release 8 2.8.0
finds 5 "fault xrt-old"
release 16 2.16.0
finds 0 "$known
$known
$known"
release 26 2.26.0
finds 0 ""
release 26 865a62b6a417dea523d2d5646154aa94a2cbc28 # some modules say the commit alone
finds 0 ""

# ---- zocl
wrong 'rm -r proc/device-tree/axi/zyxclmm_drm sys/class/drm'
finds 5 "$known
fault zocl-node"
wrong 'rm -r sys/module/zocl sys/class/drm && mkdir -p lib/modules/6.6.40-xilinx/updates/dkms &&
    touch lib/modules/6.6.40-xilinx/updates/dkms/zocl.ko.zst'
finds 5 "$known
fault zocl-module"
wrong 'rm -r sys/module/zocl sys/class/drm && mkdir -p lib/modules/6.6.39-xilinx/updates &&
    touch lib/modules/6.6.39-xilinx/updates/zocl.ko'
finds 5 "$known
fault zocl-not-built"
wrong 'rm sys/class/drm/renderD128/device/driver &&
    ln -s ../../../../bus/platform/drivers/zynqmp-display sys/class/drm/renderD128/device/driver'
finds 5 "$known
fault render-node"
wrong 'rm dev/dri/renderD128'
finds 5 "$known
fault device-missing"
wrong 'sed -i "s/Groups:.*/Groups:	54321/" proc/self/status'
finds 5 "$known
fault render-permission"
sed -i 's/^Uid:.*/Uid:	0	0	0	0/' board/proc/self/status
finds 0 "$known"
wrong 'chmod 0600 dev/dri/renderD128'
finds 5 "$known
fault render-group"
wrong 'chmod 0666 dev/dri/renderD128 && sed -i "s/Groups:.*/Groups:	54321/" proc/self/status'
finds 0 "$known"

# ---- the overlay
app=lib/firmware/xilinx/zurt-kv260
overlays=sys/kernel/config/device-tree/overlays
wrong 'rm -r lib/firmware/xilinx'
finds 0 "$known
note no-overlay"
# without one a fault on the way to the PL is a note: the CPU does all the work
rm -r "board/$lib" board/sys/class/fpga_manager
finds 0 "note xrt-absent
$known
note no-overlay
note fpga-manager"
wrong "rm $app/zurt-kv260.dtbo $app/shell.json"
finds 5 "$known
fault firmware-incomplete"
says '"what": ".* lacks: device-tree overlay \(.dtbo\), shell.json"' out
wrong "rm -r $overlays/* sys/class/drm sys/module/zocl proc/device-tree/axi &&
    mkdir -p lib/modules/6.6.40-xilinx/extra && touch lib/modules/6.6.40-xilinx/extra/zocl.ko &&
    echo unknown >sys/class/fpga_manager/fpga0/state"
finds 5 "$known
fault zocl-node
fault zocl-module
fault overlay-not-loaded"
wrong "rm -r $overlays/*" # a bitstream in the boot image
finds 0 "$known"
wrong "mv $overlays/zurt-kv260_image_0 $overlays/k26-starter-kits_image_1"
finds 5 "$known
fault overlay-other"
echo zurt-kv260.dtbo >"board/$overlays/k26-starter-kits_image_1/path" # whatever it is called
finds 0 "$known"
wrong "rm -r $overlays/* && echo unknown >sys/class/fpga_manager/fpga0/state &&
    mkdir proc/device-tree/fpga-full &&
    printf 'zurt-kv260.bit.bin\0' >proc/device-tree/fpga-full/firmware-name"
finds 0 "$known" # loaded by another way, and the region says so
wrong "echo unapplied >$overlays/zurt-kv260_image_0/status"
finds 5 "$known
fault overlay-failed"
wrong 'echo "write init error" >sys/class/fpga_manager/fpga0/state'
finds 5 "$known
fault fpga-failed"
wrong 'rm -r sys/class/fpga_manager'
finds 5 "$known
fault fpga-manager"
wrong 'echo other >proc/42/comm'
finds 0 "$known
warning dfx-stopped"
wrong 'rm usr/bin/dfx-mgrd'
finds 0 "$known
note dfx-absent"

# ---- the xclbin
wrong "rm $app/zurt-kv260.xclbin"
finds 5 "$known
fault firmware-incomplete
fault xclbin-absent"
finds 5 "$known
fault firmware-incomplete
fault xclbin-refused" --xclbin "$SMALL"
healthy other
ZURT_XCLBIN=other/$app/zurt-kv260.xclbin finds 5 "$known
fault firmware-incomplete"
wrong "cp -r $app lib/firmware/xilinx/zurt-zcu104 && cd lib/firmware/xilinx/zurt-zcu104 &&
    for f in zurt-kv260.*; do mv \$f zurt-zcu104.\${f#zurt-kv260.}; done"
finds 0 "$known" # this board's is taken
printf 'xlnx,zynqmp-zcu102\0xlnx,zynqmp\0' >board/proc/device-tree/compatible
finds 0 "note board-other
$known
note xclbin-unsettled"
# two for this board: that which the fabric has
wrong "cp -r $app $app-slow &&
    cd $app-slow && for f in zurt-kv260.*; do mv \$f zurt-kv260-slow.\${f#zurt-kv260.}; done"
finds 0 "$known"
json out 'o["xclbin"].endswith("/zurt-kv260.xclbin")'
mkdir board/proc/device-tree/fpga-full
printf 'xilinx/zurt-kv260-slow/zurt-kv260-slow.bit.bin\0' \
    >board/proc/device-tree/fpga-full/firmware-name
finds 0 "$known"
json out 'o["xclbin"].endswith("/zurt-kv260-slow.xclbin")'
says '"what": "zurt-kv260-slow is loaded"' out
healthy board
head -c 300 "other/$app/zurt-kv260.xclbin" >"board/$app/zurt-kv260.xclbin"
finds 5 "$known
fault xclbin-refused"
wrong "$fakes/make_test_xclbin zcu104 200 $app/zurt-kv260.xclbin"
finds 5 "$known
fault xclbin-other-board"

# ---- clock, memory, kernel
clk=sys/kernel/debug/clk/pl0_ref
wrong 'rm -r sys/kernel/debug'
finds 0 "$known
note clock-hidden"
wrong "echo 0 >$clk/clk_enable_count"
finds 5 "$known
fault clock-off"
wrong "echo 99999999 >$clk/clk_rate"
finds 0 "$known
warning clock-slow"
wrong "echo 222222222 >$clk/clk_rate"
finds 5 "$known
fault clock-fast"
wrong "rm -r proc/device-tree/axi/clocking0 && echo 99999999 >$clk/clk_rate"
finds 0 "$known" # perhaps a clock wizard multiplies it
says '"what": "the table promises 200.0 MHz: right if' out
wrong "$fakes/make_test_xclbin kv260 142 $app/zurt-kv260.xclbin"
finds 0 "$known
warning clock-promise"
exits 0 zurt info "board/$app/zurt-kv260.xclbin"
says "^clock +142.0 MHz reached by the tools; times are modelled for the table's" out
exits 0 zurt info "board/$app/zurt-kv260.xclbin" --json
json out 'o["clock_khz"] == 200000' 'o["link_khz"] == 142000'
wrong 'sed -i /Cma/d proc/meminfo'
finds 5 "$known
fault cma-none"
wrong 'sed -i "s/CmaTotal:.*/CmaTotal: 16 kB/; s/CmaFree:.*/CmaFree: 16 kB/" proc/meminfo'
finds 0 "$known"
finds 5 "$known
fault cma-small" "$CNN"
wrong 'sed -i "s/CmaFree:.*/CmaFree: 16 kB/" proc/meminfo'
finds 0 "$known
warning cma-taken" "$CNN"
healthy board
exits 0 zurt compile "$MODELS/mnist_cnn.onnx" --calib random:4 --keep-float "$(zurt inspect \
    "$MODELS/mnist_cnn.onnx" --json | awk -F'"' '$2 == "name" { name = $4 }
        $2 == "op" && $4 == "Conv" { print name; exit }')" -o float.zurt
finds 0 "$known
note model-on-cpu" float.zurt
finds 0 "$known" "$CNN"
says 'the PL computes (99|100).* MMAC in [0-9] launch' out
says 'MiB are free, the model needs 0.[0-9]' out
wrong 'rm proc/config.gz && mkdir boot && echo CONFIG_CMA=y >boot/config-6.6.40-xilinx'
finds 0 "$known
warning kernel-config"

# ---- hostile and odd roots
mkdir 'odd[1]*'
cp -a board/. 'odd[1]*'
exits 0 zurt doctor --root 'odd[1]*'
says "^ok +overlay +/lib/firmware/xilinx/zurt-kv260 is complete" out
mkdir nothing
exits 0 zurt doctor --root nothing
exits 0 zurt doctor --root /nonexistent
wrong 'rm proc/config.gz dev/dri/renderD128 && mkfifo proc/config.gz dev/dri/renderD128 &&
    chmod 0660 dev/dri/renderD128 && head -c 100000 /dev/urandom >proc/meminfo &&
    head -c 10000 /dev/urandom >proc/self/status && rm -f sys/module/zocl/version &&
    mkdir sys/module/zocl/version'
timeout 20 zurt doctor --root board >out 2>err || [ $? = 5 ] ||
    fail "it did not end well: $(cat out err)"
wrong 'ln -s ../.. proc/device-tree/axi/loop'
finds 0 "$known"

# ---- usage
exits 2 zurt doctor --root ""
exits 2 zurt doctor "$SMALL" "$CNN"
exits 3 zurt doctor "$ZURT_SOURCE/models/mnist_small.onnx"
exits 1 zurt doctor none.zurt

# ---- every finding of the table is reached here, or by the tests that are named
cat >>fired <<'END'
cpu-failed
cpu-wrong
device-refused
device-failed
device-wrong
launch-stall
END
sed -nE 's/^(DOCTOR_FINDING\(| +)[A-Z_]+, "([a-z-]+)", (NOTE|WARNING|FAULT),.*/\2/p' \
    "$ZURT_SOURCE/apps/zurt/doctor.def" | sort >table
[ "$(wc -l <table)" -ge 40 ] || fail "the table has only $(wc -l <table) findings"
sort -u fired | diff table - || fail "findings without a test (left), or of no table (right)"
