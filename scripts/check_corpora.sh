#!/usr/bin/env bash
# Runs fuzz targets built without a fuzzer over their committed corpora and seeds; ends with `N passed, N failed`.
#
#   scripts/check_corpora.sh build/replay/fuzz_NAME...
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export OMP_NUM_THREADS=1
passed=0 failed=0
for target in "$@"; do
    name=${target##*/}
    inputs=()
    [ ! -e "tests/fuzz/corpus/$name.zst" ] || inputs+=("tests/fuzz/corpus/$name.zst")
    [ ! -d "tests/fuzz/seeds/$name" ] || inputs+=("tests/fuzz/seeds/$name")
    if result=$(timeout "${TEST_TIMEOUT:-600}" "$target" "${inputs[@]}" 2>&1); then
        passed=$((passed + 1))
        [ -z "${V:-}" ] || echo "$name: $result"
    else
        failed=$((failed + 1))
        echo "$name: failed"
        tail -n 30 <<<"$result"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
