#!/usr/bin/env bash
# Runs plain programs built with clang's ThreadSanitizer; a race or a non-zero status fails.
set -uo pipefail
export TSAN_OPTIONS="halt_on_error=1 ignore_noninstrumented_modules=1 ${TSAN_OPTIONS:-}"
passed=0 failed=0
for program in "$@"; do
    if timeout "${TEST_TIMEOUT:-600}" "$program" </dev/null; then
        passed=$((passed + 1))
    else
        echo "${program##*/}: status $?" >&2
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
