# nooelint: oelint.var.mandatoryvar.HOMEPAGE - zurt has no public address yet
# SPDX-License-Identifier: Apache-2.0
SUMMARY = "Runs int8 neural networks on Zynq UltraScale+ boards, from Python"
DESCRIPTION = "numpy arrays in and out of libzurt without a copy, requests as futures, pictures, time \
               by layer. Python alone: nothing is compiled."
SECTION = "devel/python"

BPN = "zurt"
require zurt-source.inc

# Not a class of Python builds: their names differ between the series, and files are all there is.
inherit python3-dir

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -d ${D}${PYTHON_SITEPACKAGES_DIR}/zurt
    install -m 0644 ${S}/python/zurt/*.py ${S}/python/zurt/py.typed ${D}${PYTHON_SITEPACKAGES_DIR}/zurt
}

FILES:${PN} = "${PYTHON_SITEPACKAGES_DIR}/zurt"

# It loads libzurt by its name; libzurt-compiler too, where there is one.
RDEPENDS:${PN} = "libzurt python3-core python3-ctypes python3-numpy"
