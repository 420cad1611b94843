"""Jobs in a copy of this process: if it is killed, the parent reports it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn
from uuid import uuid4

from bids_app.execute.call_messages import Message
from bids_app.execute.failures import reason_of, record_failures
from bids_app.execute.jobs import run_jobs
from bids_app.execute.progress import say
from bids_app.execute.subprocess_call import CALL, CallResult, batch_job, die_with_parent
from bids_app.vocabulary.job import Job


def run_apart(jobs: Sequence[Job], label: str) -> dict[str, str]:
    """Do the jobs of one participant, or one of a group, that go by a label.

    A copy has all that was imported and planned, so that this costs nothing.

    Returns
    -------
    failures : dict
        Message of each failed job by its label, or why all of it was ended.
    """
    life, ours = os.pipe()
    news, theirs = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    name, number = uuid4().hex, os.fork()
    if not number:
        os.environ[CALL] = name
        os.close(ours)
        os.close(news)
        _work(jobs, life, theirs)
    os.close(life)
    os.close(theirs)
    try:
        with open(news, "rb") as stream:  # noqa: PTH123  (a descriptor)
            told = stream.read()
    finally:
        os.close(ours)  # ends it, if we are interrupted
        _, status, used = os.wait4(number, 0)
    failures: dict[str, str] = json.loads(told or b"{}")
    code, peak = os.waitstatus_to_exitcode(status), used.ru_maxrss / 1024
    messages = tuple(Message("failed", f"{name}: {message}") for name, message in failures.items())
    ended = CallResult(
        code=code, messages=messages, host=socket.gethostname(), job=batch_job(), peak_mb=peak, name=name
    )
    record_failures(jobs[0].output_dir, label, ended)
    if code and not failures:
        failures[label] = reason_of(ended)
        say(f"{label}: {failures[label]}", "failed")
    return failures


def _work(jobs: Sequence[Job], life: int, news: int) -> NoReturn:
    """Be the copy; nothing that was left to do at the end of the process is done twice."""
    code = 1
    try:
        die_with_parent(life)
        failures = run_jobs(jobs)
        os.write(news, json.dumps(failures).encode())
        code = 1 if failures else 0
    except KeyboardInterrupt:
        code = 130
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
