"""`deqi-docker`: runs deqi in its container, with every file and folder bound that the words name.

Standard library alone, so that it starts at once. The container gets no network, no capabilities, a read-only root and
the caller's user id; folders are bound read-only but for the output and what an option writes.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bids_app import __version__
from bids_app.errors import DeqiError, MissingInputError

ENGINES = ("docker", "podman", "apptainer", "singularity")

READ = ("--bids-filter-file", "--bids_filter_file", "--config", "--config-file", "--exclusions", "--allocation")
WRITTEN = ("--init-config",)
FOLDERS = ("-w", "--work-dir", "--demo")
NAMED = ("-d", "--derivatives", "--datasets")
"""Options that name a file to read, a file to write, a folder to write into, or `NAME=FOLDER`."""


@dataclass
class Mounts:
    """What of the host is seen inside: (folder of the host, its place inside, whether it can be written)."""

    bound: list[tuple[Path, str, bool]] = field(default_factory=list)

    def folder(self, path: Path, inside: str, *, writable: bool = False) -> str:
        """Bind a folder and return its place inside.

        Raises
        ------
        MissingInputError
            If it is not there and is not to be written.
        """
        place = path.expanduser().resolve()
        if writable:
            place.mkdir(parents=True, exist_ok=True)  # else the engine makes it, and it belongs to root
        elif not place.is_dir():
            raise MissingInputError(f"{path} is not a folder; nothing was started. Mend the path.")
        self.bound.append((place, inside, writable))
        return inside

    def file(self, path: Path, *, writable: bool = False) -> str:
        """Bind the folder of a file, because tables lie beside images, and return the file's place inside."""
        place = path.expanduser().resolve()
        if not writable and not place.is_file():
            raise MissingInputError(f"{path} is not a file; nothing was started. Mend the path.")
        known = (inside for host, inside, write in self.bound if host == place.parent and write >= writable)
        inside = next(known, "") or self.folder(place.parent, f"/files/{len(self.bound)}", writable=writable)
        return f"{inside}/{place.name}"


def translate(words: Sequence[str]) -> tuple[Mounts, list[str]]:
    """Return what must be bound, and the words of deqi with paths as they are inside the container.

    Raises
    ------
    MissingInputError
        If a path is not there.
    """
    mounts, inside, option, options = Mounts(), list[str](), "", False
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the container and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="deqi-docker", allow_abbrev=False, description=__doc__,
        usage="deqi-docker [--engine NAME] [--image IMAGE] [--print] BIDS_DIR OUTPUT_DIR LEVEL [options of deqi]",
    )  # fmt: skip
    parser.add_argument("--engine", choices=ENGINES, help="default: the first of them that is there")
    parser.add_argument("--image", help=f"default: deqi:{__version__}, for apptainer deqi.sif in this folder")
    parser.add_argument("--print", action="store_true", dest="show", help="print the command and do nothing")
    own, words = parser.parse_known_args(argv)
    try:
        engine = own.engine if own.show and own.engine else find_engine(own.engine or "")
        image = own.image or ("deqi.sif" if engine in ENGINES[2:] else f"deqi:{__version__}")
        mounts, inside = translate(words)
        line = command(engine, image, mounts, inside)
    except DeqiError as error:
        print(f"deqi-docker: {error}", file=sys.stderr)
        return error.exit_code
    if own.show:
        print(shlex.join(line))
        return 0
    print(f"RUNNING: {shlex.join(line)}", file=sys.stderr, flush=True)
    return subprocess.run(line, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
