# SPDX-License-Identifier: Apache-2.0
# Headers, libraries, the package for find_package(zurt) and the pkg-config files.
