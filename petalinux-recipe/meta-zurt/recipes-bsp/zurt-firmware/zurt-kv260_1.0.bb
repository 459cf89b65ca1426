# nooelint: oelint.var.mandatoryvar.HOMEPAGE - zurt has no public address yet
# SPDX-License-Identifier: Apache-2.0
SUMMARY = "zurt's engine for the KV260"

require zurt-firmware.inc
