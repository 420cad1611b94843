"""Total squared value of each channel: sites without neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output


@dataclass(frozen=True)
class Options:
    """Options of `[measures.toy_total]`."""

    first: Annotated[int, Doc("First bin.")] = 0


CLEANING, TAKES = "squared", "spectra"
GROUP = Output(
    name="total", kind="table", suffix="relmat", description="Total of channels.", units="arbitrary",
    entities={"stat": "total"}, entity="meas", labels=("total",), noun="total", definite=True, scale="squares",
)  # fmt: skip
OUTPUTS = (GROUP,)
METHODS = "Totals of channels were compared."


def measure(spectra: Any, regions: Sequence[Any], options: Options) -> Iterator[Feature]:
    """Yield the total of each channel."""
    total = spectra.values[:, options.first :].sum(axis=1)
    yield Feature(GROUP, {"channel": list(spectra.domain.names), "value": total.tolist()}, "total")


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:
    """Yield the mean over runs."""
    tables = [feature.value for run in runs for feature in run]
    yield Feature(GROUP, {**tables[0], "value": np.mean([t["value"] for t in tables], axis=0).tolist()}, "total")


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the channels of a table on disk."""
    values = np.array(["nan" if word == "n/a" else word for word in table["value"]], dtype=float)
    return Values(Sites(names=tuple(table["channel"]), unit="channel"), values)
