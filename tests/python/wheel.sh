#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wheel.sh FOLDER: builds the wheel, installs it in a clean environment below FOLDER and runs the
# tests beside this file there, on the shared libraries that tests/package/native.sh leaves.
set -euo pipefail
folder=$1
native=$ZURT_BUILD/package/native
[ -e "$native/CPackConfig.cmake" ] || { echo "skipped: no build of shared libraries" && exit 77; }
"$ZURT_PYTHON" -c 'import numpy, setuptools' 2>/dev/null ||
    { echo "skipped: no numpy and setuptools in $ZURT_PYTHON's environment" && exit 77; }
rm -rf "$folder"
mkdir -p "$folder/source"

# ---- the wheel: from a copy, since a build leaves files beside its sources
cp -r "$ZURT_SOURCE/python/." "$folder/source"
"$ZURT_PYTHON" -m pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps --no-index \
    -w "$folder" "$folder/source"
wheel=$(ls "$folder"/zurt-*.whl)
case $wheel in
*-py3-none-any.whl) ;;
*)
    echo "$wheel: not a wheel for every machine"
    exit 1
    ;;
esac

# ---- the environment: numpy alone is lent by the one that has it
"$ZURT_PYTHON" -m venv "$folder/clean"
lent=$("$ZURT_PYTHON" -c 'import numpy, os; print(os.path.dirname(os.path.dirname(numpy.__file__)))')
site=$("$folder/clean/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for package in "$lent"/numpy "$lent"/numpy.libs "$lent"/numpy-*.dist-info; do
    [ ! -e "$package" ] || ln -s "$package" "$site"
done
"$folder/clean/bin/pip" install -q --disable-pip-version-check --no-index "$wheel"

# Away from the sources, so that it is the wheel that is tested.
cd "$folder"
export ZURT_LIBRARY_PATH=$native/runtime:$native/compiler LD_LIBRARY_PATH=$native/runtime
export ZURT_COMMAND=$native/apps/zurt/zurt PYTHONDONTWRITEBYTECODE=1
exec "$folder/clean/bin/python3" -W error -m unittest discover -s "$ZURT_SOURCE/tests/python" \
    -t "$ZURT_SOURCE/tests/python"
