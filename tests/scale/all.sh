#!/usr/bin/env bash
# All tests of scale-out, about three minutes on two cores; installs MPI and Slurm where it may.
#
#   EDGESWEEP=build/edgesweep [KILLS=200] tests/scale/all.sh
#
# Ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

wanted=()
command -v mpicc.openmpi >/dev/null || wanted+=(libopenmpi-dev openmpi-bin)
command -v mpicc.mpich >/dev/null || wanted+=(libmpich-dev mpich)
command -v slurmctld >/dev/null && command -v munged >/dev/null || wanted+=(slurmctld slurmd slurm-client munge)
install_packages() { DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends "${wanted[@]}"; }
if [ ${#wanted[@]} -gt 0 ] && command -v apt-get >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo 'sudo -n')
    echo "installing ${wanted[*]}" >&2
    install_packages >/dev/null 2>&1 </dev/null || { $as_root apt-get update && install_packages; } >/dev/null 2>&1 </dev/null
fi

passed=0 failed=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# run NAME ARGUMENT...
run() {
    local pass fail start=$SECONDS
    "tests/scale/$1.sh" "${@:2}" 2>&1 </dev/null | tee "$log" | sed "s/^/$1: /" >&2
    read -r pass fail < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log") || pass=0 fail=1
    echo "$1: $((SECONDS - start)) s" >&2
    passed=$((passed + pass)) failed=$((failed + fail))
}
run shards
run kill "${KILLS:-40}"
run mpi 3
run slurm
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
