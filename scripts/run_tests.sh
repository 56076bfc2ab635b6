#!/usr/bin/env bash
# Runs unit test binaries, then, with REPLAYS set, fuzz corpora, with EDGESWEEP=PATH set, the command line cases and FAULTS,
# a command that injects some faults; ends with `N passed, N failed`.
#
#   [EDGESWEEP=build/edgesweep] [REPLAYS='build/replay/...'] scripts/run_tests.sh BINARY...
#
# Criterion's own reports stay visible on stderr.  A binary that hangs is ended after TEST_TIMEOUT seconds.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

# For sanitizer builds: a failed allocation is a case to handle, faults show where they are.
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
passed=0 failed=0

# One binary: its report to stderr, in one piece, and on stdout how many tests passed and failed, by the last `Synthesis`
# line; a binary without one, or that fails silently, counts as one failure.
run_unit() {
    local report status=0 tested pass
    report=$(timeout "${TEST_TIMEOUT:-600}" "$1" 2>&1 >/dev/null </dev/null) || status=$?
    read -r tested pass < <(sed -n 's/.*Tested: *\([0-9]*\) | Passing: *\([0-9]*\) .*/\1 \2/p' <<<"$report" | tail -n 1)
    if [ -z "${tested:-}" ]; then
        report+=${report:+$'\n'}"no summary, status $status"
        tested=1 pass=0
    elif [ "$status" != 0 ] && [ "$tested" = "$pass" ]; then
        report+=$'\n'"all tests passed but the status is $status"
        tested=$((tested + 1))
    fi
    flock "$log" sed "s|^|${1##*/}: |" <<<"$report" >&2
    echo "$pass $((tested - pass))"
}

# Adds the numbers of a script whose last line is `N passed, N failed`.
run_cases() {
    local pass fail
    "$@" </dev/null 2>&1 | tee "$log" | sed "s|^|${1##*/}: |" >&2
    read -r pass fail < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log")
    if [ -z "${fail:-}" ]; then
        echo "$1: no summary" >&2
        pass=0 fail=1
    fi
    passed=$((passed + pass)) failed=$((failed + fail))
}

# As many at a time as there are processors: most binaries end with one long test.
export -f run_unit
export log
# shellcheck disable=SC2016  # $1 is that of the other shell
while read -r pass fail; do
    passed=$((passed + pass)) failed=$((failed + fail))
done < <([ $# = 0 ] || printf '%s\n' "$@" | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} bash -c 'run_unit "$1"' unit {})
# shellcheck disable=SC2086  # a list
[ -z "${REPLAYS:-}" ] || run_cases scripts/check_corpora.sh $REPLAYS
if [ -n "${EDGESWEEP:-}" ]; then
    run_cases scripts/check_cli.sh "$EDGESWEEP"
    run_cases scripts/check_readme.sh "$EDGESWEEP"
    run_cases tests/python/run.sh "$EDGESWEEP"
    run_cases tests/scale/shards.sh --quick
    # shellcheck disable=SC2086  # words
    [ -z "${FAULTS:-}" ] || run_cases $FAULTS
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
