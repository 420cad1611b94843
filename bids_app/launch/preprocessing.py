"""The fMRIPrep run that makes missing derivatives: its command line, printed or run on the host."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bids_app.errors import MissingInputError

OUTPUT_SPACE = "MNI152NLin2009cAsym:res-2"


def fmriprep_command(
    bids_dir: Path, participants: Sequence[str], work_dir: Path | None, nprocs: int, memory_mb: int | None
) -> list[str]:
    """Return the fmriprep-docker command that writes `BIDS_DIR/derivatives/fmriprep` for participants.

    Positionals come first and memory is spelled `--mem_mb`, as fmriprep-docker wants it.
    """
    command = ["fmriprep-docker", str(bids_dir), str(bids_dir / "derivatives" / "fmriprep"), "participant"]
    if participants:
        command += ["--participant-label", *participants]
    command += ["--output-spaces", OUTPUT_SPACE, "--nprocs", str(nprocs), "--mem_mb", str(memory_mb or 16000)]
    license_file = os.environ.get("FS_LICENSE")
    command += ["--fs-license-file", license_file] if license_file else ["--fs-no-reconall"]
    if work_dir:
        command += ["-w", str(work_dir)]
    return [*command, "-u", f"{os.getuid()}:{os.getgid()}", "--no-tty", "--notrack"]


def advice(command: Sequence[str]) -> str:
    """Return what to do about missing derivatives, with the command to copy."""
    return (
        "Make them with fMRIPrep on a machine with Docker (--preproc fmriprep-docker does it for you):\n\n  "
        + shlex.join(command)
        + "\n\nor, if they lie elsewhere, name the folder: -d fmriprep=PATH"
    )


def run_fmriprep(command: Sequence[str]) -> None:
    """Run fmriprep-docker and wait for it.

    Raises
    ------
    MissingInputError
        If Docker cannot be used here, or fMRIPrep ends with an error.
    """
    beside = Path(sys.executable).with_name(command[0])
    program = str(beside) if beside.exists() else shutil.which(command[0])
    docker = shutil.which("docker")
    # fmriprep-docker's own test of the engine looks for a sentence that Docker no longer prints.
    if not program or not docker or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        missing = "fmriprep-docker is not installed" if not program else "no Docker engine answers here"
        raise MissingInputError(f"{missing}. On a machine that has both, run:\n\n  {shlex.join(command)}")
    print(f"Running: {shlex.join(command)}", file=sys.stderr, flush=True)
    code = subprocess.run([program, *command[1:]], check=False).returncode
    if code:
        raise MissingInputError(f"fMRIPrep ended with exit code {code}; its own messages stand above.")
