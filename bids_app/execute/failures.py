"""What is known of a call or a job that failed, in words and as a record."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from bids_app.derivatives.failure_records import failure_path, read_failure
from bids_app.derivatives.files import write_json
from bids_app.errors import DeqiError
from bids_app.execute.call_messages import Message
from bids_app.execute.subprocess_call import CALL, CallResult, batch_job

LAST_LINES = 20


def reason_of(ended: CallResult) -> str:
    """Return in a sentence why a call failed: what it said last, or what killed it."""
    number = -ended.code if ended.code < 0 else ended.code - 128
    if number == signal.SIGKILL:
        held = f" while it held {ended.peak_mb:.0f} MB or more" if ended.peak_mb else ""
        return (
            f"killed{held}, probably out of memory; give it more, or lower"
            " --nprocs (or it was ended by hand or by a batch system)"
        )
    said = last_words(ended.messages)
    if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
        return f"ended from outside by {signal.Signals(number).name}, as batch systems do at the end of their time"
    if ended.code < 0:
        return f"crashed ({signal.Signals(number).name}){f' after saying: {said}' if said else ''}"
    return said or f"exit code {ended.code}"


def last_words(messages: Sequence[Message]) -> str:
    """Return what a call that failed said last: of a job that failed, of itself, or anything."""
    for kinds in (("failed",), ("refused",), ("", "warning")):
        said = [message.text for message in messages if message.kind in kinds and message.text.strip()]
        if said:
            return " ".join(said[-1].splitlines())
    return ""


def record_failures(output_dir: Path, label: str, ended: CallResult) -> None:
    """Keep a record of a call that came to no end, or take away that of one that has succeeded since.

    Where its jobs have left records of their own, these get how the call ended; one that was killed, or failed before
    any job, has a record of its own as well. A disk that is full must not hide the failures of others.
    """
    path = failure_path(output_dir, label)
    if not ended.code:
        path.unlink(missing_ok=True)
        return
    about = _about(ended)
    records = {place: read_failure(place) for place in (path, *path.parent.glob(f"{label}_*.json"))}
    own = {place: record for place, record in records.items() if record.get("Call") == ended.name}
    if not own or ended.code != 1:
        own[path] = {"Message": reason_of(ended)}
    for place, record in own.items():
        with contextlib.suppress(DeqiError):
            write_json(place, {**about, **record, "ExitCode": ended.code, "LastLines": about["LastLines"]})


def _about(ended: CallResult) -> dict[str, object]:
    lines = ended.lines[-LAST_LINES:]
    return {
        "ExitCode": ended.code, "LastLines": lines, "Host": ended.host, "BatchJob": ended.job or None,
        "PeakMemoryMB": round(ended.peak_mb) or None,
    }  # fmt: skip


def this_machine() -> dict[str, object]:
    """Return where this process runs, and what it has held, for the record of a job that failed in it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    job = batch_job() or None
    return {"Host": socket.gethostname(), "BatchJob": job, "Call": os.environ.get(CALL), "PeakMemoryMB": round(peak)}
