#!/usr/bin/env bash
# A sweep as a Slurm job array, then the merge, which waits for all tasks to succeed.
#
#   scripts/slurm/submit.sh SHARDS FILE.sweep OUT.csv [OPTION of `edgesweep run`]...
#
#   SBATCH_OPTIONS='--time=2:00:00 --cpus-per-task=4'   for the tasks
#   ARRAY=3,7-9                                         only these shards (what `edgesweep merge` names as missing)
#
# Parts go to OUT.parts, which all nodes must see.  When a task fails for good the merge does not run;
# `edgesweep merge OUT.parts -o OUT.csv` then says which shards are missing.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
shards=$1 sweep=$2 out=$3
shift 3
here=$(dirname "$(realpath "$0")")
parts=${out%.csv}.parts
mkdir -p "$parts"

# shellcheck disable=SC2086  # options are words
array=$(sbatch --parsable --array="${ARRAY:-0-$((shards - 1))}" --output="$parts/slurm-%a.log" ${SBATCH_OPTIONS:-} \
    "$here/array.sbatch" "$shards" "$sweep" "$parts" "$@")
merge=$(sbatch --parsable --dependency="afterok:$array" --output="$parts/slurm-merge.log" \
    "$here/merge.sbatch" "$parts" "$out")
echo "array $array, merge $merge"
