#!/usr/bin/env bash
# Sets up a Slurm of one node from Debian's packages, submits a training of two ranks and a paper as a job array, stops a run by a signal and
# resumes it, checks what they leave, and tears everything down. Needs root; takes a minute or two.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
heirloom="$root/heirloom"

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null || ! command -v mpirun >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge openmpi-bin >/dev/null
fi

work=$(mktemp -d)
export SLURM_CONF="$work/slurm.conf" XDG_CACHE_HOME="$work/cache"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
pids=()
teardown() {
    status=$?
    [ $status = 0 ] || { tail -n 20 "$work"/*.log "$work"/run/slurm-*.out 2>/dev/null || true; }
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
    [ $status = 0 ] && echo "slurm: all checks passed" || echo "slurm: FAILED"
}
trap teardown EXIT
check() { if ! eval "$1"; then echo "failed: $1" >&2; exit 1; fi; echo "ok: $1"; }

node=$(hostname -s)
cat > "$SLURM_CONF" <<CONF
ClusterName=one
SlurmctldHost=$node
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldPort=16817
SlurmdPort=16818
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
CONF
mkdir -p "$work/state" "$work/spool" "$work/run"
dd if=/dev/urandom of="$work/munge.key" bs=1 count=1024 status=none
chmod 600 "$work/munge.key"
chmod 755 "$work"
munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" --log-file="$work/munged.log" --seed-file="$work/munged.seed" >/dev/null 2>&1 & pids+=($!)
sleep 1
slurmctld -D -L "$work/slurmctld.log" >/dev/null 2>&1 & pids+=($!)
slurmd -D -L "$work/slurmd.log" -N "$node" >/dev/null 2>&1 & pids+=($!)
for _ in $(seq 60); do [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && break; sleep 0.5; done
check '[ "$(sinfo -h -o %T)" = idle ]'

finished() { for _ in $(seq 1200); do [ -z "$(squeue -h -j "$1" 2>/dev/null)" ] && return 0; sleep 0.5; done; return 1; }
state() { sed -nE 's/.*"state": "([a-z]+)".*/\1/p' "$1/run.json"; }

"$heirloom" --version # builds it here, not in a job
cd "$work/run"
for i in $(seq 60); do printf '%s\n\n' "letters of document $i: $(seq -s ' ' "$i" $((i + 30)))"; done > letters.txt
cat > tiny.yaml <<YAML
kind: pretrain
name: tiny
sources: [{ name: letters, source: { kind: text, path: letters.txt, split: blank_lines } }]
split: { validation: 0, test: 0.2 }
tokenizer: { kind: byte_level_bpe, vocabulary_size: 280 }
model: { kind: decoder, vocabulary_size: 300, context_length: 32, layers: 1, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 32 } } }
packing: { context_length: 16, batch_size: 4 }
training: { steps: 20, accumulate: 2, log_every: 1, save_every: 5 }
YAML

job=$("$heirloom" run tiny.yaml --threads 1 --slurm --ranks 2 --out shared | sed 's/.*job //')
check 'finished "$job"'
check '[ "$(state shared)" = finished ]'
check '[ "$(wc -l < shared/metrics.jsonl)" = 20 ]'

"$heirloom" papers run 64 --profile smoke --seeds 3 --slurm | tee submitted
check 'finished "$(sed -nE "s/.*as job ([0-9]+), and.*/\1/p" submitted)"'
check 'finished "$(sed -nE "s/.*verdict as job ([0-9]+)$/\1/p" submitted)"'
check 'grep -q "\"seeds\": 3" runs/papers/P064-smoke.json'
check '[ "$(ls slurm-*_*.out | wc -l)" = 3 ]'

job=$("$heirloom" run tiny.yaml --threads 1 --set training.steps=2000000 --slurm --ranks 2 --out stopped | sed 's/.*job //')
for _ in $(seq 240); do [ -n "$(ls -d stopped/training/step-* 2>/dev/null)" ] && break; sleep 0.5; done
scancel --batch --signal=USR1 "$job"
check 'finished "$job"'
check '[ "$(state stopped)" = interrupted ]'
made=$(wc -l < stopped/metrics.jsonl)
job=$("$heirloom" run tiny.yaml --threads 1 --set training.steps=2000000 --resume --slurm --out stopped | sed 's/.*job //')
for _ in $(seq 240); do [ "$(wc -l < stopped/metrics.jsonl)" -gt $((made + 5)) ] && break; sleep 0.5; done
check '[ "$(wc -l < stopped/metrics.jsonl)" -gt "$made" ]' # one rank goes on where two were
scancel --batch --signal=USR1 "$job"
check 'finished "$job"'
