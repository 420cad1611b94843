"""Each participant in a process of its own: one that is killed costs itself alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from bids_app.execute.progress import say

CHILD = "DEQI_CHILD"
"""Set in the environment of child processes: they leave progress and dataset-level files to their parent."""

MEMORY_PER_PARTICIPANT_MB = 600
"""What one participant may need at 2 mm and some hundred volumes; `--mem` divided by it bounds the children."""


def is_child() -> bool:
    """Tell whether this process works for another deqi."""
    return CHILD in os.environ


def die_with_parent() -> None:
    """End this child when its parent is gone: the parent holds the other end of our standard input."""

    def wait() -> None:
        # The bare descriptor: a buffered reader would hold a lock when the interpreter shuts down.
        with contextlib.suppress(OSError):
            os.read(0, 1)
        os._exit(143)

    threading.Thread(target=wait, daemon=True).start()


def run_children(participants: Sequence[str], argv: Sequence[str], slots: int) -> dict[str, str]:
    """Do each participant in a child process of its own, `slots` at a time.

    The child runs the very command line `argv`, for its one participant. One that is killed, by lack of
    memory for instance, then costs its own participant alone.

    Returns
    -------
    failures : dict
        Last words of each failed participant.
    """

    def command(label: str) -> list[str]:
        return [sys.executable, "-P", "-m", "bids_app", *argv, "--participant-label", label, "--nprocs", "1"]

    failures = {}
    bar = tqdm(
        total=len(participants),
        unit="participant",
        disable=not sys.stderr.isatty(),
        file=sys.stderr,
        desc="participants",
    )
    started = time.monotonic()
    with bar, ThreadPoolExecutor(slots) as pool:
        futures = {pool.submit(_child, command(label)): label for label in participants}
        for number, future in enumerate(as_completed(futures), 1):
            label, (code, text) = futures[future], future.result()
            for line in text.splitlines():
                if line.startswith(("warning: ", "failed: ")):
                    say(line)
            left = (time.monotonic() - started) / number * (len(participants) - number)
            bar.update()
            if code:
                failures[f"sub-{label}"] = last_words(code, text)
                say(f"[{number}/{len(participants)}] sub-{label} failed: {failures[f'sub-{label}']}")
            elif bar.disable:
                say(f"[{number}/{len(participants)}] sub-{label} done, about {left:.0f} s left")
    return failures


def _child(command: list[str]) -> tuple[int, str]:
    alone = {**environment(), CHILD: "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=alone, text=True,
        errors="replace",
    ) as child:  # fmt: skip
        assert child.stdout is not None
        text = child.stdout.read()
        return child.wait(), text


def environment() -> dict[str, str]:
    """Return an environment in which another deqi finds this very package."""
    home = Path(__file__).parents[2]
    if home.name == "site-packages":
        return dict(os.environ)
    # Started as `python /somewhere/run.py`, the package is found beside it and nowhere else.
    path = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def last_words(code: int, text: str) -> str:
    """Return what a process that failed said last."""
    if code in (-9, 137):
        return "killed, probably out of memory; raise --mem or lower --nprocs"
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("  More: ")]
    said = [line for line in lines if line.startswith("failed: ")]
    if not said and any(line.startswith("deqi: ") for line in lines):  # the whole call was refused, in several lines
        start = max(i for i, line in enumerate(lines) if line.startswith("deqi: "))
        said = [" ".join(lines[start:]).removeprefix("deqi: ")]
    return (said or lines or [f"exit code {code}"])[-1].removeprefix("failed: ")


def slots(nprocs: int, memory_mb: int | None, participants: int) -> int:
    """Return how many participants may run side by side."""
    by_memory = max(1, memory_mb // MEMORY_PER_PARTICIPANT_MB) if memory_mb else nprocs
    return max(1, min(nprocs, by_memory, participants))
