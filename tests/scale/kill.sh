#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2154,SC2015  # variables and functions of common.sh; ok and bad never fail
# Shards killed at random moments and resumed: the merged bytes are always those of an undisturbed run.
#
#   EDGESWEEP=build/edgesweep tests/scale/kill.sh [KILLS]      200 unless told
. "$(dirname "$0")/common.sh"
kills=${1:-200}

mapfile -t sweep < <(grid 5)
"$EDGESWEEP" run "${sweep[@]}" -q -o "$work/one.csv"
one=$(hash_of "$work/one")
shards=4 done=0 rounds=0 resumed=0

# Runs shard $1, killed after $2 ms unless it ends before; status as of the shard.
run_and_kill() {
    timeout -s KILL "0.$(printf %03d "$2")" "$EDGESWEEP" run "${sweep[@]}" --shard "$1/$shards" --resume --checkpoint 0 \
        -j $((1 + RANDOM % 2)) -o "$work/parts" 2>>"$work/messages"
}

while [ $done -lt "$kills" ] && [ "$failed" = 0 ]; do
    rm -rf "$work/parts"
    for ((k = 0; k < shards; k++)); do
        for ((try = 0; ; try++)); do
            # Longer and longer, so that a slow machine comes to the end too.
            run_and_kill $k $((10 + RANDOM % 90 + try * 5)) 2>/dev/null && break
            [ $? = 137 ] || { bad "shard $k: $(tail -n 3 "$work/messages")"; break; }
            done=$((done + 1))
            [ $try -lt 150 ] || { bad "shard $k does not come to an end"; break; }
        done
    done
    rounds=$((rounds + 1))
    "$EDGESWEEP" merge "$work/parts" -q -o "$work/merged.csv" || bad "merge after $done kills"
    same "after $done kills" "$(hash_of "$work/merged")" "$one"
    same 'hidden files left' "$(find "$work/parts" -name '.*' | wc -l)" 0
done
resumed=$(grep -c 'from an earlier run' "$work/messages")
grep -c torn "$work/messages" >"$work/torn"
echo "$done kills in $rounds rounds, $resumed parts resumed with rows, $(cat "$work/torn") torn journals" >&2
[ "$resumed" -gt 0 ] && ok || bad 'no part was ever resumed'

# ---- SIGTERM: whole rows, status 143, resumable ----
rm -rf "$work/parts"
timeout -s TERM 0.15 "$EDGESWEEP" run "${sweep[@]}" --shard 0/1 -j 1 -o "$work/parts" -q
status=$?
case $status in 124 | 143 | 0) ok ;; *) bad "SIGTERM: status $status" ;; esac
"$EDGESWEEP" run "${sweep[@]}" --shard 0/1 --resume -o "$work/parts" -q &&
    "$EDGESWEEP" merge "$work/parts" -q -o "$work/merged.csv"
same 'after SIGTERM' "$(hash_of "$work/merged")" "$one"

# ---- damage between two runs ----
for damage in 'torn journal' 'truncated partial' 'flipped byte' 'lost partial' 'no journal' 'data without manifest'; do
    for ms in $(seq 30 10 900); do # until there is something to resume
        rm -rf "$work/parts"
        run_and_kill 0 "$ms" 2>/dev/null && continue
        partial=$(find "$work/parts" -name '.*.csv.partial' -size +600k 2>/dev/null)
        [ -z "$partial" ] || break
    done
    [ -n "$partial" ] || { skip "$damage: too fast or too slow a machine"; continue; }
    journal=$(find "$work/parts" -name '.*.journal')
    : >"$work/messages"
    case $damage in
    'torn journal') truncate -s -5 "$journal" ;;
    'truncated partial') truncate -s 200000 "$partial" ;;
    'flipped byte') printf '\377' | dd of="$partial" bs=1 seek=200000 conv=notrunc 2>/dev/null ;;
    'lost partial') rm "$partial" ;;
    'no journal') rm "$journal" ;;
    'data without manifest') mv "$partial" "$(dirname "$partial")/$(basename "$partial" .partial | cut -c 2-)" ;;
    esac
    for ((k = 0; k < shards; k++)); do
        "$EDGESWEEP" run "${sweep[@]}" --shard "$k/$shards" --resume -o "$work/parts" 2>>"$work/messages"
    done
    "$EDGESWEEP" merge "$work/parts" -q -o "$work/merged.csv"
    same "$damage" "$(hash_of "$work/merged")" "$one"
    case $damage in
    'torn journal') expected='torn record' ;;
    'truncated partial' | 'flipped byte') expected='damaged or missing; it goes on' ;;
    'lost partial') expected='the part starts again' ;;
    'data without manifest') expected='from an earlier run' ;;
    *) expected= ;;
    esac
    grep -q "$expected" "$work/messages" && ok || bad "$damage: $(cat "$work/messages")"
done

# ---- two processes, one part ----
rm -rf "$work/parts"
"$EDGESWEEP" run "${sweep[@]}" --shard 0/1 -j 1 -o "$work/parts" -q &
first=$!
for _ in $(seq 100); do [ -n "$(find "$work/parts" -name '.*.partial' 2>/dev/null)" ] && break; sleep 0.01; done
"$EDGESWEEP" run "${sweep[@]}" --shard 0/1 --resume -o "$work/parts" 2>"$work/messages"
case $? in
1) grep -q 'another process' "$work/messages" && ok || bad "lock: $(cat "$work/messages")" ;;
0) grep -q 'is finished' "$work/messages" && ok || bad "lock: $(cat "$work/messages")" ;;
*) bad "lock: $(cat "$work/messages")" ;;
esac
wait $first
"$EDGESWEEP" merge "$work/parts" -q -o "$work/merged.csv"
same 'two processes' "$(hash_of "$work/merged")" "$one"
finish
