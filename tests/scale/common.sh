# Shared by the tests of shards, merges and job arrays; sourced after EDGESWEEP is set.
# shellcheck shell=bash
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
EDGESWEEP=$(realpath "${EDGESWEEP:-build/edgesweep}")
[ -x "$EDGESWEEP" ] || { echo "no $EDGESWEEP: run make first" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/edgesweep-scale-XXXXXX") || exit 1
passed=0 failed=0
cleanups=()
# shellcheck disable=SC2329  # called by the trap
clean_up() {
    local command
    for command in "${cleanups[@]}"; do $command; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*" >&2; }
# same WHAT A B
same() { if [ "$2" = "$3" ]; then ok; else bad "$1: '$2' is not '$3'"; fi; }
skip() { echo "skipped: $*" >&2; }
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

# The sweep: conditions, groups, and objectives with many ties.  grid STEP: about 12 * 65536 / STEP points.
grid() {
    printf '%s\n' sweeps/paper.sweep --set "seq_len=1:65536+$1" \
        --set pareto.minimize=end_to_end_ms,params --set pareto.by=device \
        --set best.pick=precision --set best.by=device,model --set best.minimize=end_to_end_ms,memory_bytes \
        --where 'energy_j < 700'
}
# One hash of rows, front and best table.
hash_of() { cat "$1.csv" "$1.front.csv" "$1.best.csv" | sha256sum | cut -c 1-16; }
