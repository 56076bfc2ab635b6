#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2154,SC2015  # variables and functions of common.sh; ok and bad never fail
# edgesweep-mpi: the bytes of a single run from any number of ranks, of Open MPI and MPICH; killed jobs are resumed.
#
#   EDGESWEEP=build/edgesweep BUILD=build tests/scale/mpi.sh [KILLS]      10 unless told
. "$(dirname "$0")/common.sh"
kills=${1:-10}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
# One machine is enough: no network, no pinning.
export OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none HYDRA_LAUNCHER=fork

mapfile -t sweep < <(grid 41)
"$EDGESWEEP" run "${sweep[@]}" -q -o "$work/one.csv"
one=$(hash_of "$work/one")

# launch KIND RANKS ARGUMENT...
launch() {
    local kind=$1 ranks=$2
    shift 2
    if [ "$kind" = openmpi ]; then
        timeout 120 mpirun.openmpi --oversubscribe --bind-to none -n "$ranks" "$work/mpi-$kind" "$@" </dev/null
    else
        timeout 120 mpirun.mpich -n "$ranks" "$work/mpi-$kind" "$@" </dev/null
    fi
}

# Kills a rank or the launcher of a running job after a random time.
kill_one() {
    local job=$1 ranks victim
    sleep "0.$(printf %03d $((200 + RANDOM % 500)))"
    mapfile -t ranks < <(pgrep -f "^$work/mpi-" || true)
    [ ${#ranks[@]} -gt 0 ] || return 1
    victim=${ranks[RANDOM % ${#ranks[@]}]}
    kill -KILL "$victim" 2>/dev/null
    wait "$job" 2>/dev/null
    return 0
}

for kind in openmpi mpich; do
    command -v mpicc.$kind >/dev/null || { skip "$kind: no mpicc.$kind, and it could not be installed"; continue; }
    make -s mpi MPICC=mpicc.$kind MPI_COMMAND="$work/mpi-$kind" BUILD="${BUILD:-build}" >"$work/log" 2>&1 ||
        { bad "make mpi with $kind: $(tail -n 5 "$work/log")"; continue; }

    for ranks in 1 2 3 4 5 6 7; do
        rm -rf "$work/parts"
        launch $kind $ranks "${sweep[@]}" --shards $((1 + RANDOM % 12)) -o "$work/parts" --single-file "$work/mpi.csv" \
            2>"$work/log" || bad "$kind, $ranks ranks: $(tail -n 5 "$work/log")"
        same "$kind, $ranks ranks" "$(hash_of "$work/mpi")" "$one"
        same "$kind, $ranks ranks, meta" "$(sed '/"command"/d; /"date"/,$d' "$work/mpi.csv.meta.json")" \
            "$(sed '/"command"/d; /"date"/,$d' "$work/one.csv.meta.json")"
    done
    "$EDGESWEEP" merge "$work/parts" -q -o "$work/merged.csv"
    same "$kind: merge" "$(hash_of "$work/merged")" "$one"

    rm -rf "$work/parts"
    launch $kind 2 "${sweep[@]}" --front-only --shards 5 -o "$work/parts" 2>"$work/log"
    same "$kind, front only" "$(cat "$work"/parts/{front,best}.csv | sha256sum)" \
        "$(cat "$work"/one.{front,best}.csv | sha256sum)"
    launch $kind 2 "${sweep[@]}" --shards 5 --front-only --single-file x -o "$work/parts" >"$work/log" 2>&1
    same "$kind, usage" "$(grep -c 'does not go with --front-only' "$work/log")" 1
    rm -rf "$work/new"
    for own in data/part-00000-of-00005.csv ./_manifest/part-00001-of-00005.json; do
        launch $kind 2 "${sweep[@]}" --shards 5 -o "$work/new" --single-file "$work/new/$own" >"$work/log" 2>&1
        same "$kind, single file among parts" \
            "$(grep -c 'two outputs to one place' "$work/log") $(test -e "$work/new"; echo $?)" "1 1"
    done

    # Killed ranks end the job; the next one, with another number of ranks, goes on.
    mapfile -t large < <(grid 3)
    [ -e "$work/large.csv" ] || "$EDGESWEEP" run "${large[@]}" -q -o "$work/large.csv"
    rm -rf "$work/parts"
    killed=0
    for ((try = 0; killed < kills && try < 3 * kills; try++)); do
        launch $kind $((1 + RANDOM % 4)) "${large[@]}" --checkpoint 0 --shards 6 -o "$work/parts" >"$work/log" 2>&1 &
        kill_one $! 2>/dev/null && killed=$((killed + 1))
        wait
        [ "$(find "$work/parts/_manifest" -name '*.json' 2>/dev/null | wc -l)" -lt 6 ] || rm -rf "$work/parts"
    done
    launch $kind 3 "${large[@]}" --shards 6 -o "$work/parts" --single-file "$work/mpi.csv" 2>"$work/log" ||
        bad "$kind, after kills: $(tail -n 5 "$work/log")"
    same "$kind, after $killed kills" "$(hash_of "$work/mpi")" "$(hash_of "$work/large")"
    echo "$kind: $killed jobs killed" >&2
done
finish
