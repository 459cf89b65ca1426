# nooelint: oelint.var.mandatoryvar.HOMEPAGE - zurt has no public address yet
# SPDX-License-Identifier: Apache-2.0
SUMMARY = "Runs int8 neural networks on Zynq UltraScale+ boards"
SUMMARY:${PN}-compiler = "Makes int8 .zurt files from float ONNX models"
SUMMARY:${PN}-completion = "Completion of zurt's commands for bash, zsh and fish"
DESCRIPTION = "Library and command that run .zurt files, quantised networks, on an engine in the \
               programmable logic and on the processor. The compiler, which makes such files from \
               ONNX models and usually runs on a PC, is an option."
SECTION = "libs"

require zurt-source.inc

DEPENDS += "jpeg libpng protobuf-c protobuf-c-native zlib"

SRC_URI += "file://run-ptest"

inherit cmake pkgconfig ptest

# The PL needs AMD's layer and one of its boards. Packages are then of the machine, as the driver.
ZURT_PL = ""
# nooelint: oelint.vars.specific - AMD's override for this SoC
ZURT_PL:zynqmp = "${@bb.utils.contains('BBFILE_COLLECTIONS', 'xilinx', 'xrt', '', d)}"

PACKAGECONFIG ??= "${ZURT_PL}"
PACKAGECONFIG[compiler] = "-DZURT_BUILD_COMPILER=ON -DONNX_PROTO_DIR=${STAGING_INCDIR},-DZURT_BUILD_COMPILER=OFF,cjson onnx-proto"
PACKAGECONFIG[xrt] = "-DZURT_XRT=ON,-DZURT_XRT=OFF,xrt util-linux-libuuid"

# A tarball has no commit, only the release's tag. Of an external tree, and of the newest of a
# branch, CMake asks git itself.
def zurt_commit(d):
    if d.getVar('EXTERNALSRC') or d.getVar('SRCREV') == 'AUTOINC':
        return ''
    commit = d.getVar('SRCREV')[:12] if d.getVar('ZURT_FROM_GIT') else 'v' + d.getVar('PV')
    return '-DZURT_COMMIT=' + commit

EXTRA_OECMAKE = "-DBUILD_SHARED_LIBS=ON -DZURT_BUILD_TESTS=OFF -DZURT_BUILD_SWEMU=OFF \
                 -DZURT_HOST_CC:STRING=gcc \
                 ${@zurt_commit(d)}"

# What run-ptest, which the class installs, gives the command of the board.
do_install_ptest() {
    install -m 0644 ${S}/tests/golden/format_1_0.zurt ${D}${PTEST_PATH}/
}

# nooelint: oelint.vars.specific - AMD's override for this SoC
PACKAGE_ARCH:zynqmp = "${MACHINE_ARCH}"

# debian.bbclass names the two with one library each after its soname, libzurt0 and
# libzurt-compiler0; these names go on to work.
PACKAGE_BEFORE_PN = "libzurt libzurt-compiler ${PN}-compiler ${PN}-completion"
FILES:libzurt = "${libdir}/libzurt.so.*"
FILES:libzurt-compiler = "${libdir}/libzurt-compiler.so.*"
FILES:${PN}-compiler = "${libexecdir}/zurt"
FILES:${PN}-completion = "${datadir}/bash-completion ${datadir}/zsh ${datadir}/fish"
FILES:${PN} = "${bindir}/zurt"

RDEPENDS:${PN}-compiler = "${PN}"
RDEPENDS:${PN}-ptest += "${PN}"
# libxrt_coreutil is loaded when a session asks for the PL: no library's name shows it.
RRECOMMENDS:libzurt = "${@bb.utils.contains('PACKAGECONFIG', 'xrt', 'xrt zocl', '', d)}"
