"""Connectivity and amplitude over sliding windows: how much they vary, beside series that do not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated

import numpy as np
from annotated_types import Ge

from bids_app.errors import NotMeasurableError
from bids_app.measures import _region_set
from bids_app.signals.roi import about_regions, mean_series
from bids_app.statistics import dynamics
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options(_region_set.RegionSetOptions):
    """Options of `[measures.dynamic]`."""

    window: Annotated[
        float, Ge(0), Doc("Length of windows; 0: a period of the slowest wave of the band, at least 60 s.", "s")
    ] = 0.0
    surrogates: Annotated[int, Ge(50), Doc("Series without change that each participant is compared with.")] = 200
    min_minutes: Annotated[float, Ge(0), Doc("Minimum minutes of uncensored data of a run.", "min")] = 5.0


CLEANING, ON_REQUEST, TITLE = "filtered", True, "Dynamic connectivity"
_SHORTEST, _FEWEST, _SEED = 60.0, 20, 3
_TABLE = Output(
    name="dynamic", kind="table", suffix="relmat", units="standard deviations", entities={"stat": "dynamic"},
    entity="seg", noun="how much connectivity varies over windows", scale="SD of series without change",
    exploratory=True,
    description="SD over windows of Fisher z of each pair and of the log amplitude of each region, beside surrogates.",
)  # fmt: skip
OUTPUTS = (_TABLE,)
GROUP = _TABLE
METHODS = (
    "The SD over sliding windows of Fisher z, and of the log amplitude of each region, was standardised by that of "
    "surrogates of each participant: the same series with random phases shared by all regions, which keep spectra and "
    "correlations and do not change over time. Windowed correlations of such series vary as well [@Hindriks2016]. "
    "Dynamic measures are exploratory."
)


wanted_regions = _region_set.request


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield the table of pairs and regions.

    Raises
    ------
    NotMeasurableError
        If a run is too short or has too few windows, windows are too short for the band, or no two regions are covered.
    """
    kept, step = signals.kept, signals.repetition_time
    minutes = float(kept.sum()) * step / 60
    if minutes < options.min_minutes:
        raise NotMeasurableError(f"{minutes:.2f} minutes are kept, and {options.min_minutes:g} are needed")
    waves = dynamics.passed_waves(signals.basis, kept, step)
    if waves is None:
        raise NotMeasurableError("cleaning leaves no wave of the band")
    seconds = options.window or max(_SHORTEST, 1 / waves.lowest)
    if seconds < 0.5 / waves.lowest:
        raise NotMeasurableError(
            f"windows of {seconds:g} s hold less than half a period of {waves.lowest:.3g} Hz, the slowest wave that is "
            f"left; take {0.5 / waves.lowest:.0f} s or more, or raise high_pass"
        )
    windows = dynamics.windows_of(kept, round(seconds / step))
    if round(seconds / step) >= len(kept):
        raise NotMeasurableError(f"windows of {seconds:.0f} s are as long as the run ({len(kept) * step:.0f} s)")
    if len(windows) < _FEWEST:
        raise NotMeasurableError(f"{len(windows)} windows hold no gap of more than {dynamics.LONGEST_GAP} frames")
    known = [one for one, there in zip(regions, _region_set.covered(regions, options), strict=True) if there]
    series = signals.basis @ mean_series(signals, known)
    observed = dynamics.spread(series, kept, windows)
    made = dynamics.surrogates(series, signals.basis, kept, waves, options.surrogates, _SEED)
    null = np.stack([dynamics.spread(one, kept, windows) for one in made])
    names = [one.name for one in known]
    pairs = [*combinations(names, 2), *((name, name) for name in names)]
    mean, spread = null.mean(axis=0), null.std(axis=0, ddof=1)
    table = {
        "kind": ["connectivity"] * (len(pairs) - len(names)) + ["amplitude"] * len(names),
        "region_a": [first for first, _ in pairs], "region_b": [second for _, second in pairs],
        "sd": observed, "surrogate_mean": mean, "surrogate_sd": spread, "z": (observed - mean) / spread,
        "p": (1 + (null >= observed).sum(axis=0)) / (1 + len(null)),
    }  # fmt: skip
    about = {
        "WindowSeconds": seconds, "Windows": len(windows), "Surrogates": options.surrogates,
        "LowestFrequency": waves.lowest, "Regions": about_regions(known),
        "RegionsNotCovered": [one.name for one in regions if one.name not in names],
    }  # fmt: skip
    yield Feature(_TABLE, table, wanted_regions(options).name, about)


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of a session: of each pair the sum of z over its runs, by the root of their number."""
    tables = [feature for run in runs for feature in run]
    if len(tables) == 1:
        yield tables[0]
    elif tables and len(tables) == len(runs):
        yield _together(tables)


def _together(tables: Sequence[Feature]) -> Feature:
    """Return the tables of several runs as one, of the pairs that all have (Stouffer)."""
    keys = ("kind", "region_a", "region_b")
    rows = [
        dict(zip(zip(*(table[key] for key in keys), strict=True), np.asarray(table["z"]), strict=True))
        for table in (one.value for one in tables)
        if isinstance(table, Mapping)
    ]
    shared = [row for row in rows[0] if all(row in other for other in rows)]
    z = np.array([sum(float(own[row]) for own in rows) for row in shared]) / np.sqrt(len(rows))
    value = {**{key: [row[i] for row in shared] for i, key in enumerate(keys)}, "z": z}
    about = {**tables[0].metadata, "Windows": [one.metadata["Windows"] for one in tables]}
    return Feature(_TABLE, value, tables[0].label, about)


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return z of each pair and of the amplitude of each region, (pairs + regions,)."""
    ends = tuple(zip(table["region_a"], table["region_b"], strict=True))
    names = tuple(
        "-".join(pair) if kind == "connectivity" else f"{pair[0]} amplitude"
        for kind, pair in zip(table["kind"], ends, strict=True)
    )
    z = np.array(["nan" if word == "n/a" else word for word in table["z"]], dtype=np.float64)
    return Values(Sites(names=names, ends=ends, unit="pair"), z)
