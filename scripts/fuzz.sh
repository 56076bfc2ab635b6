#!/usr/bin/env bash
# Fuzzes targets one after another, or packs the inputs that they found.
#
#   scripts/fuzz.sh run  BUILD CORPORA SECONDS NAME...    findings lie beside the corpora as fuzz_NAME-crash-...
#   scripts/fuzz.sh pack BUILD CORPORA 0 NAME...
#
# BUILD/fuzz and BUILD/replay hold the targets, CORPORA/fuzz_NAME what is found.
set -euo pipefail
cd "$(dirname "$0")/.."
what=$1 build=$2 corpora=$3 seconds=$4
shift 4
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export OMP_NUM_THREADS=1
limits='-rss_limit_mb=2560 -timeout=20 -max_len=4096'
for name in "$@"; do
    name=fuzz_$name
    mkdir -p "$corpora/$name"
    seeds=()
    [ ! -d "tests/fuzz/seeds/$name" ] || seeds+=("tests/fuzz/seeds/$name")
    packed=tests/fuzz/corpus/$name.zst
    if [ -e "$packed" ]; then
        "$build/replay/$name" --unpack "$corpora/$name.packed" "$packed" >/dev/null
        seeds+=("$corpora/$name.packed")
    fi
    dictionary=tests/fuzz/$name.dict
    options=$limits
    [ ! -e "$dictionary" ] || options="$options -dict=$dictionary"
    if [ "$what" = run ]; then
        echo "$name"
        # shellcheck disable=SC2086  # options
        "$build/fuzz/$name" $options -max_total_time="$seconds" -print_final_stats=1 \
            -artifact_prefix="$corpora/$name-" "$corpora/$name" "${seeds[@]}" 2>&1 |
            grep --line-buffered -v -e '^#' -e '^INFO' -e '^stat::' -e '^$' -e 'stat::new'
        continue
    fi
    rm -rf "$corpora/$name.small" && mkdir "$corpora/$name.small"
    # shellcheck disable=SC2086
    "$build/fuzz/$name" $limits -set_cover_merge=1 "$corpora/$name.small" "$corpora/$name" "${seeds[@]}" 2>/dev/null
    mkdir -p tests/fuzz/corpus
    "$build/replay/$name" --pack "$packed" "$corpora/$name.small"
    ls -l "$packed" | awk '{ print $9 ": " $5 " bytes" }'
done
