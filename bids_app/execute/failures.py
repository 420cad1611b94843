"""What is known of a call or a job that failed, in words and as a record."""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bids_app.derivatives.failed import failure_path, read_failure, read_failures
from bids_app.derivatives.files import write_json
from bids_app.execute.child import Ended, batch_job

LAST_LINES = 20


def why(ended: Ended) -> str:
    """Return in a sentence why a call failed: what it said last, or what killed it."""
    number = -ended.code if ended.code < 0 else ended.code - 128
    if number == signal.SIGKILL:
        return (
            f"killed while it held {ended.peak_mb:.0f} MB, probably out of memory; raise --mem or lower --nprocs"
            " (or it was ended by hand or by a batch system)"
        )
    said = last_words(ended.text)
    if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
        return f"ended from outside by {signal.Signals(number).name}, as batch systems do at the end of their time"
    if ended.code < 0:
        return f"crashed ({signal.Signals(number).name}){f' after saying: {said}' if said else ''}"
    return said or f"exit code {ended.code}"


def last_words(text: str) -> str:
    """Return what a call that failed said last, without what points to the documentation."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("  More: ")]
    said = [line for line in lines if line.startswith("failed: ")]
    if not said and any(line.startswith("deqi: ") for line in lines):  # the whole call was refused, in several lines
        start = max(i for i, line in enumerate(lines) if line.startswith("deqi: "))
        said = [" ".join(lines[start:]).removeprefix("deqi: ")]
    return (said or lines or [""])[-1].removeprefix("failed: ")


def settle(output_dir: Path, calls: Sequence[str], failed: Mapping[str, Ended]) -> None:
    """Keep a record of calls that came to no end, and take away those of calls that have succeeded since.

    Where jobs of the call have left records of their own, these stand, with how the call ended.
    """
    known = read_failures(output_dir)
    for label in calls:
        path = failure_path(output_dir, label)
        if label not in failed:
            path.unlink(missing_ok=True)
            continue
        about = _about(failed[label])
        own = [failure_path(output_dir, name) for name in known if name.startswith(f"{label}_")]
        for record in own:  # of its jobs: they tell more, but not how the call ended
            write_json(record, {**read_failure(record), "ExitCode": about["ExitCode"], "LastLines": about["LastLines"]})
        if not own:
            write_json(path, {"Message": why(failed[label]), **about})


def _about(ended: Ended) -> dict[str, Any]:
    lines = ended.text.splitlines()[-LAST_LINES:]
    return {
        "ExitCode": ended.code, "LastLines": lines, "Host": ended.host, "BatchJob": ended.job or None,
        "PeakMemoryMB": round(ended.peak_mb),
    }  # fmt: skip


def here() -> dict[str, Any]:
    """Return where this process runs, and what it has held, for the record of a job that failed in it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    job = batch_job() or None
    return {"Host": socket.gethostname(), "BatchJob": job, "Process": os.getpid(), "PeakMemoryMB": round(peak)}
