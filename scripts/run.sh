#!/bin/sh
# What `make run` shows: one sweep, its best rows, figures when gnuplot is there.
#
#   scripts/run.sh COMMAND FILE.sweep OUT.csv
set -eu
command=$1 sweep=$2 output=$3

mkdir -p "$(dirname "$output")"
echo "$command run $sweep -o $output"
"$command" run "$sweep" -o "$output" 2>&1 # its tables go to stderr
# Figures of this table and those of the paper; a table without figures is still a result.
if command -v gnuplot >/dev/null 2>&1; then
    export EDGESWEEP="$command"
    scripts/gnuplot/figures.sh "$output" && scripts/gnuplot/figures.sh --all "$(dirname "$output")/figures" ||
        echo 'run.sh: figures are missing' >&2
else
    echo 'no figures: gnuplot is missing (Debian: gnuplot-nox)' >&2
fi
