#!/usr/bin/env bash
# Layers, format, cppcheck and clang-tidy over all sources, hardening of the program; each runs even when one before it fails.
#
#   scripts/lint.sh [layers|format|cppcheck|tidy|hardening]...
#
# clang-tidy leaves src/mpi/ out, which needs an MPI compiler, and looks again only at files that changed, or whose headers did, since they last passed (build/lint/).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export jobs
jobs=$(getconf _NPROCESSORS_ONLN)
mapfile -t sources < <(find src include tests -name '*.c' | sort)
mapfile -t headers < <(find src include tests -name '*.h' | sort)

lint_layers() { scripts/check_layers.sh; }

lint_format() {
    local file status=0
    for file in "${sources[@]}" "${headers[@]}"; do
        clang-format --dry-run -Werror "$file" 2>/dev/null || { echo "$file: not formatted, see: make format"; status=1; }
    done
    return $status
}

lint_cppcheck() {
    cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr -j "$jobs" \
        --enable=warning,performance,portability --suppressions-list=scripts/cppcheck.suppress \
        --template='{file}:{line}:{column}: {message} [{id}]' \
        -Isrc -Iinclude -D_GNU_SOURCE -DES_SIMD_SUFFIX=_baseline -D__x86_64__ -D__SIZEOF_INT128__=16 src
}

tidy_one() {
    local stamp=build/lint/$1.tidy
    [ -e "$stamp" ] &&
        [ -z "$(find "$1" .clang-tidy src include -newer "$stamp" \( -name '*.h' -o -path "$1" -o -name .clang-tidy \) -print -quit)" ] &&
        return 0
    mkdir -p "$(dirname "$stamp")"
    # Shallow, few nodes a function: a tenth of the time, and fewer paths that cannot be (es_fail never returns ES_OK, which it
    # cannot see).
    clang-tidy --quiet "$1" -- -std=c11 -D_GNU_SOURCE -Iinclude -Isrc -fopenmp -DES_SIMD_SUFFIX=_baseline \
        -Xclang -analyzer-config -Xclang mode=shallow,max-nodes=15000 2>/dev/null &&
        touch "$stamp"
}
export -f tidy_one

lint_tidy() {
    printf '%s\n' "${sources[@]}" | grep '^src/' | grep -v '^src/mpi/' | xargs -P "$jobs" -I{} bash -c 'tidy_one {}'
}

# Of the release build, whose flags count.
lint_hardening() {
    make --no-print-directory FLAVOUR=release -j"$jobs" all >/dev/null && scripts/check_hardening.sh build/edgesweep
}

passed=0 failed=0
for part in "${@:-layers}" ; do
    case $part in layers | format | cppcheck | tidy | hardening) ;; *) echo "lint: no part '$part'" >&2; exit 2 ;; esac
done
[ $# -gt 0 ] || set -- layers format cppcheck tidy hardening
for part in "$@"; do
    if lint_$part; then
        passed=$((passed + 1))
    else
        echo "lint: $part failed"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
