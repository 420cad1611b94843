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
PARTICIPANTS_PER_TASK=@EACH@     # one array task does as many; more where Slurm would need over 1000 tasks
TASKS_AT_ONCE=100           # so that the file system and the other users live
CPUS=@CPUS@                 # of one task: as many participants run side by side
MEMORY=@MEMORY@             # of one task
TIME=04:00:00               # of one task
GROUP_SHARES=10             # array tasks that share the relabellings of the group level
GROUP_CPUS=@GROUP_CPUS@
GROUP_MEMORY=@GROUP_MEMORY@
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
# A container sees no other variables; the number of the job stands in the record of what fails.
for name in SLURM_JOB_ID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID; do
  [ -z "${!name:-}" ] || export "APPTAINERENV_$name=${!name}" "SINGULARITYENV_$name=${!name}"
done

deqi() { "${DEQI[@]}" "${FOLDERS[@]}" "$1" ${OPTIONS[@]+"${OPTIONS[@]}"} "${@:2}"; }

submit() { # NAME CPUS MEMORY TIME [option ...] -- ROLE [argument ...]
  local name=$1 cpus=$2 memory=$3 time=$4
  shift 4
  local options=() log=%x-%j
  while [ "$1" != -- ]; do
    [[ $1 != --array=* ]] || log=%x-%A_%a
    options+=("$1")
    shift
  done
  sbatch --parsable --job-name="$name" --cpus-per-task="$cpus" --mem="$memory" --time="$time" --requeue \
    --output="$LOGS/$log.txt" --open-mode=append ${SBATCH[@]+"${SBATCH[@]}"} ${options[@]+"${options[@]}"} "$me" "${@:2}"
}

submit_participants() {
  local list people each tasks
  find "$LOGS" -name 'people-*' -mtime +30 -delete
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
  local shares first=${1:+$GROUP_AFTER:$1}
  shares=$(submit deqi-share "$GROUP_CPUS" "$GROUP_MEMORY" "$GROUP_TIME" --array="1-$GROUP_SHARES" \
    ${first:+--dependency="$first" --kill-on-invalid-dep=yes} -- share)
  # Relabellings that a lost share did not make are made by this one.
  submit deqi-group "$GROUP_CPUS" "$GROUP_MEMORY" "$GROUP_TIME" \
    --dependency="${first:+$first,}afterany:$shares" --kill-on-invalid-dep=yes -- group
}

case ${1:-submit} in
  submit)
    if squeue --me --noheader --format=%o | grep -qF "$me"; then
      echo "Jobs of this script are queued or running: see squeue --me. Wait for them, or scancel them." >&2
      exit 75
    fi
    mkdir -p "$LOGS"
    first=""
    [ "$LEVEL" = group ] || first=$(submit_participants)
    last=$(submit_group "$first")
    echo "Submitted${first:+ $first and} the group level, $last. See: bash $me status; squeue --me; $LOGS" ;;
  status) deqi participant --status ;;
  participants)
    mapfile -t labels < <(sed -n "$((SLURM_ARRAY_TASK_ID * $3 + 1)),$(((SLURM_ARRAY_TASK_ID + 1) * $3))p" "$2")
    deqi participant --participant-label "${labels[@]}" --nprocs "$CPUS" --mem "$MEMORY" ;;
  share)
    deqi group --nprocs "$GROUP_CPUS" --mem "$GROUP_MEMORY" --permutation-share "$SLURM_ARRAY_TASK_ID/$GROUP_SHARES" ;;
  group) deqi group --nprocs "$GROUP_CPUS" --mem "$GROUP_MEMORY" ;;
  *) echo "unknown word: $1; expected nothing, or status" >&2; exit 64 ;;
esac
