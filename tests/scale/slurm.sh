#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2154,SC2015  # variables and functions of common.sh; ok and bad never fail
# A throw-away Slurm cluster (three slurmd on this machine, own munge, no systemd) runs the array and the merge.
#
#   EDGESWEEP=build/edgesweep tests/scale/slurm.sh
. "$(dirname "$0")/common.sh"
export EDGESWEEP

for program in slurmctld slurmd sbatch munged; do
    command -v $program >/dev/null || { skip "Slurm: no $program, and it could not be installed"; finish; }
done
[ "$(id -u)" = 0 ] || { skip 'Slurm: slurmd needs root'; finish; }

# ---- the cluster ----
host=$(hostname -s)
port=$((20000 + RANDOM % 20000))
export SLURM_CONF=$work/slurm.conf
mkdir -p "$work/state" "$work/spool" && chmod 755 "$work"
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 2>/dev/null && chmod 400 "$work/munge.key"
cat >"$SLURM_CONF" <<CONF
ClusterName=throwaway
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool/%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,sched_min_interval=100000,bf_interval=2
SlurmdTimeout=8
MessageTimeout=5
KillWait=3
ReturnToService=2
JobRequeue=1
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 3))] CPUs=1 RealMemory=500 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
pids() { cat "$work"/*.pid 2>/dev/null; }
stop_cluster() { # everything with this cluster's environment, then the daemons
    local pid
    # shellcheck disable=SC2046
    kill -KILL $(pids) 2>/dev/null
    for pid in $(steps); do kill -KILL "$pid" 2>/dev/null; done
    sleep 0.2
}
# Processes of job steps, all or those of one node.
steps() {
    grep -lzxF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ 2>/dev/null | xargs -r grep -lzx "SLURMD_NODENAME=${1:-.*}" \
        2>/dev/null | cut -d / -f 3
}
cleanups+=(stop_cluster)
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
    --log-file="$work/munged.log" --seed-file="$work/munged.seed" 2>/dev/null
slurmctld 2>/dev/null
for node in n1 n2 n3; do slurmd -N $node 2>/dev/null; done

# wait_for SECONDS COMMAND...
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
three_idle() { [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 3 ]; }
if ! wait_for 20 three_idle; then
    skip "Slurm: the cluster does not start here: $(tail -qn 2 "$work"/slurm*.log "$work/munged.log" 2>/dev/null | tr '\n' ' ')"
    finish
fi

queue_is_empty() { [ -z "$(squeue -h 2>/dev/null)" ] && squeue -h >/dev/null 2>&1; }
submit() { scripts/slurm/submit.sh "$@" >"$work/submitted" 2>&1 || bad "submit: $(cat "$work/submitted")"; }

mapfile -t sweep < <(grid 3)
options=("${sweep[@]:1}" --checkpoint 0)
"$EDGESWEEP" run "${sweep[@]}" -q -o "$work/one.csv"
one=$(hash_of "$work/one")

# ---- an undisturbed array ----
submit 7 "${sweep[0]}" "$work/a.csv" "${options[@]}"
wait_for 90 queue_is_empty || bad "array: $(squeue)"
same 'array' "$(hash_of "$work/a")" "$one"

# ---- a killed task ----
task_process() { victim=$(pgrep -f "^$EDGESWEEP run .*$work/$1.parts" | head -n 1) && [ -n "$victim" ]; }
submit 4 "${sweep[0]}" "$work/b.csv" "${options[@]}"
wait_for 30 task_process b
shard=$(tr '\0' '\n' <"/proc/$victim/environ" | sed -n 's/^SLURM_ARRAY_TASK_ID=//p')
kill -KILL "$victim"
only_merge_is_left() { [ "$(squeue -h -o '%j %r')" = 'edgesweep-merge DependencyNeverSatisfied' ]; }
wait_for 60 only_merge_is_left || bad "killed task: $(squeue)"
[ ! -e "$work/b.csv" ] && ok || bad 'killed task: merged all the same'
"$EDGESWEEP" merge "$work/b.parts" -o "$work/b.csv" 2>"$work/errors"
same 'killed task: status of merge' $? 4
grep -q -- "--array=$shard with" "$work/errors" && ok || bad "killed task $shard: $(cat "$work/errors")"
scancel --name edgesweep-merge
wait_for 20 queue_is_empty
ARRAY=$shard submit 4 "${sweep[0]}" "$work/b.csv" "${options[@]}"
wait_for 60 queue_is_empty || bad "second run: $(squeue)"
same 'killed task, run again' "$(hash_of "$work/b")" "$one"

# ---- a killed node ----
mapfile -t sweep < <(grid 1)
options=("${sweep[@]:1}" --checkpoint 0)
"$EDGESWEEP" run "${sweep[@]}" -q -o "$work/one.csv"
submit 4 "${sweep[0]}" "$work/c.csv" "${options[@]}"
on_node() { mapfile -t victims < <(steps n2) && [ ${#victims[@]} -gt 0 ] && [ -n "$(find "$work/c.parts" -name '.*.partial')" ]; }
wait_for 30 on_node || bad 'no task came to node n2'
parents=()
for pid in "${victims[@]}"; do # with their slurmstepd, as the node would
    parent=$(ps -o ppid= -p "$pid" | tr -d ' ')
    [ -n "$parent" ] && grep -q slurmstepd "/proc/$parent/cmdline" 2>/dev/null && parents+=("$parent")
done
kill -KILL "$(cat "$work/slurmd.n2.pid")" "${victims[@]}" "${parents[@]}" 2>/dev/null
wait_for 120 queue_is_empty || bad "killed node: $(squeue)"
same 'killed node' "$(hash_of "$work/c")" "$(hash_of "$work/one")"
grep -q 'due to failure of node' "$work/slurmctld.log" && ok || bad 'killed node: nothing was requeued'
finish
