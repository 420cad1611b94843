"""Logarithm of the power of each channel and frequency: points with neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from bids_app.vocabulary.domain import Axis, Sensors, Values
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output


@dataclass(frozen=True)
class Options:
    """Options of `[measures.toy_power]`."""

    base: Annotated[float, Doc("Base of the logarithm.")] = 10.0


CLEANING, TAKES = "plain", "spectra"
GROUP = Output(
    name="power", kind="table", suffix="relmat", description="Power of channels by frequency.", units="arbitrary",
    entities={"stat": "power"}, entity="meas", labels=("power",), noun="log power", scale="log10 power",
)  # fmt: skip
OUTPUTS = (GROUP,)
METHODS = "Power was compared at every channel and frequency."


def measure(spectra: Any, regions: Sequence[Any], options: Options) -> Iterator[Feature]:
    """Yield a table with one row a channel and frequency."""
    values = np.log(spectra.values) / np.log(options.base)
    yield Feature(GROUP, {**spectra.domain.columns(), "value": values.ravel().tolist()}, "power")


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:
    """Yield the mean over runs."""
    tables = [feature.value for run in runs for feature in run]
    mean = np.mean([table["value"] for table in tables], axis=0)
    yield Feature(GROUP, {**tables[0], "value": mean.tolist()}, "power")


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the points of a table on disk."""
    names = tuple(dict.fromkeys(table["channel"]))
    bins = tuple(float(word) for word in dict.fromkeys(table["frequency"]))
    near = tuple((i, i + 1) for i in range(len(names) - 1))
    values = np.array(["nan" if word == "n/a" else word for word in table["value"]], dtype=float)
    return Values(Sensors(names=names, axes=(Axis("frequency", "Hz", bins),), near=near), values)
