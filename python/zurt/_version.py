# SPDX-License-Identifier: Apache-2.0
"""Which libzurt this package is made for: runtime/include/zurt/version.h has the same numbers."""

VERSION = "0.1.0"

# The soname's number: libzurt.so.0.
ABI = 0
