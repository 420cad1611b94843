"""Ratio of uptake of regions (SUVR): what FDG and static scans give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bids_app.measures import _uptake_ratio
from bids_app.vocabulary.curves import Curves
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region


@dataclass(frozen=True)
class Options(_uptake_ratio.UptakeOptions):
    """Options of `[measures.uptake_regions]`."""


CLEANING, TAKES, TITLE, ON_REQUEST = "regions", "curves", "Ratio of uptake of regions", True
_TABLE = Output(
    name="uptake", kind="table", suffix="kinpar", units="1", entities={"stat": "uptake"}, entity="meas",
    labels=("suvr",), noun="the ratio of uptake", definite=True, scale="SUVR", amounts=True,
    description="Ratio of uptake (SUVR) of each region, with the activity of the reference.",
)  # fmt: skip
OUTPUTS = (_TABLE,)
GROUP = _TABLE
METHODS = _uptake_ratio.METHODS


def measure(curves: Curves, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of regions.

    Raises
    ------
    NotMeasurableError
        If no frame lies in the window.
    """
    names = list(curves.domain.names) if isinstance(curves.domain, Sites) else []
    of_reference = _uptake_ratio.reference_uptake
    table = {
        "region": names, "suvr": _uptake_ratio.ratio(curves, options),
        "reference": np.full(len(names), of_reference(curves, options)),
    }  # fmt: skip
    yield Feature(_TABLE, table, "suvr", {"Model": "suvr", "Window": list(options.window), **curves.about})


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield what the one scan of a session has: injections are not averaged."""
    if len(runs) == 1:
        yield from runs[0]


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (regions,) values of a table on disk; each region stands alone."""
    values = np.array(["nan" if word == "n/a" else word for word in table["suvr"]], dtype=np.float64)
    return Values(Sites(names=tuple(table["region"]), unit="region"), values)
