#!/usr/bin/env bash
# Lines and branches of src/ that run in the unit tests, fuzz corpora, command line cases and shard tests: per file, those
# with the most branches left first, and in all.
#
#   scripts/coverage.sh [LINES [BRANCHES]]     fails below so many per cent
#
# The counts line by line: gcov -b -c --stdout FILE.gcno, of those under build/coverage/obj/.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v gcov >/dev/null || { echo 'coverage: gcov is missing (it comes with gcc)' >&2; exit 1; }

jobs=-j$(getconf _NPROCESSORS_ONLN)
build=${BUILD:-build}
make --no-print-directory "$jobs" CC=gcc FLAVOUR=coverage BUILD="$build" all unit replays >/dev/null
find "$build/coverage" -name '*.gcda' -delete
make --no-print-directory CC=gcc FLAVOUR=coverage BUILD="$build" check >"$build/coverage/tests.log" 2>&1 ||
    echo "coverage: some tests failed, see $build/coverage/tests.log" >&2

find "$build/coverage/obj/src" -name '*.gcno' -exec gcov -b -c --stdout {} + 2>/dev/null |
    awk -v minimum_lines="${1:-0}" -v minimum_branches="${2:-0}" -f scripts/coverage.awk
