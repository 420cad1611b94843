"""The command line of a container engine, with every file and folder bound that the words of deqi name.

Standard library alone, so that it starts at once. The container gets no network, no capabilities, a read-only root and
the caller's user id; folders are bound read-only but for the output and what an option writes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

from bids_app.errors import MissingInputError, UsageError
from bids_app.launch.arguments import DEMONSTRATIONS, DERIVATIVES
from bids_app.launch.mounts import IMAGE, Mounts

ENGINES = ("docker", "podman", "apptainer", "singularity")

MEANT = 2
"""Place of the level among the words."""

CONFIG = ("--config", "--config-file")
READ = (
    "--bids-filter-file", "--bids_filter_file", *CONFIG, "--exclusions", "--allocation", "--plan",
    "--dask-scheduler-file",
)  # fmt: skip
WRITTEN = ("--init-config", "--write-slurm-script", "--lock")
FOLDERS = ("-w", "--work-dir", "--demo")
REFUSED = ("--ahba-dir",)
"""Options that name a file to read, a file to write, a folder to write into, or what a container cannot do."""


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
            kind = option == "--demo" and word in DEMONSTRATIONS
            inside.append(word if kind else _placed(mounts, option, word))
    if len(words) > MEANT and words[MEANT] == "meta":
        mounts.outputs_of_studies(Path(words[0]))
    return mounts, inside


def _placed(mounts: Mounts, option: str, value: str) -> str:
    """Return the value of an option with the path in it, if it holds one, as it is inside."""
    name, equals, rest = value.partition("=")
    if option in REFUSED:
        raise UsageError(f"{option} needs abagen, which is not in the container: make the table with deqi itself, and "
                         "name it in the settings (associations.gene_expression.table).")  # fmt: skip
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
    if option == "--set":
        return _setting(mounts, value)
    image = IMAGE.match(value)
    if image and option == "--seeds":
        return f"{image['name'] or ''}{mounts.file(Path(image['file']))}{image['rest'] or ''}"
    return value


def _setting(mounts: Mounts, value: str) -> str:
    """Return `TABLE.KEY=VALUE` with the image, table or folder in it as it is inside; those of lists stay in place."""
    name, _, rest = value.partition("=")
    if rest.startswith("["):
        with contextlib.suppress(ValueError, RecursionError):  # deqi says what is wrong with it
            mounts.there(tomllib.loads(f"words = {rest}"))
        return value
    if image := IMAGE.match(value):
        return f"{image['name'] or ''}{mounts.file(Path(image['file']))}{image['rest'] or ''}"
    path = Path(rest)
    if not (path.is_absolute() and path.exists()):
        return value
    return f"{name}={mounts.folder(path, f'/files/{len(mounts.bound)}') if path.is_dir() else mounts.file(path)}"


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
