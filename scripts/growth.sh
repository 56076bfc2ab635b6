#!/usr/bin/env bash
# How cost grows with input: instructions (callgrind) of commands over inputs of N and 8N rows, beyond those of an input of
# two rows.  Fails where the slope of their logarithms is above 1.2, that is where twice the rows cost more than 2.3 times as
# much.  `make test-growth`; the last line is `N passed, N failed`.
#
#   scripts/growth.sh [COMMAND]      COMMAND defaults to build/edgesweep
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
command=$(realpath "${1:-build/edgesweep}")
command -v valgrind >/dev/null || { echo 'edgesweep: make test-growth needs valgrind' >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0

instructions() { # ARGUMENT...
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$command" "$@" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}

# Each input: a function that writes N rows below FOLDER, and the command's arguments.
models() { # N: rows with aliases of their own
    mkdir -p "$1"
    { echo name,aliases,vocab,layers,hidden,intermediate,family
      seq "$2" | sed 's/.*/M&,A& x;B& y,32000,4,64,128,llama/'; } >"$1/models.csv"
}
same_alias() { # N: every row has the alias of the first
    mkdir -p "$1"
    { echo name,aliases,vocab,layers,hidden,intermediate,family
      seq "$2" | sed 's/.*/M&,same,32000,4,64,128,llama/'; } >"$1/models.csv"
}
scores() {
    mkdir -p "$1"
    { echo model,metric,mode,shots,harness,value,source
      seq "$2" | sed 's/.*/Llama-3.2-1B,Metric&,base,0,lm-eval,50,a test/'; } >"$1/scores.csv"
}
numbers() { # a table of three columns and a key
    mkdir -p "$1"
    awk -v n="$2" 'BEGIN { print "key,a,b,c"; for (i = 0; i < n; i++)
        printf "g%d,%d,%d,%d\n", i, i * 7919 % 10007, i * 104729 % 10009, i * 1299709 % 10037 }' >"$1/t.csv"
}
unknown() { # measurements on boards that no catalog has, each with its own reason
    mkdir -p "$1"
    { echo device,model,quant,phase,tokens_per_s
      seq "$2" | sed 's/.*/no board &,Llama-3.2-1B,Q4_0,decode,10/'; } >"$1/t.csv"
}
devices() { # boards with aliases of their own
    mkdir -p "$1"
    { echo name,aliases,class,mem_bw_gbs,ram_gb,peak_gflops_fp32
      seq "$2" | sed 's/.*/Board &,b&,sbc,20,8,100/'; } >"$1/devices.csv"
}
layers() { # models with a layer kind of their own
    mkdir -p "$1"
    { echo name,vocab,layers,hidden,intermediate,family,heads,kv_heads,head_dim,layer_pattern
      seq "$2" | sed 's/.*/M&,32000,4,64,128,llama,4,4,16,A*4/'; } >"$1/models.csv"
    { echo model,kind,mixer,ffn
      seq "$2" | sed 's/.*/M&,A,attention,dense/'; } >"$1/layers.csv"
}
wide() { # a table of N columns
    mkdir -p "$1"
    awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%sc%d", i ? "," : "", i; print ""
        for (r = 0; r < 3; r++) { for (i = 0; i < n; i++) printf "%s%d", i ? "," : "", (i * 7919 + r) % 101; print "" } }' >"$1/t.csv"
}
conditions() { # a sweep with N conditions
    mkdir -p "$1"
    { sed '/^\[pareto\]/,$d' sweeps/paper.sweep; echo '[where]'; seq "$2" | sed 's/.*/energy_j < 1&/'; } >"$1/s.sweep"
}
metrics() { # a sweep with N columns of the user, each on the one before
    mkdir -p "$1"
    { sed '/^\[pareto\]/,$d' sweeps/paper.sweep; echo '[metrics]'; echo 'm1 = energy_j'
      seq 2 "$2" | awk '{ printf "m%d = m%d + 1\n", $1, $1 - 1 }'; } >"$1/s.sweep"
}
parts() { # N parts of a sweep
    seq 0 $(($2 - 1)) | while read -r k; do "$command" run sweeps/paper.sweep --set "seq_len=1:4" -q --shard "$k/$2" -o "$1"; done
}
check() { # NAME INPUT N ARGUMENT...: FOLDER in an argument is the input's, COUNT its rows
    local name=$1 input=$2 n=$3 rows counts=() given
    shift 3
    for rows in 2 "$n" $((8 * n)); do
        [ "$input" = none ] || "$input" "$folder/$name-$rows" "$rows"
        given=("${@//FOLDER/$folder/$name-$rows}")
        counts+=("$(instructions "${given[@]//COUNT/$rows}")")
    done
    if awk -v name="$name" -v n="$n" -v a="${counts[0]:-0}" -v b="${counts[1]:-0}" -v c="${counts[2]:-0}" 'BEGIN {
            slope = b > a && c > b ? log((c - a) / (b - a)) / log(8) : 9
            printf "%-16s %6d rows: %8.1f million instructions, %d: %8.1f million, slope %.2f\n", name, n, (b - a) / 1e6,
                8 * n, (c - a) / 1e6, slope
            exit slope > 1.2 }'; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL growth: $name"
    fi
}

paper=sweeps/paper.sweep
check models models 250 run $paper --catalog +FOLDER -q -o -
check same-alias same_alias 250 run $paper --catalog +FOLDER -q -o -
check scores scores 250 run $paper --catalog +FOLDER -q -o -
check pareto numbers 500 pareto FOLDER/t.csv --min a,b -q -o -
check pareto-by numbers 500 pareto FOLDER/t.csv --min a,b --by key -q -o -
check best-by numbers 500 best FOLDER/t.csv --pick a --min b --by key -q -o -
check devices devices 250 run $paper --catalog +FOLDER -q -o -
check layers layers 250 run $paper --catalog +FOLDER -q -o -
check advise devices 50 advise Llama-3.2-1B --catalog +FOLDER
check wide wide 100 pareto FOLDER/t.csv --min c0,c1 -q -o -
check conditions conditions 8 run FOLDER/s.sweep -q -o -
check metrics metrics 50 run FOLDER/s.sweep -q -o -
check merge parts 8 merge FOLDER -q -o -
check unmatched unknown 50 validate FOLDER/t.csv
check run-rows none 50 run $paper --set seq_len=1:COUNT -q -o -
check run-best none 50 run $paper --set seq_len=1:COUNT --set best.by=seq_len,device,model --front-only --best - -q
check run-best-by none 1000 run $paper --set seq_len=1:COUNT --unset pareto --set best.by=seq_len --best - -q
check run-pareto-by none 1000 run $paper --set seq_len=1:COUNT --unset best --set pareto.by=seq_len --front-only -q -o -
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
