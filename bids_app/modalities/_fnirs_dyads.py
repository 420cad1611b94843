"""Recordings of two people who were together: read one by one, and brought to one clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import DeqiError
from bids_app.modalities import _fnirs_cleaning
from bids_app.vocabulary.optics import Optics, PreparedOptics
from bids_app.vocabulary.options.fnirs import Options
from bids_app.vocabulary.recording import Recording

Floats = NDArray[np.float64]

SHORTEST = 60.0
"""Seconds that both must have been recorded together."""

OFF = 0.5
"""Seconds by which common events may disagree: a sample at the rate of coherence."""

CLOCKS = 60.0
"""Seconds by which acq_time may disagree with common events; it is often rounded to minutes."""

NEAR = 5.0
"""Seconds by which clocks of two devices that tell seconds may always disagree."""


def with_partner(recording: Recording, prepared: PreparedOptics, options: Options) -> Optics:
    """Return a recording, with that of who was there on its own clock, or with why there is none.

    Raises
    ------
    WrongDataError, MissingInputError
        If the recording itself cannot be read or used.
    """
    own = _fnirs_cleaning.load(recording, prepared, options)
    own = replace(own, about={**own.about, "Role": recording.metadata.get("Role", "")})
    if problem := recording.metadata.get("DyadProblem"):
        return _alone(own, str(problem))
    if recording.partner is None:
        return own
    try:
        other = _fnirs_cleaning.load(recording.partner, _fnirs_cleaning.prepare(recording.partner, options), options)
    except DeqiError as error:
        return _alone(own, f"{recording.partner.series.name}: {error}")
    dyad = str(recording.metadata["Dyad"])
    offset, problem = _offset(own, other, recording)
    if problem:
        return _alone(own, f"dyad {dyad}: {problem}")
    shared = _together(own, other, offset)
    if shared is None:
        return _alone(own, f"dyad {dyad}: both were recorded together for less than {SHORTEST:.0f} s")
    first, second = shared
    about = {**own.about, "Dyad": dyad, "Partner": recording.partner.participant, "ClockOffset": offset}
    return replace(own, about=about, partner=replace(second, partner=first))


def _alone(own: Optics, problem: str) -> Optics:
    return replace(own, notes=(*own.notes, problem), about={**own.about, "DyadProblem": problem})


def _onsets(events: Mapping[str, Sequence[str]]) -> dict[str, Floats]:
    found: dict[str, list[float]] = {}
    for onset, kind in zip(events.get("onset", ()), events.get("trial_type", ()), strict=False):
        if "n/a" not in (onset, kind):
            found.setdefault(kind, []).append(float(onset))
    return {kind: np.sort(values) for kind, values in found.items()}


def _offset(own: Optics, other: Optics, recording: Recording) -> tuple[float, str]:
    """Return what is added to times of the other to have them on the clock of the own, s, and what is wrong."""
    here, there = _onsets(own.task.events), _onsets(other.task.events)
    common = [kind for kind in here if kind in there and len(here[kind]) == len(there[kind])]
    if not common:
        return 0.0, "both recordings have no event in common (trial_type, as often), which their clocks are set by"
    apart = np.concatenate([here[kind] - there[kind] for kind in common])
    offset = float(np.median(apart))
    if float(np.abs(apart - offset).max()) > OFF:
        return 0.0, f"common events disagree by {np.abs(apart - offset).max():.2f} s (at most {OFF:g})"
    assert recording.partner is not None
    times = [recording.metadata.get("AcquiredAt"), recording.partner.metadata.get("AcquiredAt")]
    try:
        mine, yours = (dt.datetime.fromisoformat(str(time)) for time in times)
        told = (yours - mine).total_seconds()
    except (TypeError, ValueError):  # not told, or only one with its zone
        return offset, ""
    exact = mine.second and yours.second
    if abs(told - offset) > (_half_a_gap(here, common) if exact else CLOCKS):
        return 0.0, f"acq_time puts the recordings {told:.0f} s apart, their common events {offset:.0f} s"
    return offset, ""


def _half_a_gap(onsets: Mapping[str, Floats], common: Sequence[str]) -> float:
    """Return half the smallest time between common events, s: beyond it one event was taken for its neighbour."""
    gaps = np.diff(np.sort(np.concatenate([onsets[kind] for kind in common])))
    return float(np.clip(gaps.min(initial=2 * CLOCKS) / 2, NEAR, CLOCKS))


def _together(own: Optics, other: Optics, offset: float) -> tuple[Optics, Optics] | None:
    """Return both recordings over the time that they share, on the samples of the own; None if it is too short."""
    mine = own.task.times
    yours = other.task.times + offset
    inside = (mine >= yours[0]) & (mine <= yours[-1])
    if inside.sum() / own.rate < SHORTEST:
        return None
    flat = other.values.reshape(len(yours), -1)
    moved = np.stack([np.interp(mine[inside], yours, column) for column in flat.T], axis=1)
    times = mine[inside]
    first = replace(
        own, values=own.values[inside], task=replace(own.task, times=times, nuisance=np.ones((len(times), 1)))
    )
    values = moved.reshape(len(times), *other.values.shape[1:])
    second = replace(other, values=values, rate=own.rate, task=first.task)
    return first, second
