"""How alike every patient is with every practitioner of an arm, from series on disk brought to one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.statistics.optics.coherence import BandWavelet, Transformed, coherence, transformed
from bids_app.vocabulary.output import AlikePairs

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Tables = Sequence[Mapping[str, Sequence[str]]]
Said = Mapping[str, object]

TOLERANCE = 8.0
"""Parts of the shortest period of the band by which events of two dyads may differ."""

Interval = tuple[float, float]


def intervals_of(events: Mapping[str, Sequence[str]], kind: str) -> list[Interval]:
    """Return when events of a kind begin and end, s; nothing for no kind."""
    rows = zip(events.get("trial_type", ()), events.get("onset", ()), events.get("duration", ()), strict=False)
    known = [(float(on), float(last)) for name, on, last in rows if kind and name == kind and "n/a" not in (on, last)]
    return [(on, on + last) for on, last in known]


def onsets_of(events: Mapping[str, Sequence[str]]) -> list[float]:
    """Return all onsets, s, in order."""
    return sorted(float(on) for on in events.get("onset", ()) if on != "n/a")


def inside(times: Floats, intervals: Sequence[Sequence[float]]) -> Mask:
    """Return which times, (samples,), lie within intervals."""
    found = np.zeros(len(times), dtype=bool)
    for start, end in intervals:
        found |= (times >= start) & (times < end)
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class _OneDyad:
    """Series of one dyad with the clock of its protocol: 0 is its first event, or its first sample."""

    table: Mapping[str, Sequence[str]]
    times: Floats
    onsets: Floats
    about: Said


def pairings(series: Tables, groups: NDArray[np.intp], about: Sequence[Said]) -> AlikePairs:
    """Return how alike every patient is with every practitioner of a group, at each pair of regions that all have.

    Recordings are laid upon each other by their first event, and cut to what all of a group have: true pairs share the
    moments of their events, and others must as well.

    Parameters
    ----------
    series : sequence of tables
        Series of each dyad, as on disk.
    groups : (dyads,) int
        Arms.
    about : sequence of mappings
        Their sidecars: band, rate, events.

    Raises
    ------
    NotMeasurableError
        If no pair of regions is there in all dyads, recordings are too short, or their events do not match.
    """
    sides = [_everywhere(series, letter) for letter in "AB"]
    places = [(a, b) for a in sides[0] for b in sides[1] if a.rpartition(" ")[2] == b.rpartition(" ")[2]]
    if not places:
        raise NotMeasurableError("no region is there in all dyads")
    rates = [float(str(one["SamplingFrequency"])) for one in about]
    if max(rates) > 1.01 * min(rates):
        raise NotMeasurableError(
            f"recordings have {min(rates):g} to {max(rates):g} samples a second; they must be alike"
        )
    dyads = [_dyad(table, said) for table, said in zip(series, about, strict=True)]
    alike = np.full((len(places), len(series), len(series)), np.nan)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group).tolist()
        _fill(alike, places, own, [dyads[i] for i in own], rates[0])
    return AlikePairs(tuple(f"{one} with {other}" for one, other in places), alike)


def _everywhere(series: Tables, letter: str) -> list[str]:
    """Return the series of one role that all dyads have, throughout."""
    names = [name for name in series[0] if name[:2] == f"{letter} "]
    return [name for name in names if all(name in own and "n/a" not in own[name] for own in series)]


def _dyad(table: Mapping[str, Sequence[str]], about: Said) -> _OneDyad:
    times = np.array(table["time"], dtype=np.float64)
    onsets = np.array(cast("list[float]", about.get("Onsets") or []), dtype=np.float64)
    zero = onsets[0] if len(onsets) else times[0]
    return _OneDyad(table=table, times=times - zero, onsets=onsets - zero, about=about)


def _fill(
    alike: Floats, places: Sequence[tuple[str, str]], own: Sequence[int], dyads: Sequence[_OneDyad], rate: float
) -> None:  # fmt: skip
    """Fill in how alike the pairs of one group are, (places, dyads, dyads)."""
    band = cast("list[float]", dyads[0].about["Band"])
    start, end = max(one.times[0] for one in dyads), min(one.times[-1] for one in dyads)
    _require_one_protocol(dyads, start, end, band[0] / TOLERANCE)
    count = int((end - start) * rate + 1e-6) + 1
    try:
        wavelet = BandWavelet(count, rate, (band[0], band[1]))
    except ValueError as error:
        raise NotMeasurableError(str(error)) from error
    made: dict[tuple[int, str], Transformed] = {}
    for i, one in enumerate(dyads):
        first = round((start - one.times[0]) * rate)
        for name in {name for place in places for name in place}:
            values = np.array(one.table[name], dtype=np.float64)[first : first + count]
            made[i, name] = transformed(wavelet, np.pad(values, (0, count - len(values)), mode="edge"))
    clock = start + np.arange(count) / rate
    task, rest = (_during(clock, dyads[0], which) for which in ("TaskIntervals", "RestIntervals"))
    for k, (a, b) in enumerate(places):
        for i in range(len(dyads)):
            levels = [coherence(made[i, a], made[j, b], task).level for j in range(len(dyads))]
            if rest is not None:
                taken = [coherence(made[i, a], made[j, b], rest).level for j in range(len(dyads))]
                levels = [level - off for level, off in zip(levels, taken, strict=True)]
            alike[k, own[i], own] = levels


def _during(clock: Floats, one: _OneDyad, which: str) -> Mask | None:
    """Return when coherence counts on the clock of the protocol, None for always."""
    told = cast("list[list[float]]", one.about.get(which) or [])
    if not told:
        return None
    first = cast("list[float]", one.about.get("Onsets") or [0.0])[0]
    return inside(clock, [(start - first, end - first) for start, end in told])


def _require_one_protocol(dyads: Sequence[_OneDyad], start: float, end: float, apart: float) -> None:
    """Refuse dyads whose events do not come at the same moments: true pairs alone would share theirs.

    Raises
    ------
    NotMeasurableError
    """
    told = [one.onsets[(one.onsets >= start) & (one.onsets <= end)] for one in dyads]
    if len({len(one) for one in told}) > 1 or any(np.abs(one - told[0]).max(initial=0.0) > apart for one in told):
        raise NotMeasurableError(
            f"events of the dyads of an arm do not come at the same moments (within {apart:.2g} s after the first): "
            "true pairs alone would share theirs, and look alike for it"
        )
