#!/bin/sh
# The Python module and its example with the system's Python; the last line is `N passed, N failed`.
#
#   tests/python/run.sh build/edgesweep
set -u
EDGESWEEP=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
python=$( [ -x /usr/bin/python3 ] && echo /usr/bin/python3 || echo python3)
library=$(dirname "$EDGESWEEP")/libedgesweep.so
leave_out() { echo "SKIPPED: the Python module is not tested: $1"; echo '0 passed, 0 failed'; exit 0; }
[ -e "$library" ] || leave_out "there is no $library"
! grep -qE '__(asan|ubsan|tsan|gcov)_' "$library" || leave_out 'sanitizers and coverage need a Python of their own'
"$python" -c 'import numpy, pandas' 2>/dev/null || leave_out "$python has no numpy and pandas (Debian: python3-numpy, python3-pandas)"
export EDGESWEEP EDGESWEEP_LIBRARY="$library" EDGESWEEP_COMMAND="$EDGESWEEP" PYTHONPATH=src/python PYTHONDONTWRITEBYTECODE=1
"$python" -W ignore tests/python/test_edgesweep.py 2>&1
