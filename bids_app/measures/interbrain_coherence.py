"""How alike haemoglobin of two people runs who were together: wavelet coherence of their regions or channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, cast

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.measures import _optical_model
from bids_app.statistics.optics.coherence import BandWavelet, cleaned, coherence, transformed
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.optics import CHROMOPHORES, PRACTITIONER, Optics
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import AlikePairs, Feature, Output
from bids_app.vocabulary.signals import Region

Floats = NDArray[np.float64]

JsonSaid = Mapping[str, object]


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
    description="Mean coherence (R²) of each region of the patient with each of the practitioner, and its phase.",
)  # fmt: skip
_SERIES = Output(
    name="series", kind="series", suffix="timeseries", units="µM", entities={"stat": "mean"}, entity="seg",
    labels=("dyad",),
    description="Cleaned series of both, on one clock: regions of the patient (A) and of the practitioner (B).",
)  # fmt: skip
OUTPUTS = (_TABLE, _SERIES)
GROUP = _TABLE
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
        If nobody else was recorded with the participant, or the recording is too short for the band.
    """
    if optics.about.get("Role") == PRACTITIONER:
        return  # it is measured of the patient
    first = optics.partner.partner if optics.partner else None
    if optics.partner is None or first is None:
        why = optics.about.get(
            "DyadProblem", "no one was recorded together with this participant (dyad_id of scans.tsv)"
        )
        raise NotMeasurableError(str(why))
    ones, rate = _series(first, options)
    others, _ = _series(optics.partner, options)
    samples = len(next(iter(ones.values())))
    try:
        wavelet = BandWavelet(samples, rate, options.band)
    except ValueError as error:
        raise NotMeasurableError(str(error)) from error
    times = first.task.times[0] + np.arange(samples) / rate
    table = _table(ones, others, wavelet, _when(first, times, options))
    about = {
        **optics.about, "Band": list(options.band), "SamplingFrequency": rate, "Seconds": samples / rate,
        "Task": options.task, "Rest": options.rest,
    }  # fmt: skip
    yield Feature(_TABLE, table, "dyad", about)
    columns: dict[str, object] = {"time": times.tolist()}
    for letter, series in (("A", ones), ("B", others)):
        columns |= {f"{letter} {name} {kind}": values.tolist() for (name, kind), values in series.items()}
    yield Feature(_SERIES, columns, "dyad", about)


Named = Mapping[tuple[str, str], Floats]
"""Series by region, or channel, and kind of haemoglobin."""


def _series(optics: Optics, options: Options) -> tuple[Named, float]:
    """Return cleaned series of regions, or of channels where no region is named."""
    places = {name: [name] for name in (optics.channels[i] for i in optics.long)}
    if optics.regions:
        places = {region: [one for one in own if one in places] for region, own in optics.regions.items()}
    scalp = _optical_model.scalp_columns(optics, options.short_components)
    nuisance = np.column_stack([np.ones(len(optics.values)), scalp])
    found, rate = {}, optics.rate
    for kind, name in enumerate(CHROMOPHORES):
        rest, rate = cleaned(optics.values[..., kind], nuisance, optics.rate, options.rate)
        for place, own in places.items():
            if own:
                found[place, name] = rest[:, [optics.channels.index(one) for one in own]].mean(axis=1)
    return found, rate


def _when(optics: Optics, times: Floats, options: Options) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """Return when coherence counts, and when it is that of rest, (samples,) each; None for all, and for none."""
    events = optics.task.events

    def during(kind: str) -> NDArray[np.bool_] | None:
        if not kind:
            return None
        inside = np.zeros(len(times), dtype=bool)
        rows = zip(events.get("trial_type", ()), events.get("onset", ()), events.get("duration", ()), strict=False)
        for name, onset, duration in rows:
            if name == kind and "n/a" not in (onset, duration):
                inside |= (times >= float(onset)) & (times < float(onset) + float(duration))
        if not inside.any():
            raise NotMeasurableError(f"there is no trial_type {kind!r} in the events")
        return inside

    return during(options.task), during(options.rest)


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


def pairings(series: Sequence[Mapping[str, Sequence[str]]], groups: NDArray[np.intp], about: JsonSaid) -> AlikePairs:
    """Return how alike every patient is with every practitioner of a group, at each pair of regions that all have.

    Parameters
    ----------
    series : sequence of tables
        Series of each dyad, as on disk.
    groups : (dyads,) int
        Arms; recordings of an arm are cut to the length of its shortest.
    about : mapping
        Sidecar of one of them: its band and its rate.

    Raises
    ------
    NotMeasurableError
        If no pair of regions is there in all dyads, or recordings are too short.
    """
    sides = [_named_alike(series, letter) for letter in "AB"]
    places = [
        (one, other) for one in sides[0] for other in sides[1] if one.rpartition(" ")[2] == other.rpartition(" ")[2]
    ]
    if not places:
        raise NotMeasurableError("no region is there in all dyads")
    rate, band = float(str(about["SamplingFrequency"])), tuple(map(float, cast("list[float]", about["Band"])))
    alike = np.full((len(places), len(series), len(series)), np.nan)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group).tolist()
        count = min(len(series[i]["time"]) for i in own)
        try:
            wavelet = BandWavelet(count, rate, (band[0], band[1]))
        except ValueError as error:
            raise NotMeasurableError(str(error)) from error
        made = {
            (i, name): transformed(wavelet, np.array(series[i][name][:count], dtype=np.float64))
            for i in own for side in sides for name in side
        }  # fmt: skip
        for k, (one, other) in enumerate(places):
            for i in own:
                alike[k, i, own] = [coherence(made[i, one], made[j, other]).level for j in own]
    return AlikePairs(tuple(f"{one} with {other}" for one, other in places), alike)


def _named_alike(series: Sequence[Mapping[str, Sequence[str]]], letter: str) -> list[str]:
    """Return the series of one role that all dyads have."""
    return [name for name in series[0] if name[:2] == f"{letter} " and all(name in own for own in series)]


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of a session: the mean over runs, weighted by their seconds."""
    tables = [feature for run in runs for feature in run if feature.output is _TABLE]
    if not tables:
        return
    seconds = [float(str(one.metadata["Seconds"])) for one in tables]
    found: dict[tuple[object, ...], list[tuple[float, float, float]]] = {}
    for one, weight in zip(tables, seconds, strict=True):
        assert isinstance(one.value, Mapping)
        for *key, level, phase in zip(*one.value.values(), strict=True):
            found.setdefault(tuple(key), []).append((level, phase, weight))
    rows = [
        (*key, float(np.average([one[0] for one in own], weights=[one[2] for one in own])), own[0][1])
        for key, own in found.items()
    ]
    columns = dict(zip(tables[0].value, map(list, zip(*rows, strict=True)), strict=True))
    yield Feature(_TABLE, columns, "dyad", {**tables[0].metadata, "Seconds": sum(seconds)})


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (pairs,) coherence of a table on disk; pairs that share a region of one person are neighbours."""
    rows = list(zip(table["patient"], table["practitioner"], table["chromophore"], strict=True))
    ends = tuple((f"A {one} {kind}", f"B {other} {kind}") for one, other, kind in rows)
    values = np.array(["nan" if word == "n/a" else word for word in table["coherence"]], dtype=np.float64)
    return Values(Sites(names=tuple(f"{a} with {b}" for a, b in ends), ends=ends, unit="edge"), values)
