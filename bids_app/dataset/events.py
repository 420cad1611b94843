"""The table of events of a run, its times in seconds."""

from __future__ import annotations

from bids_app.dataset.tables import numeric, read_json, read_tsv
from bids_app.errors import WrongDataError
from bids_app.vocabulary.recording import Recording

_UNITS = {1.0: ("s", "sec", "secs", "second", "seconds"), 1e-3: ("ms", "msec", "msecs", "millisecond", "milliseconds")}

SECONDS = {unit: scale for scale, units in _UNITS.items() for unit in units}
"""Seconds in a unit that a description may declare."""

TIMES = ("onset", "duration")


def events_of(recording: Recording) -> dict[str, list[str]]:
    """Return the columns of a run's events as text; none where it has no table.

    BIDS has onsets and durations in seconds; a unit that the JSON beside the table declares is converted.

    Raises
    ------
    DeqiError
        If a file cannot be read.
    WrongDataError
        If a declared unit is none of time.
    """
    if recording.events is None:
        return {}
    table = read_tsv(recording.events)
    described = {name: about for path in recording.event_sidecars for name, about in read_json(path).items()}
    for name in TIMES:
        about = described.get(name)
        unit = str(about.get("Units", "")).strip() if isinstance(about, dict) else ""
        scale = SECONDS.get(unit.lower()) if unit else 1.0
        if scale is None:
            raise WrongDataError(
                f"{recording.events.name}: {name} is said to be in {unit!r} by {recording.event_sidecars[-1].name}; "
                "expected s (seconds), which BIDS has."
            )
        numbers = numeric(table[name]) if scale != 1 and name in table else None
        if numbers is not None:
            table[name] = ["n/a" if value != value else repr(float(value * scale)) for value in numbers]
    return table
