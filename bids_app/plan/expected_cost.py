"""How long a call will take and how much memory it will need, roughly, from the sizes of its files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from bids_app.vocabulary.job import Job, ParticipantJob
from bids_app.vocabulary.options.execution import MEMORY_PER_PARTICIPANT_MB, Execution

SECONDS_EACH, SECONDS_A_MEGABYTE = 2.0, 0.04
"""Of one session with the default measures (docs/performance.md): for maps and pages, and for reading its series."""


def expected(jobs: Sequence[Job], execution: Execution) -> str:
    """Return the expected time and memory of a participant-level call in a line, or nothing."""
    sessions = [job for job in jobs if isinstance(job, ParticipantJob)]
    size = 0
    for run in (run for job in sessions for run in job.recordings):
        with suppress(OSError):
            size += run.series.stat().st_size
    if not size:
        return ""
    side_by_side = execution.side_by_side(len(sessions))
    seconds = (SECONDS_EACH * len(sessions) + SECONDS_A_MEGABYTE * size / 1e6) / side_by_side
    memory = side_by_side * MEMORY_PER_PARTICIPANT_MB / 1000
    return (
        f"expected: {_duration(seconds)} on {side_by_side} process{'es' if side_by_side > 1 else ''}, "
        f"up to {memory:.1f} GB of memory (roughly, from {size / 1e9:.1f} GB of files)"
    )


def _duration(seconds: float) -> str:
    """Return a time in words.

    >>> _duration(30), _duration(600), _duration(9000)
    ('about a minute', 'about 10 minutes', 'about 2.5 hours')
    """
    if seconds < 90:
        return "about a minute"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"
