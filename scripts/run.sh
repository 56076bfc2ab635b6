#!/bin/sh
# What `make run` shows: one sweep, its best rows, figures when gnuplot is there.
#
#   scripts/run.sh COMMAND FILE.sweep OUT.csv
set -eu
command=$1 sweep=$2 output=$3

mkdir -p "$(dirname "$output")"
echo "$command run $sweep -o $output"
"$command" run "$sweep" -o "$output" 2>&1 # its tables go to stderr
if command -v gnuplot >/dev/null 2>&1 && [ -x scripts/gnuplot/figures.sh ]; then
    scripts/gnuplot/figures.sh "$output"
fi
