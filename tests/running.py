"""Calls of deqi that are watched while they run: started, waited for, and told whose processes they are."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from conftest import Ended
from fault_matrix import OPTIONS

PATIENCE = 600

Found = TypeVar("Found")


def waited(condition: Callable[[], Found], seconds: float = PATIENCE) -> Found:
    """Wait until something is true and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come about in {seconds} s")


def parent(number: int) -> int:
    """Return the number of the process that started another; 0 if that has ended."""
    with suppress(OSError):
        return int(re.search(r"PPid:\s+(\d+)", Path(f"/proc/{number}/status").read_text())[1])
    return 0


@contextmanager
def started(trial, out, *words, level="participant", **more):
    """Start deqi as a user does; whatever is left of it at the end is killed."""
    command = [sys.executable, "-m", "bids_app", trial.root, out, level, *OPTIONS, *words]
    # A shell that runs tests in the background has Ctrl-C ignored for all that it starts.
    more.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process):
    text, _ = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, text, "")


def child_of(process, label):
    """Return the child of this very process that does one participant."""
    return waited(lambda: [n for n in calls_for(label) if process.pid in (parent(n), parent(parent(n)))])[0]


def calls_for(*labels, **environment):
    """Return the processes that work for any of some participants, started anew or forked, with such an environment."""
    wanted = {"DEQI_CHILD=1", *(f"{name}={value}" for name, value in environment.items())}
    titles, found = {f"deqi {label}" for label in labels}, []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            ours = wanted <= set((folder / "environ").read_text(errors="replace").split("\0"))
            if ours and (set(labels) & set(words) or (folder / "comm").read_text().strip() in titles):
                found.append(int(folder.name))
    return found


def caller(number: int) -> int:
    """Return the process that asked for a call: its parent, past the one that forks calls; 0 if either has ended."""
    with suppress(OSError):
        asked = parent(number)
        return parent(asked) if "bids_app.execute.warm_process" in Path(f"/proc/{asked}/cmdline").read_text() else asked
    return 0


def forked(process):
    """Return the copy that a call for one person, or for a group, works in."""
    return waited(lambda: [int(p.name) for p in Path("/proc").glob("[0-9]*") if parent(int(p.name)) == process.pid])[0]


def gone(number):
    """Tell whether a process has ended; one that nobody has waited for is a zombie."""
    with suppress(OSError):
        return "\nState:\tZ" in Path(f"/proc/{number}/status").read_text()
    return True
