#!/usr/bin/env bash
# Golden cases of the command line: tests/cli/CASE/{cmd,stdout,stderr,status}.
#
#   scripts/check_cli.sh [COMMAND] [CASE...]     COMMAND defaults to build/edgesweep, no CASE means all
#   UPDATE=1 scripts/check_cli.sh ...            rewrites the expectations; look at the diff before committing
#   JOBS=N                                       cases at a time [2]
#
# `cmd` is a bash script run in an empty temporary directory, into which the other files of the case are copied first.
# `edgesweep` is on the PATH; $SWEEPS (sweeps/) and $ROOT (the repository) locate data; no terminal, no stdin, C locale.
# A case that ends with status 77 is skipped, with the last line of its stderr as the reason.
# A missing stdout or stderr file stands for empty output, a missing status file for 0.
# Compared after normalisation: the repository becomes $ROOT, the temporary directory $TMP, the version VERSION.
set -uo pipefail
export LC_ALL=C
ROOT=$(cd "$(dirname "$0")/.." && pwd)
command=${1:-build/edgesweep}
shift $(($# > 0))
case $command in /*) ;; *) command=$ROOT/$command ;; esac
[ -x "$command" ] || { echo "check_cli: no command '$command'" >&2; exit 2; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" && ln -s "$command" "$work/bin/edgesweep"
export ROOT SWEEPS=$ROOT/sweeps UPDATE=${UPDATE:-0} work PATH="$work/bin:$PATH" NO_COLOR=1
VERSION=$("$command" --version 2>/dev/null | sed -n '1s/^edgesweep \([0-9][^ ]*\).*/\1/p')
export VERSION=${VERSION:-none}
unset COLUMNS LINES EDGESWEEP_SIMD OMP_NUM_THREADS

# normalise DIR: paths and the version, from stdin to stdout
normalise() {
    sed -e "s|$1|\$TMP|g" -e "s|$ROOT|\$ROOT|g" -e "s|\(edgesweep [v ]*\)${VERSION//./\\.}|\1VERSION|g" \
        -e "s|\"version\": *\"${VERSION//./\\.}\"|\"version\": \"VERSION\"|g"
}

# compare CASE NAME: the expectation against the result; prints a diff
compare() {
    local expected=$ROOT/tests/cli/$1/$2 actual=$work/$1.$2
    [ -e "$expected" ] || expected=$work/default.$2
    diff -u --label "$1/$2 expected" --label "$1/$2 actual" "$expected" "$actual"
}

# update CASE NAME: keeps only expectations that differ from the defaults
update() {
    if cmp -s "$work/$1.$2" "$work/default.$2"; then
        rm -f "$ROOT/tests/cli/$1/$2"
    else
        cp "$work/$1.$2" "$ROOT/tests/cli/$1/$2"
    fi
}

run_case() {
    local name=$1 source=$ROOT/tests/cli/$1 dir=$work/$1.d part verdict=pass
    mkdir "$dir"
    find "$source" -mindepth 1 -maxdepth 1 ! -name cmd ! -name stdout ! -name stderr ! -name status \
        -exec cp -R {} "$dir"/ \;
    # what hangs is known by the time that it computes: under load the clock tells nothing
    (ulimit -t "${TEST_CPU:-300}" && cd "$dir" && TMP=$dir timeout 3600 bash "$source/cmd") \
        </dev/null >"$work/$name.out" 2>"$work/$name.err"
    echo $? >"$work/$name.status"
    if [ "$(cat "$work/$name.status")" = 77 ]; then # what the case needs is not there
        echo "skipped tests/cli/$name: $(tail -n 1 "$work/$name.err")"
        chmod -R u+w "$dir" && rm -rf "$dir"
        return
    fi
    normalise "$dir" <"$work/$name.out" >"$work/$name.stdout"
    normalise "$dir" <"$work/$name.err" | sed "s|^$source/cmd: line [0-9]*: ||" >"$work/$name.stderr"
    for part in stdout stderr status; do
        if [ "$UPDATE" = 1 ]; then
            update "$name" $part
        else
            compare "$name" $part || verdict=fail
        fi
    done >"$work/$name.diff" 2>&1
    [ $verdict = pass ] || { echo "FAIL tests/cli/$name"; cat "$work/$name.diff"; } >"$work/$name.fail"
    chmod -R u+w "$dir" && rm -rf "$dir"
}
export -f normalise compare update run_case

: >"$work/default.stdout"
: >"$work/default.stderr"
echo 0 >"$work/default.status"
if [ $# -gt 0 ]; then
    cases=$(printf '%s\n' "${@##*/}")
else
    cases=$(cd "$ROOT/tests/cli" && for file in */cmd; do [ -f "$file" ] && echo "${file%/cmd}"; done)
fi
if [ -n "$cases" ]; then
    xargs -P "${JOBS:-2}" -I{} bash -c 'run_case {}' <<<"$cases"
fi

total=$(grep -c . <<<"$cases")
failed=$(find "$work" -maxdepth 1 -name '*.fail' | wc -l)
# shellcheck disable=SC2046  # case names have no blanks
[ "$failed" = 0 ] || cat "$work"/*.fail
echo "$((total - failed)) passed, $failed failed"
[ "$failed" = 0 ]
