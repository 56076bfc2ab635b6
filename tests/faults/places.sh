#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2154,SC2015  # variables and functions of common.sh; ok and bad never fail
# Full disks, vanished directories, planted files, clock jumps, two processes on one output, little memory, and signals at
# random times: outputs are whole or the old ones, and nothing hidden stays behind.
#
#   EDGESWEEP=build/edgesweep tests/faults/places.sh [SIGNALS] [SHIM.so]      500 signals unless told
. "$(dirname "$0")/../scale/common.sh"
signals=${1:-500} shim=$(realpath -m "${2:-build/faults/inject.so}")

mapfile -t sweep < <(grid 20)
mapfile -t small < <(grid 4001)
run() { "$EDGESWEEP" run -q "${sweep[@]}" "$@"; }
cd "$work" || exit 1
sweep[0]=$OLDPWD/${sweep[0]} small[0]=$OLDPWD/${small[0]}
run -o new.csv && new=$(hash_of new)
"$EDGESWEEP" run -q "${small[@]}" -o old.csv && old=$(hash_of old)
[ "$new" != "$old" ] && ok || bad 'the two sweeps are alike'

# put_old DIR: DIR/a.csv and what lies beside it are those of the small sweep
put_old() {
    local name
    for name in old old.front old.best; do
        cp "$name.csv" "$1/a${name#old}.csv" && cp "$name.csv.meta.json" "$1/a${name#old}.csv.meta.json"
    done
}
hidden() { find "$1" -name '.*' ! -name . | wc -l; }
# refused WHAT TEXT COMMAND...: status 1 and this message
refused() {
    local what=$1 text=$2 got
    shift 2
    timeout -s KILL 60 "$@" >stdout 2>stderr
    got=$?
    same "$what: status" $got 1
    grep -q "$text" stderr && ok || bad "$what: $(head -c 200 stderr)"
}
# each table is whole and of one of both sweeps
check_tables() { # DIR WHAT
    local name
    for name in "$1"/a.csv "$1"/a.front.csv "$1"/a.best.csv; do
        case $(sha256sum <"$name") in
        "$(sha256sum <"new${name#"$1"/a}")" | "$(sha256sum <"old${name#"$1"/a}")") ok ;;
        *) bad "$2: $name is neither old nor new" ;;
        esac
    done
}
# and fits its meta file
check_pairs() { # DIR WHAT
    local name said
    check_tables "$@"
    for name in "$1"/a.csv "$1"/a.front.csv "$1"/a.best.csv; do
        said=$(sed -n 's/^  "bytes": \([0-9]*\),$/\1/p' "$name.meta.json")
        same "$2: $name and its meta file" "$(stat -c %s "$name")" "$said"
    done
}

# ---- full disks ----
mkdir disk
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m edgesweep-test disk 2>/dev/null; then
    cleanups=("umount $work/disk" "${cleanups[@]}")
    for out in a.csv a.csv.gz a.csv.zst a.db; do
        put_old disk && cp old.csv "disk/$out"
        before=$(sha256sum disk/* | sha256sum)
        head -c $((1 << 20)) /dev/zero >disk/filler 2>/dev/null # whatever is left
        refused "full disk, $out" 'No space left\|database or disk is full' "$EDGESWEEP" run -q "${sweep[@]}" --force -o "disk/$out"
        rm disk/filler
        same "full disk, $out: old files" "$(sha256sum disk/* | sha256sum)" "$before"
        same "full disk, $out: hidden files" "$(hidden disk)" 0
        rm -f disk/*
    done
    refused 'no room' 'has room for' "$EDGESWEEP" run -q "${sweep[@]}" -o disk/a.csv
    put_old disk && head -c $((1 << 20)) /dev/zero >disk/filler 2>/dev/null
    refused 'full disk, pareto' 'No space left' "$EDGESWEEP" pareto new.csv --min energy_j,end_to_end_ms --ranks 999 -q -o disk/a.csv
    refused 'full disk, report' 'No space left' "$EDGESWEEP" report new.csv -q -o disk/a.html
    rm disk/*
    refused 'full disk, shard' 'No space left' "$EDGESWEEP" run -q "${sweep[@]}" --force --shard 0/1 --checkpoint 0 -o disk/parts
    mount -o remount,size=100m disk && run --shard 0/1 --resume -o disk/parts && "$EDGESWEEP" merge -q disk/parts -o merged.csv
    same 'a shard goes on when there is room again' "$(hash_of merged)" "$new"
    rm -r disk/*
    put_old disk && mount -o remount,ro disk
    refused 'read-only file system' 'Read-only file system' "$EDGESWEEP" run -q "${sweep[@]}" -o disk/a.csv
    mount -o remount,rw disk && same 'read-only file system: old files' "$(hash_of disk/a)" "$old"
else
    skip 'full and read-only disks: only root can mount a small one'
fi
for command in 'list devices' 'explain sweeps/paper.sweep --index 3' 'run sweeps/paper.sweep -o -' 'help run' \
    'import hf tests/data/hf/Qwen3-0.6B.json' 'plan sweeps/paper.sweep' 'show device' 'list models'; do
    # shellcheck disable=SC2086  # words
    (cd "$OLDPWD" && timeout -s KILL 60 "$EDGESWEEP" $command -q >/dev/full 2>"$work/stderr" || timeout -s KILL 60 "$EDGESWEEP" $command >/dev/full 2>"$work/stderr")
    case $? in 1 | 2) grep -q . stderr && ok || bad "$command >/dev/full: no message" ;; *) bad "$command >/dev/full: status $?" ;; esac
done
refused '-o /dev/full' 'No space left' "$EDGESWEEP" run -q "${sweep[@]}" -o /dev/full

# ---- the directory vanishes ----
for ms in 5 20 60; do
    mkdir gone && put_old gone
    run -o gone/a.csv 2>stderr & pid=$!
    sleep "0.$(printf %03d $ms)"
    rm -rf gone
    wait $pid
    case $? in 0) ok ;; 1) grep -q . stderr && ok || bad 'vanished directory: no message' ;; *) bad "vanished directory: $?" ;; esac
    rm -rf gone
done

# ---- what somebody planted at the names of parts ----
for kind in link hard fifo folder; do
    for name in data/.part-00000-of-00001.csv.partial _manifest/.part-00000-of-00001.journal; do
        rm -rf planted && mkdir -p planted/data planted/_manifest && echo precious >victim
        case $kind in
        link) ln -s "$work/victim" "planted/$name" ;;
        hard) ln victim "planted/$name" ;;
        fifo) mkfifo "planted/$name" ;;
        folder) mkdir "planted/$name" ;;
        esac
        [ "$kind$name" = hard_manifest/.part-00000-of-00001.journal ] ||
            timeout -s KILL 60 "$EDGESWEEP" run -q "${small[@]}" --shard 0/1 --resume -o planted 2>stderr
        case $? in 0) ok ;; 1) grep -q . stderr && ok || bad "$kind at $name: no message" ;; *) bad "$kind at $name: status $?" ;; esac
        same "$kind at $name: its target" "$(cat victim)" precious
    done
done

# ---- clocks ----
if [ -e "$shim" ] && ! grep -q __asan_init "$EDGESWEEP"; then
    for out in clock.csv clock.csv.zst; do
        ES_FAULT_CLOCK=1 LD_PRELOAD=$shim timeout -s KILL 120 "$EDGESWEEP" run -q "${sweep[@]}" --progress always -o $out 2>/dev/null
        same "clock jumps, $out" $? 0
    done
    same 'clock jumps: bytes' "$(hash_of clock)" "$new"
    ES_FAULT_CLOCK=1 LD_PRELOAD=$shim timeout -s KILL 120 "$EDGESWEEP" run -q "${sweep[@]}" --shard 0/1 -o clock
    "$EDGESWEEP" merge -q clock -o merged.csv
    same 'clock jumps: a shard' "$(hash_of merged)" "$new"
else
    skip 'clock jumps: no shim, or a sanitizer'
fi

# ---- memory ----
if ! grep -q __asan_init "$EDGESWEEP"; then
    for mib in 1 2 3 4 6 8 12 16 24 32; do
        mkdir memory && put_old memory
        for out in a.csv a.csv.gz a.csv.zst; do
            timeout -s KILL 60 "$EDGESWEEP" run -q "${sweep[@]}" -j 2 --max-memory ${mib}Mi -o "memory/$out" 2>stderr
            case $? in
            0) ok ;;
            1) grep -qi 'memory\|thread' stderr && ok || bad "$mib MiB, $out: $(cat stderr)" ;;
            *) bad "$mib MiB, $out: status $?: $(cat stderr)" ;;
            esac
        done
        check_pairs memory "$mib MiB"
        run -o memory/a.csv && same "after $mib MiB: hidden files" "$(find memory -name '.a.csv.*' | wc -l)" 0
        rm -rf memory
    done
else
    skip 'little memory: sanitizers take all there is'
fi

# ---- two processes, one output ----
mkdir both && put_old both
for _ in 1 2 3 4 5 6; do
    run -o both/a.csv & one=$!
    "$EDGESWEEP" run -q "${small[@]}" -o both/a.csv & two=$!
    wait $one && wait $two && ok || bad 'two processes: one failed'
    check_pairs both 'two processes'
    same 'two processes: hidden files' "$(hidden both)" 0
done

# ---- signals ----
mkdir killed
put_old killed
run --shard 0/2 -o parts && run --shard 1/2 -o parts
survived=0 ended=0
names=(INT TERM KILL PIPE)
for ((i = 0; i < signals && failed == 0; i++)); do
    signal=${names[RANDOM % 4]} threads=$((1 + RANDOM % 2)) status=0
    ms=$(printf %03d $((RANDOM % 120)))
    case $((RANDOM % 4)) in
    0) command=(pareto new.csv --min 'energy_j,end_to_end_ms' -j "$threads" -o killed/b.csv) ;;
    1) command=(merge parts -o killed/a.csv) ;;
    *) command=(run "${sweep[@]}" -j "$threads" -o killed/a.csv) ;;
    esac
    if [ "$signal" = PIPE ]; then
        "$EDGESWEEP" run -q "${sweep[@]}" -j $threads -o - 2>stderr | head -c $((RANDOM * 50)) >piped
        status=${PIPESTATUS[0]}
        cmp -s -n "$(stat -c %s piped)" piped new.csv && ok || bad "a closed pipe got other bytes"
    else
        { timeout --preserve-status -s "$signal" "0.$ms" "$EDGESWEEP" "${command[@]}" -q 2>stderr || status=$?; } 2>/dev/null
    fi
    case $signal$status in
    INT0 | TERM0 | KILL0 | PIPE0) ended=$((ended + 1)) ;;
    INT130 | TERM143 | KILL137 | PIPE1) survived=$((survived + 1)) ;;
    *) bad "SIG$signal after $ms ms, ${command[0]}: status $status: $(cat stderr)" ;;
    esac
    # A kill between two renames leaves a table beside another meta file, until the next whole run.
    if [ "$signal" = KILL ]; then
        check_tables killed "SIGKILL after $ms ms, ${command[0]}"
        put_old killed
    else
        check_pairs killed "SIG$signal after $ms ms, ${command[0]}"
    fi
    [ "$signal" = KILL ] || [ ! -s stderr ] || bad "SIG$signal: $(cat stderr)"
done
run -o killed/a.csv && "$EDGESWEEP" pareto new.csv --min energy_j,end_to_end_ms -q -o killed/b.csv
same "after $signals signals" "$(hash_of killed/a)" "$new"
same "after $signals signals: hidden files" "$(hidden killed)" 0
echo "$survived of $signals signals ended a command, $ended came too late" >&2
finish
