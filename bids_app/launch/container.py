"""The command line of a container engine, with every file and folder bound that the words of deqi name.

Standard library alone, so that it starts at once. The container gets no network, no capabilities, a read-only root and
the caller's user id; folders are bound read-only but for the output and what an option writes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bids_app.errors import MissingInputError

ENGINES = ("docker", "podman", "apptainer", "singularity")

READ = ("--bids-filter-file", "--bids_filter_file", "--config", "--config-file", "--exclusions", "--allocation")
WRITTEN = ("--init-config",)
FOLDERS = ("-w", "--work-dir", "--demo")
NAMED = ("-d", "--derivatives", "--datasets")
"""Options that name a file to read, a file to write, a folder to write into, or `NAME=FOLDER`."""


@dataclass
class Mounts:
    """What of the host is seen inside: (folder of the host, its place inside, whether it can be written).

    Folders to write into are made: else the engine makes them, and they belong to root. For a line that is only to be
    printed (not `real`) nothing is made or looked for.
    """

    real: bool = True
    bound: list[tuple[Path, str, bool]] = field(default_factory=list)

    def folder(self, path: Path, inside: str, *, writable: bool = False) -> str:
        """Bind a folder and return its place inside.

        Raises
        ------
        MissingInputError
            If it is not there and is not to be written.
        """
        place = path.expanduser().resolve()
        if writable and self.real:
            place.mkdir(parents=True, exist_ok=True)
        elif self.real and not writable and not place.is_dir():
            raise MissingInputError(f"{path} is not a folder; nothing was started. Mend the path.")
        self.bound.append((place, inside, writable))
        return inside

    def file(self, path: Path, *, writable: bool = False) -> str:
        """Bind the folder of a file, because tables lie beside images, and return the file's place inside."""
        place = path.expanduser().resolve()
        if self.real and not writable and not place.is_file():
            raise MissingInputError(f"{path} is not a file; nothing was started. Mend the path.")
        known = (inside for host, inside, write in self.bound if host == place.parent and write >= writable)
        inside = next(known, "") or self.folder(place.parent, f"/files/{len(self.bound)}", writable=writable)
        return f"{inside}/{place.name}"


def translate(words: Sequence[str], *, real: bool = True) -> tuple[Mounts, list[str]]:
    """Return what must be bound, and the words of deqi with paths as they are inside the container.

    Raises
    ------
    MissingInputError
        If a path is not there.
    """
    mounts, inside, option, options = Mounts(real), list[str](), "", False
    for i, word in enumerate(words):
        options = options or word.startswith("-")
        if not options:
            fixed = {0: ("/data", False), 1: ("/out", True)}.get(i)
            inside.append(mounts.folder(Path(word), fixed[0], writable=fixed[1]) if fixed else word)
        elif word.startswith("-"):
            option, equals, value = word.partition("=")
            inside.append(f"{option}={_placed(mounts, option, value)}" if equals else word)
        else:
            inside.append(_placed(mounts, option, word))
    return mounts, inside


def _placed(mounts: Mounts, option: str, value: str) -> str:
    """Return the value of an option with the path in it, if it holds one, as it is inside."""
    name, equals, rest = value.partition("=")
    if option in READ or option in WRITTEN:
        return mounts.file(Path(value), writable=option in WRITTEN)
    if option in FOLDERS:
        return mounts.folder(Path(value), f"/scratch/{len(mounts.bound)}", writable=True)
    if option in NAMED:
        place = mounts.folder(Path(rest if equals else value), f"/deriv/{name if equals else len(mounts.bound)}")
        return f"{name}={place}" if equals else place
    path, mark, label = rest.partition("#")
    if equals and (option == "--seeds" or (option == "--set" and Path(path).is_file())):
        return f"{name}={mounts.file(Path(path))}{mark}{label}"
    return value


def command(engine: str, image: str, mounts: Mounts, words: Sequence[str]) -> list[str]:
    """Return the command line of an engine."""
    binds = [f"{host}:{inside}{'' if writable else ':ro'}" for host, inside, writable in mounts.bound]
    if Path(engine).name in ("apptainer", "singularity"):
        flags = ["-C", "--net", "--network", "none", *(word for bind in binds for word in ("-B", bind))]
        return [engine, "run", *flags, image, *words]
    safe = ["--read-only", "--tmpfs", "/tmp", "--network", "none", "--cap-drop", "all"]  # noqa: S108
    user = ["-u", f"{os.getuid()}:{os.getgid()}"]
    rootless = ["--userns", "keep-id"] if Path(engine).name == "podman" and os.getuid() else []
    bound = [word for bind in binds for word in ("-v", bind)]
    return [engine, "run", "--rm", *user, *rootless, *safe, *bound, image, *words]


def find_engine(wanted: str = "") -> str:
    """Return the engine asked for, or the first that is there and answers.

    Raises
    ------
    MissingInputError
        If there is none.
    """
    tried = []
    for name in (wanted,) if wanted else ENGINES:
        if shutil.which(name) is None:
            tried.append(f"{name} is not installed")
        elif name == "docker" and subprocess.run([name, "info"], capture_output=True, check=False).returncode:
            tried.append("docker is installed, but no engine answers")
        else:
            return name
    raise MissingInputError(f"No container can be run here: {'; '.join(tried)}. Install one, or use deqi itself.")
