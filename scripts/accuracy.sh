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
END
