#!/bin/sh
# Builds the Python wheel of this machine's system: module, shared library and command; tries it in a folder of its own.
#
#   scripts/packaging/build_wheel.sh [DIRECTORY]     the wheel goes to DIRECTORY [build/wheel]
#
# Needs python3-pip, python3-setuptools and python3-wheel (Debian), for the trial numpy.  The library is linked with the
# system's libcsv, jansson, SQLite, xxHash, zlib and zstd, and the wheel's tag says so: linux_ARCH, not manylinux.
set -eu
cd "$(dirname "$0")/../.."
output=${1:-build/wheel}
python=$([ -x /usr/bin/python3 ] && echo /usr/bin/python3 || echo python3)
make --no-print-directory -j"$(getconf _NPROCESSORS_ONLN)" FLAVOUR=release all >&2
mkdir -p "$output"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/source/edgesweep/bin" "$work/trial"
cp scripts/packaging/pyproject.toml "$work/source/"
cp src/python/edgesweep.py "$work/source/edgesweep/__init__.py"
strip --strip-unneeded -o "$work/source/edgesweep/$(readlink build/libedgesweep.so)" build/libedgesweep.so
strip -o "$work/source/edgesweep/bin/edgesweep" build/edgesweep
tag=$("$python" -c 'import sysconfig; print(sysconfig.get_platform().replace("-", "_").replace(".", "_"))')
printf '[bdist_wheel]\nplat_name = %s\n' "$tag" >"$work/source/setup.cfg"
"$python" -m pip wheel --quiet --no-build-isolation --no-deps --no-index --wheel-dir "$work/wheel" "$work/source"
"$python" -m pip install --quiet --no-deps --no-index --target "$work/trial" "$work"/wheel/*.whl
(cd / && env -u EDGESWEEP_LIBRARY -u EDGESWEEP_COMMAND PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$work/trial" "$python" -c '
import edgesweep
assert edgesweep.__file__.startswith("'"$work"'") and edgesweep._library._name.startswith("'"$work"'")
assert len(edgesweep.run(kernel="edgeprofiler", model="EP-*", device="EP*")) > 0
assert len(edgesweep.advise("rpi5")["model"]) > 0')
cp "$work"/wheel/*.whl "$output/"
ls "$output"
