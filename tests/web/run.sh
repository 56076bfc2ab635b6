#!/bin/sh
# Browser tests of the report page, in Debian's chromium driven by playwright-core.
#
#   tests/web/run.sh COMMAND BUILD     SHOTS=DIR keeps screenshots
#
# Installs what is missing: chromium and Node.js with apt-get, playwright-core with npm into BUILD/web.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
command=$(realpath "$1")
mkdir -p "$2/web"
work=$(realpath "$2/web")

scripts/bootstrap.sh --web
if ! cmp -s "$here/package-lock.json" "$work/package-lock.json" || [ ! -d "$work/node_modules/playwright-core" ]; then
    cp "$here/package.json" "$here/package-lock.json" "$work/"
    npm ci --prefix "$work" --silent --no-fund --no-audit >&2
fi

log=$work/log
status=0
EDGESWEEP=$command WEB_MODULES=$work CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) \
    node --test --test-reporter=spec --test-concurrency=1 "$here"/*.test.mjs >"$log" 2>&1 || status=$?
grep -E '^\s*(✔|✖|ℹ rows)|to interactive' "$log" || true
[ $status = 0 ] || cat "$log"
echo "$(sed -n 's/^. pass //p' "$log") passed, $(sed -n 's/^. fail //p' "$log") failed"
exit $status
