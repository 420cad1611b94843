"""Maps made comparable between people, and brought together over runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.output import Feature, Output

Map = NDArray[np.float32]

RATIO = Output(
    name="ratio",
    kind="map",
    suffix="statmap",
    description="The raw map over its mean in the mask, then smoothed.",
    units="arbitrary",
    entities={"stat": "ratio"},
    entity="meas",
)
ZSCORE = Output(
    name="zscore",
    kind="map",
    suffix="statmap",
    description="The raw map less its mean in the mask over its standard deviation, then smoothed.",
    units="arbitrary",
    entities={"stat": "zscore"},
    entity="meas",
    scale="z score",
)
"""What measures with raw maps declare of the standardised ones; labels and nouns are their own."""


def over_mean(values: Map) -> Map:
    """Return a map, (voxels,), divided by its mean over the mask."""
    return np.asarray(values / np.nanmean(values, dtype=np.float64), dtype=np.float32)


def zscore(values: Map) -> Map:
    """Return a map, (voxels,), less its mean over the mask, divided by its standard deviation (n - 1)."""
    spread = np.nanstd(values, ddof=1, dtype=np.float64) if len(values) > 1 else np.nan
    return np.asarray((values - np.nanmean(values, dtype=np.float64)) / spread, dtype=np.float32)


def combine_maps(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: object) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the mean of each map over runs, weighted by residual degrees of freedom; those that all runs have."""
    for feature in runs[0]:
        if feature.output.kind != "map":
            continue
        same = [f for run in runs for f in run if f.output is feature.output and f.label == feature.label]
        if len(same) == len(runs):
            mean = np.average([np.asarray(f.value) for f in same], axis=0, weights=df_res)
            yield Feature(feature.output, mean.astype(np.float32), feature.label, feature.metadata)
