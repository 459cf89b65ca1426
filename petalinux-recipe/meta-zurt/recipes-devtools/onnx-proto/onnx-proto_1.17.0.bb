# SPDX-License-Identifier: Apache-2.0
SUMMARY = "The definition of the ONNX format"
DESCRIPTION = "One file, onnx.proto, of which zurt's compiler generates its reader."
HOMEPAGE = "https://onnx.ai"
SECTION = "devel"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://onnx-${PV}.proto;beginline=6;endline=6;md5=4f8ec6e05e980b2ef6a75510c6499cca"

SRC_URI = "https://raw.githubusercontent.com/onnx/onnx/v${PV}/onnx/onnx.proto;downloadfilename=onnx-${PV}.proto"
SRC_URI[sha256sum] = "2881fcc940635b6a34b7c95e5089b2faa89c3d6e382c1da1706e88c7f32452bc"
# Series up to scarthgap have no UNPACKDIR.
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}"

inherit allarch

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -d ${D}${includedir}/onnx
    install -m 0644 ${S}/onnx-${PV}.proto ${D}${includedir}/onnx/onnx.proto
}

# Of use to a build alone.
ALLOW_EMPTY:${PN} = "1"
