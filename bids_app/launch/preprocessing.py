"""The fMRIPrep run that makes missing derivatives: its command line, checked, printed or run on the host.

Standard library alone: the launcher of the container uses it on hosts that have nothing else.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bids_app.dataset.layout import is_series, participants_in, scan_files
from bids_app.derivatives.atomic import make_folder
from bids_app.errors import MissingInputError
from bids_app.launch.available_memory import memory_there

LOG = logging.getLogger("deqi")

OUTPUT_SPACE = "MNI152NLin2009cAsym:res-2"
METHODS = ("none", "print", "fmriprep-docker", "apptainer")
LEAST_MEMORY_MB = 8000
"""fMRIPrep's own launcher warns below it: people are lost to the kernel's out-of-memory killer."""
REGISTRATION = "https://surfer.nmr.mgh.harvard.edu/registration.html"


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """What fMRIPrep is asked for: these participants and tasks of a dataset, in a space, with results beside deqi's."""

    bids_dir: Path
    output_dir: Path
    participants: tuple[str, ...]
    work_dir: Path | None = None
    nprocs: int = 1
    memory_mb: int | None = None
    space: str = ""
    tasks: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where fMRIPrep writes: beside the output of deqi, where the user lets results be written."""
        return self.output_dir.resolve().parent / "fmriprep"

    @property
    def work(self) -> Path:
        """Where fMRIPrep keeps what it needs for a while: tens of gigabytes, too much for a container's own /tmp."""
        return self.work_dir or self.folder.with_name("fmriprep_work")

    def command(self, method: str = "fmriprep-docker") -> list[str]:
        """Return the command line, with a placeholder where the licence of FreeSurfer is not known."""
        license_file = find_license() or Path("license.txt")
        return self._apptainer(license_file) if method == "apptainer" else self._docker(license_file)

    def _docker(self, license_file: Path) -> list[str]:
        command = ["fmriprep-docker", str(self.bids_dir), str(self.folder), "participant", *self._words(license_file)]
        return [*command, "-w", str(self.work), "-u", f"{os.getuid()}:{os.getgid()}", "--no-tty"]

    def _apptainer(self, license_file: Path) -> list[str]:
        templates = os.environ.get("TEMPLATEFLOW_HOME")
        places = [(self.bids_dir, "/data:ro"), (self.folder, "/out"), (self.work, "/scratch")]
        places += [(license_file, "/license.txt:ro"), *([(Path(templates), "/templateflow")] if templates else [])]
        binds = [word for host, inside in places for word in ("-B", f"{host.resolve()}:{inside}")]
        # Contained, HOME is empty: the templates of the image are in the home folder that it was built with.
        home = ["--env", f"TEMPLATEFLOW_HOME={'/templateflow' if templates else '/home/fmriprep/.cache/templateflow'}"]
        words = ["/data", "/out", "participant", *self._words(Path("/license.txt")), "-w", "/scratch"]
        return ["apptainer", "run", "--cleanenv", "--containall", *home, *binds, _image(), *words]

    def _words(self, license_file: Path) -> list[str]:
        """Return what both ways say; surfaces are not needed, but FreeSurfer's licence is asked for all the same."""
        people = ["--participant-label", *self.participants] if self.participants else []
        space = self.space if ":" in self.space or not self.space else f"{self.space}:res-2"
        tasks = ["--task-id", *self.tasks] if self.tasks else []
        memory = str(min(self.memory_mb or 16000, memory_there() // 2**20))
        surfaces = ["--fs-license-file", str(license_file), "--fs-no-reconall"]
        words = [*people, *tasks, "--output-spaces", space or OUTPUT_SPACE, "--nprocs", str(self.nprocs)]
        return [*words, "--mem_mb", memory, *surfaces, "--notrack"]


def without_derivatives(bids_dir: Path, roots: Iterable[Path], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the participants, of those wanted or of all, of whom no derivative dataset has a preprocessed series.

    A folder alone says nothing: fMRIPrep leaves one with a log where it died.
    """
    people = [label.removeprefix("sub-") for label in wanted] or participants_in(bids_dir)
    folders = list(roots)
    return tuple(
        label
        for label in people
        if not any(is_series(file.name) for root in folders for file in scan_files(root, label, "func"))
    )


def advice(asked: Preprocessing) -> str:
    """Return what to do about missing derivatives, with the commands to copy."""
    return (
        "Make them with fMRIPrep; --preproc fmriprep-docker or --preproc apptainer does it for you. With Docker:\n\n  "
        + shlex.join(asked.command())
        + "\n\non a cluster:\n\n  "
        + shlex.join(asked.command("apptainer"))
        + f"\n\n(FreeSurfer's licence is free: {REGISTRATION}) and then name the folder: "
        + f"-d fmriprep={asked.folder}\nIf they lie elsewhere: -d fmriprep=PATH"
    )


def provide(everyone: Preprocessing, roots: Mapping[str, Path], method: str, *, show: bool = False) -> dict[str, Path]:
    """Run fMRIPrep for those without derivatives, or show how; return the derivative datasets with the new one.

    Raises
    ------
    MissingInputError
        If fMRIPrep is to be run and cannot be, or fails.
    """
    missing = without_derivatives(everyone.bids_dir, [*roots.values(), everyone.folder], everyone.participants)
    asked = replace(everyone, participants=missing)
    if show or method == "print":
        line = shlex.join(asked.command("apptainer" if method == "apptainer" else "fmriprep-docker"))
        print(line if missing else "# every participant has fMRIPrep derivatives")
    elif missing:
        run(asked, method)
    new = asked.folder not in [root.resolve() for root in roots.values()] and (missing or asked.folder.is_dir())
    return {**roots, **({"preproc": asked.folder} if new else {})}


def run(asked: Preprocessing, method: str) -> None:
    """Check what fMRIPrep needs, run it and wait.

    Raises
    ------
    MissingInputError
        If the engine, the licence or memory is not there, or fMRIPrep ends with an error.
    OutputError
        If a folder that it needs cannot be written to.
    """
    command = asked.command(method)
    lacking = [*_engine(method), *_license(), *_memory(asked.memory_mb)]
    if lacking:
        raise MissingInputError(
            f"fMRIPrep cannot run here: {'; '.join(lacking)}. Where it can, run:\n\n  {shlex.join(command)}"
        )
    for folder in (asked.folder, asked.work):
        make_folder(folder)
    beside = Path(sys.executable).with_name(command[0])
    program = str(beside) if beside.exists() else command[0]
    people = f"{len(asked.participants)} participants" if asked.participants else "all participants"
    LOG.info("fMRIPrep for %s: hours for each.\nRUNNING: %s", people, shlex.join(command))
    code = subprocess.run([program, *command[1:]], check=False).returncode
    if code:
        raise MissingInputError(f"fMRIPrep ended with exit code {code}; its own messages stand above.")


def find_license() -> Path | None:
    """Return FreeSurfer's licence file where fMRIPrep looks for it, if it is there."""
    places = [os.environ.get("FS_LICENSE"), f"{os.environ.get('FREESURFER_HOME', '')}/license.txt"]
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


def _license() -> list[str]:
    if find_license():
        return []
    return [f"no licence of FreeSurfer (free: {REGISTRATION}); set FS_LICENSE to its file"]


def _engine(method: str) -> list[str]:
    program = "apptainer" if method == "apptainer" else "docker"
    if not shutil.which(program):
        return [f"{program} is not installed"]
    if method == "apptainer":
        return []
    # fmriprep-docker's own test of the engine looks for a sentence that Docker no longer prints.
    if subprocess.run([program, "info"], capture_output=True, check=False).returncode:
        return ["no Docker engine answers"]
    beside = Path(sys.executable).with_name("fmriprep-docker")
    return [] if beside.exists() or shutil.which("fmriprep-docker") else ["fmriprep-docker is not installed"]


def _memory(memory_mb: int | None) -> list[str]:
    there = memory_there() // 2**20
    granted = min(memory_mb or there, there)
    if granted >= LEAST_MEMORY_MB:
        return []
    return [f"{granted} MB of memory, and it needs {LEAST_MEMORY_MB} at least (--mem, or another machine)"]


def _image() -> str:
    """Return an image of fMRIPrep in this folder, else the published one of the version whose launcher is installed."""
    from importlib import metadata  # slow to import, and seldom needed

    here = sorted(Path.cwd().glob("fmriprep*.sif"))
    if here:
        return str(here[-1])
    try:
        return f"docker://nipreps/fmriprep:{metadata.version('fmriprep-docker')}"
    except metadata.PackageNotFoundError:
        return "docker://nipreps/fmriprep"
