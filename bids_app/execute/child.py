"""One call of deqi in a process of its own: one that is killed costs itself alone.

Standard library alone, so that workers on other machines take it up at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHILD = "DEQI_CHILD"
"""Set in the environment of child processes: they leave progress and dataset-level files to their parent."""

_running: set[int] = set()
_failed: set[str] = set()
_stopped = threading.Event()


@dataclass(frozen=True)
class Ended:
    """How a call ended.

    Attributes
    ----------
    code : int
        Exit code; minus the number of the signal that killed it.
    text : str
        All that it said.
    host, job : str
        Machine, and the number of the batch job that it ran in, if any.
    peak_mb : float
        Most memory that it held at once (MiB).
    """

    code: int
    text: str
    host: str
    job: str
    peak_mb: float


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


class NotStartedError(Exception):
    """Another call of the same batch has failed, and none is to be started after that."""


def run_child(words: Sequence[str], cwd: str, batch: str = "") -> Ended:
    """Run a command line of deqi on one processor and wait for its end.

    It is a process group of its own: Ctrl-C reaches its parent alone, which decides what is to be done.

    Raises
    ------
    NotStartedError
        If a call of the same `batch` has failed here before; calls of no batch do not care.
    """
    if batch and batch in _failed:
        raise NotStartedError
    command = [sys.executable, "-P", "-m", "bids_app", *words]
    alone = {**environment(), CHILD: "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=alone, text=True,
        errors="replace", cwd=cwd, process_group=0,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        _running.add(child.pid)
        if _stopped.is_set():
            child.kill()
        text = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        _running.discard(child.pid)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        _failed.add(batch)
    return Ended(child.returncode, text, socket.gethostname(), batch_job(), used.ru_maxrss / 1024)


def end_all() -> None:
    """Kill every child of this process, also those that are about to start."""
    _stopped.set()
    for process in list(_running):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def batch_job() -> str:
    """Return the number of the batch job that this process runs in, or nothing."""
    array, task = (os.environ.get(f"SLURM_ARRAY_{name}_ID", "") for name in ("JOB", "TASK"))
    if array and task:
        return f"{array}_{task}"
    names = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def environment() -> dict[str, str]:
    """Return an environment in which another deqi finds this very package."""
    home = Path(__file__).parents[2]
    if home.name == "site-packages":
        return dict(os.environ)
    # Started as `python /somewhere/run.py`, the package is found beside it and nowhere else.
    path = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}
