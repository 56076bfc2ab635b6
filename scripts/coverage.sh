#!/usr/bin/env bash
# Line coverage of src/ by the unit tests and the command line cases, per file and in all.
#
#   scripts/coverage.sh [MINIMUM]     fails below MINIMUM per cent
#
# A line counts as run when any copy of it ran (headers and *.simd.c are compiled several times).
# build/coverage/FILE.c.gcov shows the counts line by line.
set -euo pipefail
cd "$(dirname "$0")/.."
minimum=${1:-0}
command -v gcov >/dev/null || { echo 'coverage: gcov is missing (it comes with gcc)' >&2; exit 1; }

jobs=-j$(getconf _NPROCESSORS_ONLN)
make --no-print-directory "$jobs" CC=gcc FLAVOUR=coverage all unit >/dev/null
find build/coverage -name '*.gcda' -delete
make --no-print-directory CC=gcc FLAVOUR=coverage check >build/coverage/tests.log 2>&1 ||
    echo "coverage: some tests failed, see build/coverage/tests.log" >&2

find build/coverage/obj/src -name '*.gcno' -exec gcov --stdout {} + 2>/dev/null |
    awk -v minimum="$minimum" '
    # count:line:text, with line 0 naming the source; "-" no code, "#####" and "=====" never run
    $0 ~ /^ *-: *0:Source:/ { sub(/.*Source:/, ""); file = $0; next }
    file !~ /^src\// { next }
    {
        split($0, part, ":")
        line = part[2] + 0
        count = part[1]
        gsub(/[ *]/, "", count)
        if (line == 0 || count == "-") next
        key = file SUBSEP line
        if (!(key in seen)) { seen[key] = 1; total[file]++ }
        if (count !~ /^[#=]/ && !(key in ran)) { ran[key] = 1; hit[file]++ }
    }
    END {
        for (file in total) {
            printf "%6.1f %% of %4d  %s\n", 100 * hit[file] / total[file], total[file], file | "sort -k5"
            all += total[file]
            all_hit += hit[file]
        }
        close("sort -k5")
        if (!all) { print "coverage: no data"; exit 1 }
        printf "%6.1f %% of %4d  src/\n", 100 * all_hit / all, all
        exit 100 * all_hit / all < minimum
    }'
