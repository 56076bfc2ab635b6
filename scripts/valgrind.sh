#!/usr/bin/env bash
# A round of commands and the seeds of the fuzz targets under valgrind, which sees uses of uninitialised memory that the
# sanitizers do not; ends with `N passed, N failed`.
#
#   scripts/valgrind.sh build/edgesweep build/replay/fuzz_NAME...
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
command=$(realpath "$1")
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1
passed=0 failed=0

# Leaks count, too.  OpenMP's and the C library's own memory stays reachable, which is none.
check() {
    if valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        "$@" >"$work/out" 2>"$work/err"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "valgrind: $*"
        tail -n 25 "$work/err"
    fi
}

paper=$work/paper.csv
roofline=(--set kernel=roofline --set 'model=Llama-3.2-1B, OLMoE*' --set 'device=Raspberry Pi 5, RTX 3060*'
    --set 'precision=Q4_K_M, INT4')
check "$command" run sweeps/paper.sweep -q -j 1 -o "$paper"
check "$command" run "${roofline[@]}" --set 'prompt=1:600' --where 'fits = 1' --front-only --set pareto.minimize=tpot_s,ttft_s \
    -q -j 1 -o "$work/front.csv"
check "$command" run "${roofline[@]}" -q --shard 0/2 -o "$work/parts"
check "$command" run "${roofline[@]}" -q --shard 1/2 -o "$work/parts"
check "$command" merge "$work/parts" -o "$work/whole.csv.zst"
check "$command" pareto "$paper" --min end_to_end_ms,energy_j --by device --knee --crowding --ranks 3 -o "$work/ranks.csv"
check "$command" best "$paper" --pick precision --by device --min energy_j --top 2 -o -
check "$command" explain sweeps/paper.sweep --index 7
check "$command" plan sweeps/paper.sweep
check "$command" validate tests/fuzz/seeds/fuzz_measured/pi5.csv
check "$command" import hf tests/fuzz/seeds/fuzz_import_hf/Mixtral-8x7B
check "$command" import gguf tests/fuzz/seeds/fuzz_import_gguf/moe
check "$command" report "$paper" -o "$work/report.html"
check "$command" show device 'Raspberry Pi 5'
# The library by its public headers: a stream of a front.
folder=$(dirname "$command")
# shellcheck disable=SC2086  # CC may be several words
${CC:-cc} -Iinclude tests/examples/front.c -o "$work/front" -L"$folder" -ledgesweep -Wl,-rpath,"$folder"
check "$work/front" 'Raspberry Pi 5 8GB'
for target in "$@"; do
    check "$target" "tests/fuzz/seeds/${target##*/}"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
