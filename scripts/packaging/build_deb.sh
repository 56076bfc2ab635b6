#!/bin/sh
# Builds the Debian packages of the committed sources and checks them with lintian.
#
#   scripts/packaging/build_deb.sh [DIRECTORY]     results go to DIRECTORY [build/debian]
#
# DEBFULLNAME and DEBEMAIL name the maintainer; packages for others need a real address.
# Needs dpkg-dev, debhelper, the build dependencies of debian/control and, to check, lintian.
set -eu
cd "$(dirname "$0")/../.."
output=${1:-build/debian}
version=$(sed -n 's/^.define EDGESWEEP_VERSION "\(.*\)"/\1/p' include/edgesweep/version.h)
mkdir -p "$output"
output=$(realpath "$output")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $(sed -n '1s/.*(\(.*\)-.*/\1/p' scripts/packaging/debian/changelog) in
"$version") ;;
*) echo "build_deb.sh: debian/changelog is not about version $version" >&2; exit 1 ;;
esac
git archive --format=tar --prefix="edgesweep-$version/" HEAD | gzip -9n >"$work/edgesweep_$version.orig.tar.gz"
tar -xzf "$work/edgesweep_$version.orig.tar.gz" -C "$work"
cp -R scripts/packaging/debian "$work/edgesweep-$version/"
maintainer="${DEBFULLNAME:-edgesweep authors} <${DEBEMAIL:-edgesweep@example.org}>"
sed -i "s|^Maintainer: .*|Maintainer: $maintainer|" "$work/edgesweep-$version/debian/control"
sed -i "s|^ -- .*>  | -- $maintainer  |" "$work/edgesweep-$version/debian/changelog"
(cd "$work/edgesweep-$version" && dpkg-buildpackage -us -uc) >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; exit 1; }
find "$work" -maxdepth 1 -type f ! -name log -exec cp {} "$output/" \;
ls "$output"
if command -v lintian >/dev/null 2>&1; then
    lintian --allow-root --fail-on error "$work"/*.changes
else
    echo 'build_deb.sh: not checked: lintian is missing' >&2
fi
