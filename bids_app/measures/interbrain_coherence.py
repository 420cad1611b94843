"""How alike haemoglobin of two people runs who were together: wavelet coherence of their regions or channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Interval
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.measures import _dyad_pairings, _optical_model
from bids_app.statistics.optics.coherence import BandWavelet, cleaned, coherence, transformed
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.optics import CHROMOPHORES, PRACTITIONER, Optics
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """Options of `[measures.interbrain_coherence]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    band: Annotated[
        tuple[float, float],
        Doc("Shortest and longest period; not that of the task, of breath (4 s) or of Mayer waves (10 s).", "s"),
    ] = (10.0, 20.0)
    rate: Annotated[float, Gt(0), Doc("Samples a second that coherence is computed with.", "Hz")] = 2.0
    task: Annotated[str, Doc("Trial type during which coherence counts; empty: the whole recording.")] = ""
    rest: Annotated[str, Doc("Trial type of rest, whose coherence is taken off; empty: none.")] = ""
    min_channels: Annotated[
        float, Interval(gt=0, le=1), Doc("Minimum proportion of good channels of a region; others are n/a.")
    ] = 0.5
    short_components: Annotated[
        int, Ge(0), Doc("Components of the short channels that are taken out, of each kind of haemoglobin; 0: none.")
    ] = 2

    def __post_init__(self) -> None:
        """Refuse a band without width."""
        if not 0 < self.band[0] < self.band[1]:
            raise ValueError(f"band is {self.band[0]:g} to {self.band[1]:g} s; the longest period comes second")


CLEANING, TAKES, TITLE, ON_REQUEST = "haemoglobin", "optics", "Coherence of two people", True
_TABLE = Output(
    name="coherence", kind="table", suffix="relmat", units="1", entities={"stat": "coherence"}, entity="seg",
    labels=("dyad",), noun="the coherence of patient and practitioner", definite=True, scale="coherence",
    above_zero=True,
    description="Mean coherence (R²) of each region of the patient with each of the practitioner, and its phase.",
)  # fmt: skip
_SERIES = Output(
    name="series", kind="series", suffix="timeseries", units="µM", entities={"stat": "mean"}, entity="seg",
    labels=("dyad",),
    description="Cleaned series of both, on one clock: regions of the patient (A) and of the practitioner (B).",
)  # fmt: skip
OUTPUTS = (_TABLE, _SERIES)
GROUP = _TABLE
pairings = _dyad_pairings.pairings
METHODS = (
    "Wavelet coherence of patient and practitioner was computed with Morlet wavelets [@Torrence1998; @Grinsted2004] "
    "after short channels were taken out, as the mean in a band that was chosen beforehand. Two people who do one task "
    "are alike without any tie between them: true pairs were compared with pairings exchanged within arms."
)

_ALONE = "no one was recorded together with this participant (dyad_id of scans.tsv)"


def measure(optics: Optics, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield coherence of each pair of regions, and the series that it is of.

    Raises
    ------
    NotMeasurableError
        If no one else was recorded with the participant, or the recording is too short for the band.
    """
    if optics.about.get("Role") == PRACTITIONER:
        return  # it is measured of the patient
    first = optics.partner.partner if optics.partner else None
    if optics.partner is None or first is None:
        raise NotMeasurableError(str(optics.about.get("DyadProblem", _ALONE)))
    ones, rate, missing = _series(first, options, "A")
    others, _, also = _series(optics.partner, options, "B")
    if not (ones and others):
        raise NotMeasurableError("; ".join(f"{name}: {why}" for name, why in {**missing, **also}.items()))
    samples = len(next(iter(ones.values())))
    try:
        wavelet = BandWavelet(samples, rate, options.band)
    except ValueError as error:
        raise NotMeasurableError(str(error)) from error
    times = first.task.times[0] + np.arange(samples) / rate
    task, rest = (_when(first, times, kind) for kind in (options.task, options.rest))
    events = first.task.events
    about = {
        **optics.about, "Band": list(options.band), "SamplingFrequency": rate,
        "Seconds": (samples if task is None else int(task.sum())) / rate, "Task": options.task, "Rest": options.rest,
        "Onsets": _dyad_pairings.onsets_of(events),
        "TaskIntervals": _dyad_pairings.intervals_of(events, options.task),
        "RestIntervals": _dyad_pairings.intervals_of(events, options.rest),
    }  # fmt: skip
    if few := {**missing, **also}:
        about["NotAvailable"] = few
    table = _table(ones, others, wavelet, (task, rest))
    yield Feature(_TABLE, table, "dyad", about)
    columns: dict[str, object] = {"time": times.tolist()}
    for letter, series in (("A", ones), ("B", others)):
        columns |= {f"{letter} {name} {kind}": values.tolist() for (name, kind), values in series.items()}
    yield Feature(_SERIES, columns, "dyad", about)


Named = Mapping[tuple[str, str], Floats]
"""Series by region, or channel, and kind of haemoglobin."""


def _series(optics: Optics, options: Options, letter: str) -> tuple[Named, float, dict[str, str]]:
    """Return cleaned series of regions, or of channels where no region is named, their rate, and why some are n/a."""
    places, few = {name: [name] for name in (optics.channels[i] for i in optics.long)}, dict[str, str]()
    if optics.regions:
        there = {region: [one for one in own if one in places] for region, own in optics.regions.items()}
        few = {
            f"region {region} of {letter}": f"{len(own)} of {len(optics.regions[region])} of its channels are good"
            for region, own in there.items()
            if len(own) < max(options.min_channels * len(optics.regions[region]), 1)
        }
        places = {region: own for region, own in there.items() if f"region {region} of {letter}" not in few}
    scalp = _optical_model.scalp_columns(optics, options.short_components)
    nuisance = np.column_stack([np.ones(len(optics.values)), scalp])
    found, rate = {}, optics.rate
    for kind, name in enumerate(CHROMOPHORES):
        rest, rate = cleaned(optics.values[..., kind], nuisance, optics.rate, options.rate)
        for place, own in places.items():
            found[place, name] = rest[:, [optics.channels.index(one) for one in own]].mean(axis=1)
    return found, rate, few


def _when(optics: Optics, times: Floats, kind: str) -> NDArray[np.bool_] | None:
    """Return when events of a kind last, (samples,); None for no kind."""
    if not kind:
        return None
    found = _dyad_pairings.inside(times, _dyad_pairings.intervals_of(optics.task.events, kind))
    if not found.any():
        raise NotMeasurableError(f"there is no trial_type {kind!r} in the events")
    return found


def _table(
    ones: Named, others: Named, wavelet: BandWavelet,
    when: tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None],
) -> dict[str, list[object]]:  # fmt: skip
    transforms = [{key: transformed(wavelet, values) for key, values in some.items()} for some in (ones, others)]
    rows: list[tuple[object, ...]] = []
    for (place, kind), one in transforms[0].items():
        for (other_place, other_kind), other in transforms[1].items():
            if kind == other_kind:
                found = coherence(one, other, when[0])
                rest = 0.0 if when[1] is None else coherence(one, other, when[1]).level
                rows.append((place, other_place, kind, found.level - rest, found.phase))
    names = ("patient", "practitioner", "chromophore", "coherence", "phase")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of a session: the mean over runs, weighted by their seconds."""
    tables = [feature for run in runs for feature in run if feature.output is _TABLE]
    if not tables:
        return
    found: dict[tuple[object, ...], list[tuple[float, float, float]]] = {}
    for one in tables:
        assert isinstance(one.value, Mapping)
        for *key, level, phase in zip(*one.value.values(), strict=True):
            found.setdefault(tuple(key), []).append((level, phase, float(str(one.metadata["Seconds"]))))
    rows = [(*key, *_mean(own)) for key, own in found.items()]
    assert isinstance(tables[0].value, Mapping)
    columns = dict(zip(tables[0].value, map(list, zip(*rows, strict=True)), strict=True))
    seconds = sum(float(str(one.metadata["Seconds"])) for one in tables)
    yield Feature(_TABLE, columns, "dyad", {**tables[0].metadata, "Seconds": seconds})


def _mean(runs: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Return level and phase over the runs that have them, weighted by seconds; phases as directions."""
    known = np.array([one for one in runs if np.isfinite(one[0])])
    if not len(known):
        return float("nan"), float("nan")
    level, phase, weight = known.T
    return float(np.average(level, weights=weight)), float(np.angle((weight * np.exp(1j * phase)).sum()))


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (pairs,) coherence of a table on disk; pairs that share a region of one person are neighbours."""
    rows = list(zip(table["patient"], table["practitioner"], table["chromophore"], strict=True))
    ends = tuple((f"A {one} {kind}", f"B {other} {kind}") for one, other, kind in rows)
    values = np.array(["nan" if word == "n/a" else word for word in table["coherence"]], dtype=np.float64)
    return Values(Sites(names=tuple(f"{a} with {b}" for a, b in ends), ends=ends, unit="edge"), values)
