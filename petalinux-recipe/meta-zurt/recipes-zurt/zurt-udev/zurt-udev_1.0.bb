# nooelint: oelint.var.mandatoryvar.HOMEPAGE - zurt has no public address yet
# SPDX-License-Identifier: Apache-2.0
SUMMARY = "Lets members of the group render use zurt's engine"
DESCRIPTION = "udev rule for the render node of XRT's zocl driver, and the group."
SECTION = "base"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = "file://70-zurt-render.rules"
# Series up to scarthgap have no UNPACKDIR.
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}"

inherit allarch useradd

# systemd's udev makes the group; others do not.
USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system render"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -d ${D}${nonarch_base_libdir}/udev/rules.d
    install -m 0644 ${S}/70-zurt-render.rules ${D}${nonarch_base_libdir}/udev/rules.d/
}

FILES:${PN} = "${nonarch_base_libdir}/udev/rules.d"
