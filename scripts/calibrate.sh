#!/usr/bin/env bash
# Fits sweeps/catalog/calibration.csv to sweeps/measured.csv anew; priors, classes and kernels stay as they are built in.
#
#   scripts/calibrate.sh [COMMAND]     COMMAND defaults to build/edgesweep
set -euo pipefail
cd "$(dirname "$0")/.."
command=${1:-build/edgesweep}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$command" calibrate sweeps/measured.csv -q -o "$work/calibration.csv"
cat "$work/calibration.csv" >sweeps/catalog/calibration.csv
