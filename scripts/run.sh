#!/bin/sh
# What `make run` shows: one sweep, its best table, figures when gnuplot is there.
#
#   scripts/run.sh COMMAND FILE.sweep OUT.csv
set -eu
command=$1 sweep=$2 output=$3
stem=${output%.csv}

mkdir -p "$(dirname "$output")"
echo "$command run $sweep -o $output"
"$command" run "$sweep" -o "$output"
if [ -s "$stem.best.csv" ]; then
    echo
    if command -v column >/dev/null 2>&1; then column -s, -t <"$stem.best.csv"; else cat "$stem.best.csv"; fi
fi
if command -v gnuplot >/dev/null 2>&1 && [ -x scripts/gnuplot/figures.sh ]; then
    scripts/gnuplot/figures.sh "$output"
fi
