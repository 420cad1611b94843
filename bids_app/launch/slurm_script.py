"""`--write-slurm-script`: a script that runs a call on Slurm, an array task for some participants each.

Slurm queues, limits and repeats; its commands are those of the host and are never called from inside a container.
Standard library alone, so that the launcher of the container can write it too.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from bids_app.derivatives.atomic import write_text
from bids_app.errors import UsageError
from bids_app.launch.arguments import megabytes, without_options
from bids_app.launch.container import command, translate

OWN = ("--write-slurm-script", "--nprocs", "--nthreads", "--n_cpus", "--n-cpus", "--mem", "--mem_mb", "--mem-mb")
"""Options that the script answers by settings of its own."""


def write_script(path: Path, words: Sequence[str], image: str = "", engine: str = "apptainer") -> None:
    """Write the script for a command line of deqi, in the container `image` if there is one.

    Raises
    ------
    UsageError
        If the words do not begin with the three positionals.
    """
    kept = without_options(words, OWN)
    if len(kept) < 3 or any(word.startswith("-") for word in kept[:3]):
        raise UsageError("--write-slurm-script: BIDS_DIR, OUTPUT_DIR and the level come first, options after them.")
    start, inside = [sys.executable, "-P", "-m", "bids_app"], list(kept)
    if image:
        mounts, inside = translate(kept)
        start = command(engine, image if "://" in image else str(Path(image).absolute()), mounts, [])
    values = {
        "CWD": shlex.quote(str(Path.cwd())),
        "DEQI": shlex.join(start),
        "FOLDERS": shlex.join(inside[:2]),
        "OPTIONS": shlex.join(inside[3:]),
        "LEVEL": kept[2],
        "LOGS": shlex.quote(str(Path(kept[1]).absolute() / "logs" / "slurm")),
        **_sizes(words, kept[2]),
    }
    text = (files("bids_app") / "launch" / "slurm" / "run.sh").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    write_text(path, text)
    path.chmod(0o755)


def _sizes(words: Sequence[str], level: str) -> dict[str, str]:
    """Return what a task of each level gets: what the words say is meant for theirs."""
    nprocs, memory = _given(words, OWN[1:5]), _given(words, OWN[5:])
    given = {"CPUS": nprocs, "MEMORY": memory and f"{megabytes(memory)}M"}
    own = "GROUP_" if level == "group" else ""
    sizes = {"CPUS": "2", "MEMORY": "4G", "GROUP_CPUS": "4", "GROUP_MEMORY": "16G"}
    sizes |= {f"{own}{name}": value for name, value in given.items() if value}
    return {**sizes, "EACH": str(max(8, int(sizes["CPUS"])))}


def require_host() -> None:
    """Refuse to write the script inside a container.

    Raises
    ------
    UsageError
        Because its paths are not those of the nodes.
    """
    if "DEQI_CONTAINER_TAG" in os.environ:
        raise UsageError(
            "--write-slurm-script: paths inside a container are not those of the nodes. Write it on the host: "
            "deqi-docker --engine apptainer --image deqi.sif BIDS_DIR OUTPUT_DIR participant --write-slurm-script FILE"
        )


def _given(words: Sequence[str], names: Sequence[str]) -> str:
    """Return the value of an option, or nothing."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else after
    return ""
