#!/bin/sh
# Draws the figures that fit a table, or all figures of the project.
#
#   scripts/gnuplot/figures.sh IN.csv...     figures of these tables, beside them: IN.NAME.png and .svg
#   scripts/gnuplot/figures.sh --all DIR     runs the sweeps behind all figures, writes DIR/NAME.png and .svg
#
# FORMATS='png svg pdf' and EDGESWEEP=build/edgesweep change the defaults.  One figure with its own columns:
#   gnuplot -c scripts/gnuplot/pareto.gp IN.csv OUT.png x=COLUMN y=COLUMN by=COLUMN colour=COLUMN
set -eu
export LC_ALL=C.UTF-8 # names are UTF-8, numbers have points
here=$(cd "${0%/*}" && pwd)
sweeps=$here/../../sweeps
formats=${FORMATS:-png svg}
command=${EDGESWEEP:-build/edgesweep}

if ! command -v gnuplot >/dev/null 2>&1; then
    echo "figures.sh: gnuplot is missing (Debian: gnuplot-nox); no figures" >&2
    exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# draw SCRIPT IN.csv OUT-WITHOUT-SUFFIX [KEY=VALUE]...: whole files or none
draw() {
    script=$1 input=$2 output=$3
    shift 3
    for format in $formats; do
        if ! gnuplot -c "$here/$script.gp" "$input" "$work/figure.$format" "$@" >"$work/log" 2>&1; then
            cat "$work/log" >&2
            echo "figures.sh: gnuplot could not draw $script from $input" >&2
            return 1
        fi
        mv "$work/figure.$format" "$output.$format"
        echo "$output.$format"
    done
}

# has FILE COLUMN...: its header names all of them
has() {
    header=,$(head -n 1 "$1" | tr -d '\r"'),
    shift
    for column; do
        case $header in *",$column,"*) ;; *) return 1 ;; esac
    done
}

# varies FILE COLUMN: more than one value in the first rows; for columns without quoted cells before them
varies() {
    head -n 5000 "$1" | awk -F, -v name="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i; next }
        column && NR == 2 { first = $column }
        column && $column != first { found = 1; exit }
        END { exit !found }'
}

# Large tables are drawn by their front.
small() {
    front=${1%.csv}.front.csv
    if [ "$(head -n 20001 "$1" | wc -l)" -gt 20000 ] && [ -s "$front" ]; then echo "$front"; else echo "$1"; fi
}

# staircase FILE X Y: the front of just these two, for the line through it
staircase() {
    if "$command" pareto "$1" --min "$2,$3" --by device --skip-missing -q -o "$work/front.csv" 2>/dev/null; then
        echo "front=$work/front.csv"
    else
        echo "front="
    fi
}

# best_choices FILE OPTION...: the front of these objectives a device, in $work/front.csv
best_choices() {
    "$command" pareto "$@" --by device --skip-missing -q -o "$work/front.csv"
}

figures_of() {
    name=${1%.csv}
    [ -s "$1" ] || { echo "figures.sh: no such table: $1" >&2; return 1; }
    if has "$1" input of elasticity; then draw tornado "$1" "$name.tornado"; return; fi
    has "$1" device precision || { echo "figures.sh: no figure for $1: it has no device and precision" >&2; return 0; }
    table=$(small "$1")
    if has "$1" model memory_ms io_ms h2d_ms net_ms end_to_end_ms energy_j; then draw figure3 "$table" "$name.figure3"; fi
    if has "$1" end_to_end_ms energy_j; then
        draw pareto "$table" "$name.pareto" x=end_to_end_ms y=energy_j size=none "$(staircase "$table" end_to_end_ms energy_j)"
    elif has "$1" tpot_s energy_j_per_token quality; then
        draw pareto "$table" "$name.pareto"
    elif has "$1" tpot_s energy_j_per_token; then
        draw pareto "$table" "$name.pareto" size=none
    fi
    if has "$1" model quality decode_tok_s; then
        best_choices "$1" --max quality,decode_tok_s
        draw choices "$1" "$name.choices" front="$work/front.csv"
    fi
    if has "$1" model prompt depth kv_bits decode_tok_s && varies "$1" depth; then draw context "$table" "$name.context"; fi
    if has "$1" model peak_memory_bytes available_bytes; then draw memory "$table" "$name.memory"; fi
    if has "$1" model arithmetic_intensity decode_flops decode_tok_s device.mem_bw_gbs device.peak_gflops_fp32; then
        draw roofline "$table" "$name.roofline"
    fi
}

# sweep NAME FILE.sweep|-- [OPTION]...: its rows in $work/NAME.csv
sweep() {
    rows=$work/$1.csv
    shift
    "$command" run "$@" -q -o "$rows" 2>"$work/log" || { cat "$work/log" >&2; return 1; }
}

all_figures() {
    mkdir -p "$1"
    [ -x "$command" ] || { echo "figures.sh: no command $command; run make first" >&2; return 1; }
    boards='Raspberry Pi 4 8GB, Raspberry Pi 5 8GB, Jetson Orin Nano Super 8GB, Apple M4'

    sweep paper "$sweeps/paper.sweep"
    draw figure3 "$work/paper.csv" "$1/figure3"
    sweep claims "$sweeps/paper-claims.sweep"
    draw table2 "$work/claims.csv" "$1/table2" device='Raspberry Pi 5 8GB'
    sweep context "$sweeps/context.sweep"
    draw context "$work/context.csv" "$1/context"
    sweep roofline --set model='SmolLM2-360M, Llama-3.2-1B, Gemma-3-4B, Llama-3.1-8B, OLMoE-1B-7B' --set device="$boards" \
        --set precision=Q4_K_M --set batch='1:64*4' --where 'fits = 1' --set output.columns='model, device, batch,
        arithmetic_intensity, decode_flops, decode_tok_s, device.mem_bw_gbs, device.peak_gflops_fp32, device.peak_gops_int8'
    draw roofline "$work/roofline.csv" "$1/roofline" second=device.peak_gops_int8
    sweep edge "$sweeps/edge.sweep" --set device='Raspberry Pi 4 8GB, Raspberry Pi 5 8GB, Orange Pi 5 Plus 16GB,
        Jetson Orin Nano Super 8GB, Jetson AGX Orin 64GB, Snapdragon 8 Elite' --set precision='F16, Q8_0, Q5_K_M, Q4_K_M, Q3_K_M'
    draw pareto "$work/edge.front.csv" "$1/pareto"
    sweep choices "$sweeps/edge.sweep" --set prompt=512 --set gen=128 --set where= --where 'fits and quality >= 40' --set pareto= --set best= \
        --set device='Raspberry Pi 5 8GB, Jetson Orin Nano Super 8GB, Snapdragon 8 Elite, Apple M4' \
        --set precision='Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, IQ4_XS, Q3_K_M' --set output.columns='model, device, precision,
        quality, decode_tok_s, peak_memory_bytes'
    best_choices "$work/choices.csv" --max quality,decode_tok_s
    draw choices "$work/choices.csv" "$1/choices" front="$work/front.csv"
    best_choices "$work/choices.csv" --max quality --min peak_memory_bytes
    draw choices "$work/choices.csv" "$1/choices-memory" front="$work/front.csv" x=peak_memory_bytes better=low
    sweep tasks "$sweeps/tasks.sweep" --set tokens_per_answer=503 --set pareto= --set best= \
        --set device='Raspberry Pi 5 8GB, Jetson Orin Nano Super 8GB, Apple M4'
    best_choices "$work/tasks.csv" --max quality --min answer_s
    draw choices "$work/tasks.csv" "$1/tasks" front="$work/front.csv" x=answer_s better=low
    sweep drafts --set model='Qwen3-8B, Qwen3-30B-A3B' --set device='Jetson AGX Orin 64GB, Apple M4 Max,
        RTX 4090 24GB' --set precision=Q4_K_M --set draft=mtp --set draft_tokens=1,2,3,4,6,8 \
        --set acceptance=0.5,0.7,0.9 --set output.columns='model, device, precision, draft_tokens, acceptance, speedup'
    draw context "$work/drafts.csv" "$1/drafts" x=draft_tokens y=speedup dash=acceptance scale=linear
    "$command" sensitivity --set model=Llama-3.2-3B --set device='Raspberry Pi 5 8GB' --set precision=Q4_K_M --set prompt=512 \
        --set gen=128 --of decode_tok_s -q -o "$work/tornado.csv"
    draw tornado "$work/tornado.csv" "$1/tornado"
    sweep memory --set device='Raspberry Pi 4 1GB, Raspberry Pi 5 2GB, Raspberry Pi 5 4GB, Raspberry Pi 5 8GB,
        Raspberry Pi 5 16GB, Apple M4' --set model='SmolLM2-135M, SmolLM2-360M, Qwen2.5-0.5B, Llama-3.2-1B, Gemma-3-1B,
        Qwen2.5-1.5B, Gemma-2-2B, Llama-3.2-3B, Phi-3.5-mini, Gemma-3-4B, Qwen2.5-7B, Llama-3.1-8B, Gemma-3-12B, Qwen2.5-14B' \
        --set precision='F16, Q8_0, Q6_K, Q4_K_M, Q3_K_M, Q2_K' \
        --set output.columns='model, device, precision, peak_memory_bytes, available_bytes'
    draw memory "$work/memory.csv" "$1/memory"
}

case ${1:-} in
--all) all_figures "${2:-results/figures}" ;;
'' | -*) echo "usage: figures.sh IN.csv... | --all DIR" >&2; exit 2 ;;
*) for table; do figures_of "$table"; done ;;
esac
