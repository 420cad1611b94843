"""Events of a run as they can be modelled: the conditions, and which rows and conditions cannot be, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError

Floats = NDArray[np.float64]

BLANK = ("n/a", "")
"""Cells without a value."""

EARLIEST = -24.0
"""Seconds from the first volume; the response to what happened before is over."""


@dataclass(frozen=True, eq=False)
class Condition:
    """Events of one kind: seconds from the first volume, seconds long, and weights.

    Weights are ones, or for a modulator the centred ratings; `parent` is the condition that it modulates.
    """

    onsets: Floats
    durations: Floats
    weights: Floats
    parent: str = ""


@dataclass(frozen=True, eq=False)
class Events:
    """Conditions by their name, and why events, or a whole condition, are left out.

    Attributes
    ----------
    rows : mapping of (n,) int
        Rows of the table that each condition is made from.
    refused : mapping of str
        Reason by what is left out: a condition, or some of its events.
    """

    conditions: Mapping[str, Condition]
    rows: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def sort_events(table: Mapping[str, Sequence[str]], end: float = np.inf) -> Events:
    """Return the conditions of an events table by `trial_type`, and what cannot be modelled.

    Parameters
    ----------
    end : float
        Seconds from the first volume to the end of the run.

    Raises
    ------
    NotMeasurableError
        If a column is absent, a cell is no number, or no condition is left.
    """
    absent = {"onset", "duration", "trial_type"} - set(table)
    if absent:
        raise NotMeasurableError(f"the events have no column {', '.join(sorted(absent))}; BIDS names it so")
    kinds = np.array([word.strip() for word in table["trial_type"]], dtype=object)
    _require_distinct(sorted(set(kinds.tolist()) - set(BLANK)))
    onsets, durations = seconds(table, "onset"), seconds(table, "duration")
    refused: dict[str, str] = {}
    if nameless := int(np.isin(kinds, BLANK).sum()):
        refused["events without a trial_type"] = f"{nameless} of {len(kinds)} have a blank cell or n/a there"
    found, rows = {}, {}
    for kind in sorted(set(kinds.tolist()) - set(BLANK)):
        own, twice = _once(np.flatnonzero(kinds == kind), onsets, durations)
        if twice:
            refused[f"repeated rows of {kind}"] = f"{twice} rows repeat another (onset and duration); each counts once"
        timed, said = _within_run(onsets[own], end)
        why = said if not timed.any() else _durations_impossible(durations[own][timed], end)
        if why:
            refused[kind] = why
            continue
        if said:
            refused[f"some events of {kind}"] = said
        rows[kind] = own[timed]
        found[kind] = Condition(onsets[rows[kind]], durations[rows[kind]], np.ones(len(rows[kind])))
    if not found:
        said = "; ".join(f"{kind}: {why}" for kind, why in refused.items())
        raise NotMeasurableError(f"no event can be modelled: {said or 'the events name no trial_type'}")
    return Events(found, rows, refused)


def _once(rows: NDArray[np.intp], onsets: Floats, durations: Floats) -> tuple[NDArray[np.intp], int]:
    """Return rows of different events, and how many repeat another: two of one would halve the effect."""
    seen: dict[tuple[float, float], int] = {}
    kept = [i for i in rows if not np.isfinite(onsets[i]) or seen.setdefault((onsets[i], durations[i]), i) == i]
    return np.array(kept, dtype=np.intp), len(rows) - len(kept)


def _require_distinct(kinds: Sequence[str]) -> None:
    """Refuse names that differ by case or blanks alone: one condition, written in two ways, would count as two."""
    seen: dict[str, str] = {}
    for kind in kinds:
        other = seen.setdefault("".join(kind.lower().split()), kind)
        if other != kind:
            raise NotMeasurableError(
                f"trial_type has {other!r} and {kind!r}, which differ by case or blanks alone; write one condition in "
                "one way, or give two conditions names that differ"
            )


def seconds(table: Mapping[str, Sequence[str]], column: str) -> Floats:
    """Return a column as numbers, (n_events,), NaN where there is none.

    Raises
    ------
    NotMeasurableError
        If a cell is no number; the message has its line.
    """
    values = []
    for line, word in enumerate(table[column], 2):
        try:
            values.append(np.nan if word.strip() in BLANK else float(word))
        except ValueError:
            hint = ", with a decimal point" if "," in word else ""
            raise NotMeasurableError(
                f"line {line} of the events has {column} {word!r}; expected a number{hint}, or n/a"
            ) from None
    return np.array(values)


def _within_run(onsets: Floats, end: float) -> tuple[NDArray[np.bool_], str]:
    """Return which events can be seen in a run, and what is to be said of the others."""
    late, early, unknown = onsets >= end, onsets < EARLIEST, ~np.isfinite(onsets)
    said = []
    if late.any():
        hint = " (milliseconds? BIDS has seconds)" if late.all() and onsets.max() / 1000 < end else ""
        said.append(
            f"{late.sum()} of {len(onsets)} lie after the end of the run: it ends at {end:g} s, the first of these "
            f"begins at {onsets[late].min():g} s{hint}"
        )
    if early.any():
        said.append(f"{early.sum()} of {len(onsets)} lie more than {-EARLIEST:g} s before the first volume")
    if unknown.any():
        said.append(f"{unknown.sum()} of {len(onsets)} have no onset")
    return ~(late | early | unknown), "; ".join(said)


def _durations_impossible(durations: Floats, end: float) -> str:
    """Return why events so long cannot be modelled, or nothing."""
    unknown = ~np.isfinite(durations)
    if unknown.any():
        return (
            f"{unknown.sum()} of {len(durations)} events have no duration; write seconds, 0 for what took no time. "
            "A block that is taken for an instant gives a response of another size"
        )
    if (durations < 0).any():
        return f"a duration is {durations.min():g} s; none can be below 0"
    if (durations > end).any():
        return f"a duration is {durations.max():g} s and the run takes {end:g} s (milliseconds? BIDS has seconds)"
    return ""
