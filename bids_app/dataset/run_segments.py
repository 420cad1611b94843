"""Segments of a run: which of its volumes they are, and its events on their clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from bids_app.dataset.events import events_of
from bids_app.dataset.tables import numeric
from bids_app.errors import WrongDataError
from bids_app.vocabulary.options.segments import Bound, SegmentOptions, bound_of
from bids_app.vocabulary.recording import Recording

EARLIEST = 24.0
"""Seconds before the first volume at which a response that reaches into it may begin."""

_SLACK = 1e-6
"""Share of a volume that rounding may take from it."""


def volumes_of(recording: Recording, volumes: int, repetition_time: float) -> slice:
    """Return the volumes of a run that its segment holds, all where it has none.

    A volume belongs to a segment that it was recorded in from beginning to end.

    Raises
    ------
    WrongDataError
        If the events lack what the segment is cut by, or it holds no volume.
    """
    if recording.segment is None:
        return slice(0, volumes)
    name, options = recording.segment
    begin, end = _seconds(recording, options)
    if not options.seconds:
        begin, end = (second - recorded_from(recording, repetition_time) for second in (begin, end))
    begin, end = max(begin, 0.0), min(end, volumes * repetition_time)
    first = math.ceil(begin / repetition_time - _SLACK)
    last = math.floor(end / repetition_time + _SLACK)
    if first >= last:
        raise WrongDataError(
            f"{recording.series.name}: segment {name} ({options.rule}) would last from {begin:g} to {end:g} s, and the "
            f"run takes {volumes * repetition_time:g} s: no volume lies in it. Change [segments.{name}], or leave the "
            "run out."
        )
    return slice(first, last)


def recorded_from(recording: Recording, repetition_time: float) -> float:
    """Return the second on the clock of the events at which the first volume begins, from `StartTime`.

    What is less than a volume is where within a volume slices were put to, and moves no volume.
    """
    start = recording.metadata.get("StartTime", 0.0)
    number = float(start) if isinstance(start, int | float) and not isinstance(start, bool) else 0.0
    return math.floor(number / repetition_time + _SLACK) * repetition_time


def _seconds(recording: Recording, options: SegmentOptions) -> tuple[float, float]:
    """Return begin and end of a segment in seconds, of events on their clock; without a bound infinite."""
    if options.seconds:
        return options.seconds[0], options.seconds[1]
    events = events_of(recording)
    begin = _time_of(recording, events, bound_of(options.from_)) if options.from_ else -math.inf
    return begin, _time_of(recording, events, bound_of(options.until)) if options.until else math.inf


def _time_of(recording: Recording, events: Mapping[str, Sequence[str]], bound: Bound) -> float:
    """Return the second that a bound lies at: the first onset of a trial type, or the last end of its events."""
    name = recording.segment[0] if recording.segment else ""
    kinds = [kind.strip() for kind in events.get("trial_type", ())]
    own = [i for i, kind in enumerate(kinds) if kind == bound.trial_type]
    table = recording.events.name if recording.events else "there is no events file"
    if not own:
        raise WrongDataError(
            f"{recording.series.name}: segment {name} is cut by the trial type {bound.trial_type!r}, which its events "
            f"do not have ({table}; trial types: {', '.join(sorted(set(kinds))) or 'none'}). Write the event into the "
            f"table, change [segments.{name}], or leave the run out."
        )
    needed = ("onset", "duration") if bound.at_end else ("onset",)
    columns = [numeric([events[key][i] for i in own]) if key in events else None for key in needed]
    times = sum((column for column in columns if column is not None), start=np.zeros(len(own)))
    if any(column is None for column in columns) or not np.isfinite(times).all():
        raise WrongDataError(
            f"{table}: not all events of {bound.trial_type!r} have {' and '.join(needed)} in numbers (seconds), by "
            f"which segment {name} is cut. Complete the table, or change [segments.{name}]."
        )
    return float(times.max() if bound.at_end else times.min()) + bound.shift


def events_within(events: Mapping[str, Sequence[str]], begin: float, seconds: float) -> dict[str, list[str]]:
    """Return the events that a segment sees, on its own clock.

    Parameters
    ----------
    events : mapping of sequence of str
        Columns of the events of the whole run.
    begin, seconds : float
        When the segment begins, in seconds from the first volume of the run, and how long it lasts.

    Notes
    -----
    Those that are over when the segment begins are not its events: a margin (`needling:end+60`) lets responses end. One
    that lasts into the segment begins 24 s before it at most, and none lasts longer than it. Events without a number
    keep their cells, for whoever reads them to judge.
    """
    onsets, durations = (numeric(list(events[key])) if key in events else None for key in ("onset", "duration"))
    if onsets is None:
        return {name: list(column) for name, column in events.items()}
    lasting = np.zeros(len(onsets)) if durations is None else np.nan_to_num(durations)
    own = onsets - begin
    seen = ~((own >= seconds) | ((own < 0) & (own + lasting <= 0)))
    table = {name: [cell for cell, there in zip(column, seen, strict=True) if there] for name, column in events.items()}
    starts = np.maximum(own, -EARLIEST)  # NaN stays
    ends = own + durations if durations is not None else starts
    ends = np.where(ends > seconds, np.maximum(seconds, starts), ends)
    starts = np.where(ends - starts > seconds, ends - seconds, starts)
    table["onset"] = [_cell(value) for value in starts[seen]]
    if durations is not None:
        table["duration"] = [_cell(value) for value in (ends - starts)[seen]]
    return table


def _cell(value: float) -> str:
    return repr(float(value)) if np.isfinite(value) else "n/a"
