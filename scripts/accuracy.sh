#!/usr/bin/env bash
# How far off predictions are that did not see a measurement's source: a Markdown page.
#
#   scripts/accuracy.sh [COMMAND]     COMMAND defaults to build/edgesweep
set -euo pipefail
cd "$(dirname "$0")/.."
command=${1:-build/edgesweep}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$command" calibrate sweeps/measured.csv -o "$work/fitted.csv" >"$work/summary" 2>"$work/warnings"
"$command" calibrate sweeps/measured.csv --power -o "$work/power.csv" >"$work/power" 2>>"$work/warnings"
"$command" validate sweeps/measured.csv >"$work/validated"
"$command" validate sweeps/drafts_measured.csv >"$work/drafts"
# Seconds of an image: measured, and predicted at the rate (vision_gflops) that the device has with its other towers.
awk -F, 'NR > 1 { print $1 "\t" $2 "\t" $3 "\t" $4 }' sweeps/encode_measured.csv |
    while IFS=$'\t' read -r device model pixels seconds; do
        printf '%s\t%s\t%s\t%s\n' "$device" "$model" "$seconds" "$("$command" run sweeps/edge.sweep --unset where \
            --unset pareto --unset best --set "device=$device" --set "model=$model" --set precision='RKLLM w8a8' --set prompt=128 \
            --set gen=128 --set image=1 --set "image_pixels=$pixels" --set output.columns=encode_s -q -f csv -o - | tail -n 1)"
    done >"$work/encode"
awk -F'\t' '
    { device[NR] = $1; model[NR] = $2; seconds[NR] = $3; of_table[NR] = $4; rate[NR] = $4 / $3 }
    function median(n,   i, j, t) {
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && x[j] < x[j - 1]; j--) { t = x[j]; x[j] = x[j - 1]; x[j - 1] = t }
        return (x[int((n + 1) / 2)] + x[int(n / 2) + 1]) / 2
    }
    END {
        printf "%-22s %-20s %10s %10s %8s\n", "device", "model", "measured s", "predicted", "error"
        for (i = 1; i <= NR; i++) {
            n = 0
            for (k = 1; k <= NR; k++)
                if (device[k] == device[i] && model[k] != model[i]) x[++n] = rate[k]
            predicted = of_table[i] / median(n)
            error[i] = predicted / seconds[i] - 1
            printf "%-22s %-20s %10.3g %10.3g %+7.1f%%\n", device[i], model[i], seconds[i], predicted, 100 * error[i]
        }
        for (i = 1; i <= NR; i++) x[i] = error[i] < 0 ? -error[i] : error[i]
        printf "median error %.1f%%\n", 100 * median(NR)
    }' "$work/encode" >"$work/encoded"
cat <<END
# Accuracy

Tokens/s of [measured.csv](../sweeps/measured.csv), each source predicted by a fit of the others (\`make accuracy\` writes this page).
Shrinking and priors were chosen on the same measurements: these figures are optimistic.  A range is to hold 80%.

\`\`\`
$(cat "$work/summary")
\`\`\`

Levels of power, with the model or the source of each row left out, on boards with other rows at the same boundary; the
energy with the speed that the shipped calibration predicts:

\`\`\`
$(cat "$work/power")
\`\`\`

Power at each row's boundary, with the levels of [power.csv](../sweeps/catalog/power.csv), which come from these rows
(in sample), and of boards without a level what devices.csv says of the wall:

\`\`\`
$(sed -n '/^Power, and/,/^$/p' "$work/validated" | sed '/^$/d')
\`\`\`

Speed-ups by drafts, the published pairs of runs with and without in [drafts_measured.csv](../sweeps/drafts_measured.csv).  A round costs what
other sources with the same kind of draft, backend and experts say, else what its bytes and operations take; an
acceptance that is not stated is the median of the kind and task in other sources:

\`\`\`
$(sed -n '/^Speed-ups/,/^$/p' "$work/drafts" | sed '/^$/d')
\`\`\`

Time of one image in the tower, the published ones whose towers are in the catalog ([encode_measured.csv](../sweeps/encode_measured.csv), one
source), at the rate that the device reaches with its other towers:

\`\`\`
$(cat "$work/encoded")
\`\`\`

Several users, against a simulation of the same rules, token by token, 2,000,000 requests at each of 150 points (loads 0.1 to 0.9, 1 to
16 slots, short and long prompts; \`make bench-servers ARGS=2000000\`).  The largest differences: mean wait 2.1%, time to the first
token 2.0%, per token 1.1%; 95th percentiles 5.8%, 2.2%, 4.4%; 22 of 900 are above 2%, those of waits that few have, of steps, and
at a load of 0.9, where that simulation itself is 1.7% off the exact M/D/1 of one slot.
END
