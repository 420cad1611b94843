"""The command line of a container engine, with every file and folder bound that the words of deqi name.

Standard library alone, so that it starts at once. The container gets no network, no capabilities, a read-only root and
the caller's user id; folders are bound read-only but for the output and what an option writes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bids_app.errors import MissingInputError, UsageError
from bids_app.launch.words import DERIVATIVES

ENGINES = ("docker", "podman", "apptainer", "singularity")

CONFIG = ("--config", "--config-file")
READ = (
    "--bids-filter-file", "--bids_filter_file", *CONFIG, "--exclusions", "--allocation", "--plan", "--ahba-dir",
    "--dask-scheduler-file",
)  # fmt: skip
WRITTEN = ("--init-config", "--write-slurm-script", "--lock")
FOLDERS = ("-w", "--work-dir", "--demo")
"""Options that name a file to read, a file to write, or a folder to write into."""

IMAGE = re.compile(r"^(?P<name>[^=]+=)?(?P<file>(?!templateflow:)[^#@]+\.nii(?:\.gz)?)(?P<rest>[#@].*)?$")
"""A seed or a setting that is an image: its name, the file, and the label or threshold in it."""


@dataclass
class Mounts:
    """What of the host is seen inside: (folder of the host, its place inside, whether it can be written).

    Folders to write into are made: else the engine makes them, and they belong to root. For a line that is only to be
    printed (not `real`) nothing is made or looked for.
    """

    real: bool = True
    bound: list[tuple[Path, str, bool]] = field(default_factory=list)
    here: Path | None = None
    """The folder that relative paths in a settings file start from, if it has any."""

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
        home = place if writable else annex_of(place) or place
        self._bind(home, inside, writable)
        return inside if home == place else f"{inside}/{place.relative_to(home)}"

    def file(self, path: Path, *, writable: bool = False) -> str:
        """Bind the folder of a file, because tables lie beside images, and return the file's place inside."""
        place = path.expanduser().absolute()  # its own name: a link of git-annex leads to one that says nothing
        if self.real and not writable and not place.is_file():
            raise MissingInputError(f"{path} is not a file; nothing was started. Mend the path.")
        if place.is_symlink() and not annex_of(place.parent.resolve()):
            place = place.resolve()
        folder = place.parent.resolve()
        known = (inside for host, inside, write in self.bound if host == folder and write >= writable)
        inside = next(known, "") or self.folder(folder, f"/files/{len(self.bound)}", writable=writable)
        return f"{inside}/{place.name}"

    def named_in(self, settings: Path) -> None:
        """Bind the folders of files that a settings file names at the places where they are, for its text stays."""
        try:
            words = list(_texts(tomllib.loads(settings.read_text(encoding="utf-8"))))
        except (ValueError, RecursionError):
            return  # deqi says what is wrong with it
        for word in words:
            found = IMAGE.match(word)
            path = Path(found["file"] if found else word)
            if path.is_file() and path.is_absolute():
                self._bind(path.resolve().parent, str(path.parent))
            elif path.is_file():
                self.here = Path.cwd()
                self._bind(self.here, str(self.here))

    def _bind(self, host: Path, inside: str, writable: bool = False) -> None:
        if (host, inside, writable) not in self.bound:  # engines refuse one place twice
            self.bound.append((host, inside, writable))


def annex_of(folder: Path) -> Path | None:
    """Return the DataLad dataset around a folder: its files are links to contents under the `.git` at its top."""
    return next((p for p in (folder, *folder.parents) if (p / ".git" / "annex").is_dir()), None)


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
    if option in CONFIG and mounts.real and Path(value).is_file():
        mounts.named_in(Path(value))
    if option in READ or option in WRITTEN:
        return mounts.file(Path(value), writable=option in WRITTEN)
    if option in FOLDERS:
        return mounts.folder(Path(value), f"/scratch/{len(mounts.bound)}", writable=True)
    if option in DERIVATIVES:
        path = Path(rest if equals else value)
        place = mounts.folder(path, f"/deriv/{name if equals else path.resolve().name}")
        return f"{name}={place}" if equals else place
    image = IMAGE.match(value)
    if image and option in ("--seeds", "--set"):
        return f"{image['name'] or ''}{mounts.file(Path(image['file']))}{image['rest'] or ''}"
    return value


def _texts(value: object) -> Iterator[str]:
    """Yield every text in a settings file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def command(engine: str, image: str, mounts: Mounts, words: Sequence[str]) -> list[str]:
    """Return the command line of an engine.

    Raises
    ------
    UsageError
        If the name of a folder cannot be written on it.
    """
    contained = Path(engine).name in ("apptainer", "singularity")
    for host, _, _ in mounts.bound:
        if set(":," if contained else ":") & set(str(host)):
            raise UsageError(f"{host}: {engine} takes no folder with ':' (or, in Apptainer, ',') in its path.")
    binds = [f"{host}:{inside}{'' if writable else ':ro'}" for host, inside, writable in mounts.bound]
    if contained:
        flags = ["-C", "--net", "--network", "none", *(word for bind in binds for word in ("-B", bind))]
        start = ["--pwd", str(mounts.here)] if mounts.here else []
        return [engine, "run", *flags, *start, image, *words]
    safe = ["--read-only", "--tmpfs", "/tmp", "--network", "none", "--cap-drop", "all"]  # noqa: S108
    user = ["-u", f"{os.getuid()}:{os.getgid()}"]
    podman = Path(engine).name == "podman"
    # SELinux of Fedora and its kin would keep the container from the folders of the user.
    rootless = [*(["--userns", "keep-id"] if os.getuid() else []), "--security-opt", "label=disable"] if podman else []
    start = ["-w", str(mounts.here)] if mounts.here else []
    bound = [word for bind in binds for word in ("-v", bind)]
    return [engine, "run", "--rm", *user, *rootless, *safe, *start, *bound, image, *words]


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
