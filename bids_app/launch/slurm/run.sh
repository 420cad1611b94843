#!/usr/bin/env bash
# Runs deqi on Slurm. Look through the settings, then:
#
#   bash THIS_FILE           submit everybody who is not done, and the group level after them
#   bash THIS_FILE status    say what is done, failed or missing
#
# Submitting again does what is missing: finished work is recognised and never done twice.
set -euo pipefail
shopt -s inherit_errexit

# --- settings -----------------------------------------------------------------------------------------------------
SBATCH=()                   # for all jobs, such as (--partition=long --account=lab --mail-type=END)
PARTICIPANTS_PER_TASK=8     # one array task does as many; more where Slurm would need over 1000 tasks
TASKS_AT_ONCE=100           # so that the file system and the other users live
CPUS=@CPUS@                 # of one task: as many participants run side by side
MEMORY=@MEMORY@             # of one task
TIME=04:00:00               # of one task
GROUP_SHARES=10             # array tasks that share the relabellings of the group level
GROUP_CPUS=4
GROUP_MEMORY=16G
GROUP_TIME=08:00:00
GROUP_AFTER=afterany        # afterok: no group level unless every task of the participants succeeded

# --- the call that this was written for ---------------------------------------------------------------------------
cd @CWD@
DEQI=(@DEQI@)
FOLDERS=(@FOLDERS@)
OPTIONS=(@OPTIONS@)
LEVEL=@LEVEL@           # group: the participants are done elsewhere
LOGS=@LOGS@

# --- nothing to change below --------------------------------------------------------------------------------------
me=$(realpath "${BASH_SOURCE[0]}")

deqi() { "${DEQI[@]}" "${FOLDERS[@]}" "$1" ${OPTIONS[@]+"${OPTIONS[@]}"} "${@:2}"; }

submit() { # NAME CPUS MEMORY TIME [option ...] -- ROLE [argument ...]
  local name=$1 cpus=$2 memory=$3 time=$4
  shift 4
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  sbatch --parsable --job-name="$name" --cpus-per-task="$cpus" --mem="$memory" --time="$time" --requeue \
    --output="$LOGS/%x-%j.txt" --open-mode=append ${SBATCH[@]+"${SBATCH[@]}"} ${options[@]+"${options[@]}"} "$me" "${@:2}"
}

submit_participants() {
  local list people each tasks
  list=$(mktemp "$LOGS/people-XXXXXX")
  deqi participant --status --missing > "$list"
  people=$(wc -l < "$list")
  if [ "$people" = 0 ]; then
    echo "Every participant is done." >&2
    return
  fi
  each=$PARTICIPANTS_PER_TASK
  [ $((each * 1000)) -ge "$people" ] || each=$(((people + 999) / 1000))
  tasks=$(((people + each - 1) / each))
  echo "$people participants in $tasks tasks." >&2
  submit deqi-participant "$CPUS" "$MEMORY" "$TIME" --array="0-$((tasks - 1))%$TASKS_AT_ONCE" -- participants "$list" "$each"
}

submit_group() { # [job to wait for]
  local shares after=()
  [ -z "${1:-}" ] || after=(--dependency="$GROUP_AFTER:$1" --kill-on-invalid-dep=yes)
  shares=$(submit deqi-share "$GROUP_CPUS" "$GROUP_MEMORY" "$GROUP_TIME" --array="1-$GROUP_SHARES" \
    ${after[@]+"${after[@]}"} -- share)
  # Relabellings that a lost share did not make are made by this one.
  submit deqi-group "$GROUP_CPUS" "$GROUP_MEMORY" "$GROUP_TIME" --dependency="afterany:$shares" -- group
}

case ${1:-submit} in
  submit)
    mkdir -p "$LOGS"
    first=""
    [ "$LEVEL" = group ] || first=$(submit_participants)
    last=$(submit_group "$first")
    echo "Submitted${first:+ $first and} the group level, $last. See: bash $me status; squeue --me; $LOGS" ;;
  status) deqi participant --status ;;
  participants)
    mapfile -t labels < <(sed -n "$((SLURM_ARRAY_TASK_ID * $3 + 1)),$(((SLURM_ARRAY_TASK_ID + 1) * $3))p" "$2")
    deqi participant --participant-label "${labels[@]}" --nprocs "$CPUS" --mem "$MEMORY" ;;
  share) deqi group --nprocs "$GROUP_CPUS" --permutation-share "$SLURM_ARRAY_TASK_ID/$GROUP_SHARES" ;;
  group) deqi group --nprocs "$GROUP_CPUS" ;;
  *) echo "unknown word: $1; expected nothing, or status" >&2; exit 64 ;;
esac
