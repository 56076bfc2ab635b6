#!/bin/sh
# The paper's claims and measured table (arXiv 2506.09061) beside what both kernels give; a Markdown table for each.
#
#   scripts/paper_claims.sh [COMMAND]     COMMAND defaults to build/edgesweep
set -eu
cd "$(dirname "$0")/.."
command=${1:-build/edgesweep}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$command" run sweeps/paper-claims.sweep -q -o "$work/roofline.csv"
"$command" run sweeps/paper-claims.sweep -q -o "$work/published.csv" \
    --set kernel=edgeprofiler --set model='EP-TinyLlama-1B, EP-Gemma3-1B, EP-Llama3.2-1B, EP-DeepSeek-r1-1.5B' \
    --set device='EP Raspberry Pi 4, EP Raspberry Pi 5, EP Jetson Nano Super' --set precision='FP16, INT8, INT4' \
    --set output.columns='model, device, precision, memory_bytes, end_to_end_ms, energy_j' 2>"$work/log" || {
    cat "$work/log" >&2
    exit 1
}

# Published: file GB, memory GB, speed against FP16.
sed 1d scripts/gnuplot/table2.csv >"$work/table2"

awk -F, '
FILENAME ~ /table2$/ { file[$1, $2] = $3; memory[$1, $2] = $4; speed[$1, $2] = $5; next }
FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
{
    key = $at["model"] SUBSEP $at["device"]
    if ($at["precision"] == "F16") base[key] = $at["decode_tok_s"]
    if ($at["device"] == "Raspberry Pi 5 8GB") {
        order[++n] = $at["model"] SUBSEP $at["precision"]
        bytes[order[n]] = $at["weight_bytes"]; peak[order[n]] = $at["peak_memory_bytes"]
        ratio[order[n]] = $at["decode_tok_s"] / base[key]
    }
}
END {
    print "| model | format | file GB: ours / table II | memory GB: ours / table II | speed against FP16: ours / table II |"
    print "|---|---|---|---|---|"
    for (i = 1; i <= n; i++) {
        split(order[i], part, SUBSEP)
        printf "| %s | %s | %.2f / %s | %.2f / %s | %.2f / %s |\n", part[1], part[2], bytes[order[i]] / 1e9,
            file[order[i]], peak[order[i]] / 1e9, memory[order[i]], ratio[order[i]], speed[order[i]]
    }
}' "$work/table2" "$work/roofline.csv"
echo
awk -F, '
function note(what, value) {
    if (!(what in low) || value < low[what]) low[what] = value
    if (!(what in high) || value > high[what]) high[what] = value
}
function range(what, format) { return sprintf(format " to " format, low[what], high[what]) }
FNR == 1 { split("", at); for (i = 1; i <= NF; i++) at[$i] = i; next }
FILENAME ~ /roofline/ {
    key = $at["model"] SUBSEP $at["device"]
    if ($at["precision"] == "F16") {
        m[key] = $at["peak_memory_bytes"]; t[key] = $at["decode_tok_s"]; e[key] = $at["energy_j_per_token"]
    } else if ($at["precision"] == "Q4_K_M") {
        note("rm", 100 * (1 - $at["peak_memory_bytes"] / m[key])); note("rt", $at["decode_tok_s"] / t[key])
        note("re", 100 * (1 - $at["energy_j_per_token"] / e[key])); note("rq", 100 * (1 - $at["quality_retained"]))
    }
    next
}
{
    key = $at["model"] SUBSEP $at["device"]
    if ($at["precision"] == "FP16") {
        m[key] = $at["memory_bytes"]; t[key] = $at["end_to_end_ms"]; e[key] = $at["energy_j"]
    } else if ($at["precision"] == "INT4") {
        note("pm", 100 * (1 - $at["memory_bytes"] / m[key])); note("pt", t[key] / $at["end_to_end_ms"])
        note("pe", 100 * (1 - $at["energy_j"] / e[key]))
    }
}
END {
    print "| claim for 4 bits against 16 | published equations | roofline, Q4_K_M |"
    print "|---|---|---|"
    print "| memory falls 60-70% | " range("pm", "%.0f%%") " | " range("rm", "%.0f%%") " |"
    print "| 2-3x faster | " range("pt", "%.1fx") " | " range("rt", "%.1fx") " |"
    print "| energy falls 35-50% | " range("pe", "%.0f%%") " | " range("re", "%.0f%%") " |"
    print "| accuracy falls 2-5% | not modelled | " range("rq", "%.1f%%") " |"
}' "$work/roofline.csv" "$work/published.csv"
