"""One call of deqi in a process of its own: one that is killed costs itself alone.

Standard library alone, so that workers on other machines take it up at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bids_app.execute import warm_process
from bids_app.execute.call_messages import RECORDS, Message, read

CHILD = "DEQI_CHILD"
"""Set in the environment of child processes: they leave progress and dataset-level files to their parent."""

CALL = "DEQI_CALL"
"""Set in the environment of a call by whoever waits for it: its jobs write it into the records of what fails."""

LOOK_SECONDS = 0.2
"""Between two looks at the memory of a child."""

_running: dict[int, str] = {}
_stopped: set[str] = set()
_ended: set[str] = set()


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """How a call ended.

    Attributes
    ----------
    code : int
        Exit code; minus the number of the signal that killed it.
    messages : tuple of Message
        All that it said.
    host, job : str
        Machine, and the number of the batch job that it ran in, if any.
    peak_mb : float
        Most memory that it was seen to hold (MiB).
    name : str
        What its jobs call it in their records.
    """

    code: int
    messages: tuple[Message, ...]
    host: str
    job: str
    peak_mb: float
    name: str = ""

    @property
    def lines(self) -> list[str]:
        """All that it said, as people read it."""
        return "\n".join(message.line for message in self.messages).splitlines()


def is_child() -> bool:
    """Tell whether this process works for another deqi."""
    return CHILD in os.environ


def die_with_parent(link: int = 0) -> None:
    """End this child when its parent is gone: the parent holds the other end of a pipe, such as our standard input."""

    def wait() -> None:
        # The bare descriptor: a buffered reader would hold a lock when the interpreter shuts down.
        with contextlib.suppress(OSError):
            os.read(link, 1)
        os._exit(143)

    threading.Thread(target=wait, daemon=True).start()


class NotStartedError(Exception):
    """No call of its batch is to be started any more."""


def run_child(words: Sequence[str], cwd: str, batch: str, *, stop_early: bool) -> CallResult:
    """Run a command line of deqi on one processor and wait for its end.

    It is a process group of its own: Ctrl-C reaches its parent alone, which decides what is to be done. With
    `stop_early` a failure stops its batch here, before another call can begin.

    Raises
    ------
    NotStartedError
        If `stop` was said of the batch here.
    """
    if batch in _stopped:
        raise NotStartedError
    name = uuid4().hex
    alone = {**environment(), CHILD: "1", RECORDS: "1", CALL: name, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    warm = warm_process.start(words, cwd, alone)
    if warm:
        text, peak = _followed(warm.pid, warm.said, batch)
        code = warm.wait()
    else:
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "bids_app", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=alone, cwd=cwd, process_group=0,
        ) as child:  # fmt: skip
            assert child.stdout is not None
            text, peak = _followed(child.pid, child.stdout.fileno(), batch)
            code = child.wait()
    if code and stop_early:
        stop(batch)
    return CallResult(
        code=code, messages=tuple(read(text)), host=socket.gethostname(), job=batch_job(), peak_mb=peak, name=name
    )


def _followed(process: int, stream: int, batch: str) -> tuple[str, float]:
    """Return all that a child says until it ends, and the most memory that it was seen to hold (MiB).

    What the system counts at the end begins with the memory of the parent.
    """
    said, peak = bytearray(), 0.0
    _running[process] = batch
    try:
        if batch in _ended:
            os.kill(process, signal.SIGKILL)
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while True:
                peak = max(peak, _held(process))
                if selector.select(LOOK_SECONDS):
                    chunk = os.read(stream, 1 << 16)
                    if not chunk:
                        return said.decode(errors="replace"), peak
                    said += chunk
    finally:
        del _running[process]


def _held(process: int) -> float:
    """Return the most memory that a process has held since it began (MiB); 0 if it has ended."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def stop(batch: str) -> None:
    """Start no call of a batch in this process any more."""
    _stopped.add(batch)


def end(batch: str) -> None:
    """Kill every child of a batch in this process, also those that are about to start."""
    stop(batch)
    _ended.add(batch)
    for process in [process for process, its in _running.copy().items() if its == batch]:
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
