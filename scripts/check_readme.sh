#!/usr/bin/env bash
# Runs the examples of README.md and of the manual pages, which the command prints.
#
#   scripts/check_readme.sh [COMMAND] [FILE...]     COMMAND defaults to build/edgesweep
#
# Examples are, in Markdown, the lines with a `$ ` prompt in blocks that start with exactly ```sh, in manual pages the
# literal lines under EXAMPLES; a trailing backslash continues a line.  Each must end with status 0.  In Markdown, output
# lines that follow must match what it prints (stdout and stderr together), where `...` stands for any text and a line
# `...` for any lines.
# The examples of one file run in order in one temporary directory that looks like the repository: build/edgesweep,
# sweeps/, an empty results/; it is also HOME.  Left out: examples that start with git, cd, make, sudo or apt-get, which
# set up a machine, and those with a program that is not installed.  llama-bench prints simulated measurements.
set -uo pipefail
export LC_ALL=C NO_COLOR=1
ROOT=$(cd "$(dirname "$0")/.." && pwd)
command=${1:-build/edgesweep}
shift $(($# > 0))
case $command in /*) ;; *) command=$ROOT/$command ;; esac
cd "$ROOT" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# Writes $work/N.cmd, N.at and, when output follows, N.expected for each example of a file.
extract() {
    awk -v out="$work/" -v file="$1" '
    function plain(text) { # undo the escapes of roff
        gsub(/\\&/, "", text); gsub(/\\-/, "-", text); gsub(/\\e/, "\\", text)
        return text
    }
    function begin(text) {
        skip = text ~ /^(git|cd|make|sudo|apt-get)( |$)/
        if (!skip) { name = out sprintf("%03d", ++n); print file ":" FNR >(name ".at") }
    }
    function add(text) { continued = text ~ /\\$/; if (!skip) print text >(name ".cmd") }
    BEGIN { roff = file ~ /\.1$/ }
    roff && /^\.Sh/ { examples = $2 == "EXAMPLES" }
    roff && /^\.Bd -literal/ { inside = examples; next }
    roff && /^\.Ed/ { inside = 0 }
    roff && inside { text = plain($0); if (!continued) begin(text); add(text) }
    roff { next }
    inside && /^```/ { inside = continued = 0; next }
    /^```sh$/ { inside = skip = 1; next }
    !inside { next }
    continued { add($0); next }
    /^\$ / { text = substr($0, 3); begin(text); add(text); next }
    !skip { print $0 >(name ".expected") }
    ' "$1"
}

# The glob pattern of an expected output.
pattern() {
    sed -e 's/[[:space:]]*$//' -e 's/[^A-Za-z0-9 ]/\\&/g' -e 's/\\\.\\\.\\\./*/g' "$1" |
        awk '{ printf "%s%s", $0, $0 == "*" ? "" : "\n" }'
}

# Whether every program that starts a line or a part of a pipe is there.
runnable() {
    local program
    for program in $(sed 's/<(/|/g; s/[|;&][|&]*/\n/g' "$1" | sed -n 's/^ *\([a-z][a-z0-9_-]*\)\( .*\)\{0,1\}$/\1/p'); do
        PATH="$work/bin:$PATH" command -v "$program" >/dev/null || return 1
    done
}

run_example() { # stem of its files, directory to run in
    local status=0 actual
    sed -i 's/edgesweep probe\>/& --anyway/' "$1.cmd" # tests run on busy machines
    (cd "$2" && HOME=$2 PATH="$work/bin:$PATH" timeout "${TEST_TIMEOUT:-300}" bash "$1.cmd") </dev/null >"$1.out" 2>&1 || status=$?
    if [ $status != 0 ]; then
        echo "FAIL $(cat "$1.at"): status $status: $(cat "$1.cmd")"
        tail -n 5 "$1.out"
        return 1
    fi
    [ -e "$1.expected" ] || return 0
    actual=$(sed 's/[[:space:]]*$//' "$1.out"; echo x) # the x keeps the last newline
    # shellcheck disable=SC2053  # a pattern
    [[ $actual == $(pattern "$1.expected"; echo x) ]] && return 0
    echo "FAIL $(cat "$1.at"): other output: $(cat "$1.cmd")"
    diff -u --label documented --label printed "$1.expected" "$1.out"
    return 1
}

mkdir "$work/bin" && ln -s "$command" "$work/bin/edgesweep"
printf '#!/bin/sh\ncat "%s"\n' "$ROOT/tests/data/llama-bench.csv" >"$work/bin/llama-bench" && chmod +x "$work/bin/llama-bench"
# What is committed of the paper's claims is what the script prints, and results/claims.md has its second table; UPDATE=1
# refreshes both.
check_claims() {
    scripts/paper_claims.sh "$command" >"$work/claims" 2>&1 || return 1
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/claims" results/samples/paper_claims.md
        { sed '/^| claim/,$d' results/claims.md; sed '1,/^$/d' "$work/claims"; sed '1,/^| claim/d' results/claims.md | sed '1,/^$/d' | sed '1i\\'; } >"$work/page"
        cp "$work/page" results/claims.md
    fi
    diff -u results/samples/paper_claims.md "$work/claims" && ! sed '1,/^$/d' "$work/claims" | grep -vFxf results/claims.md
}
if [ $# = 0 ]; then
    if check_claims; then passed=$((passed + 1)); else echo "FAIL scripts/paper_claims.sh: refresh its tables"; failed=$((failed + 1)); fi
    scripts/share_files.sh "$command" "$work/share" || { echo "FAIL scripts/share_files.sh"; failed=1; }
    set -- README.md "$work"/share/man/man1/*.1
fi
for file in "$@"; do
    [ -f "$file" ] || continue
    rm -rf "$work"/[0-9]* "$work/tree"
    mkdir -p "$work/tree/build" "$work/tree/results" "$work/tree/.zfunc" "$work/tree/.config/fish/completions"
    ln -s "$command" "$work/tree/build/edgesweep"
    ln -s "$ROOT/sweeps" "$ROOT/scripts" "$ROOT/tests" "$work/tree"
    # what examples read that a user would have: a downloaded model and a folder for own catalogs
    mkdir "$work/tree/Qwen2.5-0.5B" "$work/tree/my"
    ln -s "$ROOT/tests/data/hf/Qwen2.5-0.5B.json" "$work/tree/Qwen2.5-0.5B/config.json"
    ln -s "$ROOT/tests/cli/import/Stories-Q4_0.gguf" "$work/tree/model.gguf"
    ln -s model.gguf "$work/tree/model-UD-Q4_K_XL.gguf"
    echo '{"results": {"mmlu": {"acc,none": 0.45}}, "n-shot": {"mmlu": 5}, "model_name": "Llama-3.2-1B", "date": 1735689600}' >"$work/tree/results.json"
    extract "$file"
    for example in "$work"/[0-9]*.cmd; do
        [ -f "$example" ] && runnable "$example" || continue
        if run_example "${example%.cmd}" "$work/tree"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
