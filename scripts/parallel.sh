#!/usr/bin/env bash
# All shards of a sweep on this machine, or on others through ssh, with GNU parallel; then the merge.
#
#   scripts/parallel.sh SHARDS FILE.sweep OUT.csv [OPTION of `edgesweep run`]...
#
# Every job takes one thread (-j 1 and one job per core) unless -j is among the options.  Run it again after a failure:
# finished shards are skipped, cut ones resumed.  PARALLEL="--sshloginfile hosts --workdir $PWD" spreads the jobs over
# machines that share this directory.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
shards=$1 sweep=$2 out=$3
shift 3
edgesweep=${EDGESWEEP:-edgesweep}
parts=${out%.csv}.parts
threads=(-j 1)
for option in "$@"; do case $option in -j* | --threads*) threads=() ;; esac; done
command -v parallel >/dev/null || { echo "scripts/parallel.sh: GNU parallel is not installed (Debian: parallel)" >&2; exit 1; }

seq 1 "$shards" | parallel --halt soon,fail=1 --line-buffer \
    "$edgesweep" run "$sweep" --shard "auto/$shards" --shard-from PARALLEL_SEQ --resume -q "${threads[@]}" \
    -o "$parts" "${@@Q}" '#' {}
"$edgesweep" merge "$parts" -o "$out"
