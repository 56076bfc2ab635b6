#!/bin/sh
# Refreshes the chart library of the report page from npm, checked against the hash that the registry states.
#
#   scripts/vendor_uplot.sh [VERSION]     default: the version that is there already
set -eu
cd "$(dirname "$0")/.."
folder=src/report
version=${1:-$(sed -n 's/^uPlot \([0-9.]*\).*/\1/p' $folder/uPlot.md)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm pack --silent --pack-destination "$work" "uplot@$version" >/dev/null # checks integrity
tar -xzf "$work"/uplot-*.tgz -C "$work"
cp "$work/package/dist/uPlot.iife.min.js" "$work/package/dist/uPlot.min.css" $folder/
cp "$work/package/LICENSE" $folder/uPlot.LICENSE.txt
cp "$work/package/dist/uPlot.iife.js" scripts/packaging/debian/missing-sources/ # the source of the minified file
chmod 644 $folder/uPlot.*
{
    echo "uPlot $version, MIT licence (uPlot.LICENSE.txt), from https://registry.npmjs.org/uplot"
    echo
    echo 'Refreshed by scripts/vendor_uplot.sh; the files are as published, minified by their author.'
    (cd $folder && sha256sum uPlot.iife.min.js uPlot.min.css | sed 's/^/    /')
} >"$work/uPlot.md"
mv "$work/uPlot.md" $folder/uPlot.md
cat $folder/uPlot.md
