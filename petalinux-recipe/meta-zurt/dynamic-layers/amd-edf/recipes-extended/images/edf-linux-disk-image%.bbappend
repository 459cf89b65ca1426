# SPDX-License-Identifier: Apache-2.0
# The % takes edf-linux-disk-image-kria too.
IMAGE_INSTALL:append:amd-edf = " packagegroup-zurt"
# The login user, whom the udev rule would keep from the engine.
EXTRA_USERS_PARAMS:append:amd-edf = " usermod -a -G render amd-edf;"
