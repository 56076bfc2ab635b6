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
cat <<END
# Accuracy

Tokens/s of [measured.csv](../sweeps/measured.csv), each source predicted by a fit of the others (\`make accuracy\` writes this page).
Shrinking and priors were chosen on the same measurements: these figures are optimistic.  A range is to hold 80%.
Power and energy: [power.csv](../sweeps/catalog/power.csv) is not yet used by the kernel, nothing is claimed for them.

\`\`\`
$(cat "$work/summary")
\`\`\`
END
