# SPDX-License-Identifier: Apache-2.0
SUMMARY = "zurt for an image"
DESCRIPTION = "Command, library and access rule; on AMD's boards the driver and what loads overlays."
LICENSE = "Apache-2.0"

PACKAGE_ARCH = "${MACHINE_ARCH}"

inherit packagegroup

# Not the firmware: its recipes are skipped until somebody has built a bitstream, and a packagegroup
# that names a skipped recipe cannot be built. Images name zurt-kv260, zurt-zcu104 or both.
RDEPENDS:${PN} = "zurt zurt-udev"
# nooelint: oelint.vars.specific - AMD's override for this SoC
RDEPENDS:${PN}:append:zynqmp = "${@bb.utils.contains('BBFILE_COLLECTIONS', 'xilinx', ' xrt zocl', '', d)}"

# It cannot be built without systemd.
ZURT_LOADER = "${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'dfx-mgr', '', d)}"
# nooelint: oelint.vars.specific - AMD's override for this SoC
RRECOMMENDS:${PN}:append:zynqmp = "${@bb.utils.contains('BBFILE_COLLECTIONS', 'xilinx', ' ${ZURT_LOADER}', '', d)}"
