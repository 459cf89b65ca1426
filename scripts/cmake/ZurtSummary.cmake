# SPDX-License-Identifier: Apache-2.0
# The choices made, as one table at the end of configure.
