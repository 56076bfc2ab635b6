#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2154,SC2015  # variables and functions of common.sh; ok and bad never fail
# One set of bytes from threads, shards and their mixtures; what merge refuses.
#
#   EDGESWEEP=build/edgesweep tests/scale/shards.sh [--quick]
. "$(dirname "$0")/common.sh"
quick=${1:-}

mapfile -t sweep < <(grid "$([ -n "$quick" ] && echo 97 || echo 41)")
run() { "$EDGESWEEP" run "${sweep[@]}" -q "$@"; }
merge() { "$EDGESWEEP" merge -q "$@"; }

run -j 1 -o "$work/one.csv"
one=$(hash_of "$work/one")
for threads in 2 3 4; do
    run -j $threads -o "$work/threads.csv"
    same "-j $threads" "$(hash_of "$work/threads")" "$one"
done

# ---- even shards, whatever their options of speed ----
for n in $([ -n "$quick" ] && echo 1 5 16 || seq 1 16); do
    for ((k = n - 1; k >= 0; k--)); do
        run --shard "$k/$n" -j $((k % 4 + 1)) --checkpoint $((k % 2 * 10)) -o "$work/p$n" || bad "shard $k/$n"
    done
    merge "$work/p$n" -o "$work/merged.csv"
    same "$n shards" "$(hash_of "$work/merged")" "$one"
done
same 'hidden files left' "$(find "$work"/p* -name '.*' | wc -l)" 0

# ---- uneven mixtures: each word K/N ----
mixture=0
for mix in '0/2 2/4 6/8 14/16 15/16' '0/16 1/16 1/8 1/4 1/2' '2/3 0/6 1/6 3/9 4/9 5/9'; do
    mixture=$((mixture + 1))
    for shard in $mix; do run --shard "$shard" -o "$work/mix$mixture"; done
    merge "$work/mix$mixture" -o "$work/merged.csv"
    same "shards $mix" "$(hash_of "$work/merged")" "$one"
done
merge "$work"/p5/data/*.csv "$work"/p5/_manifest/*.json -o "$work/merged.csv"
same 'parts by name' "$(hash_of "$work/merged")" "$one"
merge "$work/p5" -o - >"$work/stdout.csv"
same 'merge to stdout' "$(sha256sum <"$work/stdout.csv")" "$(sha256sum <"$work/one.csv")"
merge "$work/p5" -o "$work/packed.csv.zst" && zstd -qdc "$work/packed.csv.zst" 2>/dev/null >"$work/packed.csv"
command -v zstd >/dev/null && same 'merge to .zst' "$(sha256sum <"$work/packed.csv")" "$(sha256sum <"$work/one.csv")"

# ---- other formats, --unique, without rows, more shards than points ----
for options in '--unique --exact' '-f jsonl' '-f tsv --crlf' '--delimiter ; --decimal , --bom' '--digits 3'; do
    # shellcheck disable=SC2086  # words
    run $options -o "$work/f1.csv"
    for k in 0 1 2; do
        # shellcheck disable=SC2086
        run $options --shard $k/3 -o "$work/f3"
    done
    suffix=csv
    case $options in '-f '*) suffix=${options#-f } && suffix=${suffix%% *} ;; esac
    merge "$work/f3" -o "$work/f3.$suffix"
    [ $suffix = csv ] || for name in "$work"/f3.*"$suffix"; do mv "$name" "${name%"$suffix"}csv"; done
    same "format $options" "$(hash_of "$work/f3")" "$(hash_of "$work/f1")"
    rm -rf "$work/f3"
done
run --front-only -o "$work/fo.csv"
for k in 0 1 2 3; do run --front-only --shard $k/4 -o "$work/fo4"; done
merge "$work/fo4" -o "$work/fo4.csv"
same 'front only' "$(sha256sum <"$work/fo4.csv")" "$(sha256sum <"$work/fo.csv")"
same 'front only: best' "$(sha256sum <"$work/fo4.best.csv")" "$(sha256sum <"$work/one.best.csv")"
same 'front only: no rows' "$(ls "$work/fo4")" "$(printf '_manifest\nbest\nfront')"
tiny() { "$EDGESWEEP" run sweeps/paper.sweep --set seq_len=512 --set pareto.minimize=params -q "$@"; }
tiny -o "$work/t1.csv"
n=$((2 * $(wc -l <"$work/t1.csv")))
for ((k = 0; k < n; k++)); do tiny --shard "$k/$n" -o "$work/tiny"; done
merge "$work/tiny" -o "$work/t2.csv"
same 'more shards than points' "$(cat "$work"/t2*.csv | sha256sum)" "$(cat "$work"/t1*.csv | sha256sum)"

# ---- finished parts are left alone; other sweeps are kept out ----
before=$(stat -c '%Y %i' "$work"/p5/data/*)
run --shard 2/5 -o "$work/p5" && run --shard 2/5 --resume -o "$work/p5"
same 'finished part' "$(stat -c '%Y %i' "$work"/p5/data/*)" "$before"
run --shard 2/5 --exact -o "$work/p5" 2>/dev/null
same 'part of another format' $? 1
rm "$work/p5/data/part-00002-of-00005.csv"
run --shard 2/5 -o "$work/p5" 2>/dev/null && merge "$work/p5" -o "$work/merged.csv"
same 'part that lost a file' "$(hash_of "$work/merged")" "$one"

# ---- refusals: nothing is written ----
# refuse STATUS WHAT TEXT PARTS...
refuse() {
    local status=$1 what=$2 text=$3 got
    shift 3
    rm -f "$work"/no.*
    merge "$@" -o "$work/no.csv" 2>"$work/errors"
    got=$?
    same "$what: status" "$got" "$status"
    grep -qe "$text" "$work/errors" || bad "$what: $(head -c 300 "$work/errors")"
    same "$what: nothing is written" "$(find "$work" -maxdepth 1 -name '*no.*' | wc -l)" 0
    merge "$@" -o - >"$work/stdout" 2>/dev/null
    same "$what: nothing goes to stdout" "$(wc -c <"$work/stdout")" 0
}
cp -r "$work/p16" "$work/gap" && rm "$work"/gap/_manifest/part-000{03,07,08,09,15}*.json
refuse 4 'missing parts' 'array=3,7-9,15 with --shard auto/16' "$work/gap"
refuse 4 'missing, parts by name' 'array=2-4' "$work"/p5/data/part-0000[01]*.csv
mkdir "$work/empty"
refuse 4 'no parts' 'no finished part' "$work/empty"
refuse 1 'no such directory' 'cannot read' "$work/nowhere"
refuse 5 'overlap' 'both hold the points' "$work/p5" "$work/p16"
cp -r "$work/p5" "$work/mixed" && rm "$work"/mixed/_manifest/part-00002*
run --digits 5 --shard 2/5 -o "$work/mixed"
refuse 3 'mixed formats' '(format)' "$work/mixed"
rm "$work"/mixed/_manifest/part-00002*
run --shard 2/5 --where 'seq_len > 3' -o "$work/mixed"
refuse 3 'mixed sweeps' '(sweep or catalogs)' "$work/mixed"
flip() { # FILE: changes its middle byte
    local at=$(($(stat -c %s "$1") / 2)) byte
    byte=$(od -An -tu1 -j $at -N 1 "$1")
    # shellcheck disable=SC2059
    printf "$(printf '\\%03o' $((byte ^ 4)))" | dd of="$1" bs=1 seek=$at conv=notrunc 2>/dev/null
}
for file in data/part-00001-of-00005.csv front/part-00001-of-00005.csv best/part-00001-of-00005.csv \
    _manifest/part-00001-of-00005.{front,best,json}; do
    for how in flipped truncated missing; do
        [ "$how $file" != 'missing _manifest/part-00001-of-00005.json' ] || continue
        rm -rf "$work/hurt" && cp -r "$work/p5" "$work/hurt"
        case $how in
        flipped) flip "$work/hurt/$file" ;;
        truncated) truncate -s -1 "$work/hurt/$file" ;;
        missing) rm "$work/hurt/$file" ;;
        esac
        [ "$how $file" != 'truncated _manifest/part-00001-of-00005.json' ] || truncate -s -2 "$work/hurt/$file"
        refuse 6 "$how $file" damaged "$work/hurt"
    done
done
finish
