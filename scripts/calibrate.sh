#!/usr/bin/env bash
# Fits sweeps/catalog/calibration.csv to sweeps/measured.csv anew; rows of classes and estimates stay as they are.
#
#   scripts/calibrate.sh [COMMAND]     COMMAND defaults to build/edgesweep
#
# The fit starts from the class rows of the catalog that is built in: build first after changing them, and again after.
set -euo pipefail
cd "$(dirname "$0")/.."
command=${1:-build/edgesweep}
catalog=sweeps/catalog/calibration.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$command" calibrate sweeps/measured.csv -o "$work/fitted.csv"
{ grep -E '^(device|class:[^,]*),|,"?estimate' "$catalog"; tail -n +2 "$work/fitted.csv"; } > "$work/calibration.csv"
cat "$work/calibration.csv" > "$catalog"
