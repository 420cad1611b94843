"""Maps of a linear model at every voxel, in percent signal: what models of events and of simultaneous EEG share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.signals.smoothing import smooth_in_mask
from bids_app.statistics import task_model
from bids_app.statistics.task_design import Floats, Matrix
from bids_app.statistics.task_model import ResponseEstimate
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals

FAINT = 0.1
"""Share of the median mean signal below which a voxel has no percent signal: it would be divided by next to nothing."""

VARIANCE = Output(
    name="variance", kind="map", suffix="statmap", description="Variance of that contrast.", units="percent squared",
    entities={"stat": "variance"}, entity="meas",
)  # fmt: skip
T = Output(
    name="t", kind="map", suffix="statmap", description="Contrast over its standard error.", units="arbitrary",
    entities={"stat": "t"}, entity="meas",
)  # fmt: skip
Z = Output(
    name="z", kind="map", suffix="statmap", description="That t as a standard normal value.", units="arbitrary",
    entities={"stat": "z"}, entity="meas",
)  # fmt: skip
BESIDE = (VARIANCE, T, Z)
"""What stands beside an effect."""


@dataclass(frozen=True, eq=False)
class PercentSeries:
    """Coordinates of series in percent of the voxel's mean, (n, voxels) float32, and which voxels are bright enough."""

    values: NDArray[np.float32]
    bright: Mask

    def seen(self, region: Region) -> Region:
        """Return a region without its faint voxels; the weights of the others average them again."""
        bright = self.bright[region.columns]
        if bright.all():
            return region
        weights = region.weights[bright]
        return replace(region, columns=region.columns[bright], weights=weights / (weights.sum() or 1.0))

    def mean_of(self, region: Region) -> NDArray[np.floating[Any]]:
        """Return the coordinates of the mean series of a region that was `seen`, (n,)."""
        return self.values[:, region.columns] @ region.weights


def percent_series(signals: Signals, faint: float = FAINT) -> PercentSeries:
    """Return series in percent of each voxel's mean; 0 where that is below a share of the median mean.

    Raises
    ------
    NotMeasurableError
        If most voxels have no positive mean.
    """
    bright = signals.mean > faint * np.median(signals.mean)
    if bright.mean() < 0.5:
        raise NotMeasurableError("most voxels have no positive mean (is it taken out?), so there is no percent of it")
    percent = np.zeros_like(signals.coordinates)
    percent[:, bright] = signals.coordinates[:, bright] * (np.float32(100) / signals.mean[bright])
    return PercentSeries(percent, bright)


def fitted(
    signals: Signals, series: PercentSeries, design: Matrix, contrasts: Mapping[str, Floats]
) -> dict[str, ResponseEstimate]:
    """Fit the smoothed series with AR(1) noise and return every contrast at the bright voxels, (bright voxels,).

    Raises
    ------
    NotMeasurableError
        If no degree of freedom is left.
    """
    smooth = series.values[:, series.bright]
    if signals.fwhm > 0:
        mask = signals.mask.copy()
        mask[signals.mask] = series.bright
        smooth = smooth_in_mask(smooth, mask, signals.grid.voxel_sizes, signals.fwhm)
    basis = signals.basis
    tiles = (slice(start, start + task_model.TILE) for start in range(0, smooth.shape[1], task_model.TILE))
    return task_model.fit((basis @ smooth[:, tile].astype(np.float64) for tile in tiles), design, contrasts)


def response_maps(
    estimate: ResponseEstimate, effect: Output, bright: Mask, label: str, about: Mapping[str, object]
) -> Iterator[Feature]:
    """Yield effect, variance, t and z of one contrast, (voxels,) each; NaN where a voxel is not `bright`, (voxels,)."""
    parts = (estimate.effect, estimate.variance, estimate.t, estimate.z)
    for output, values in zip((effect, *BESIDE), parts, strict=True):
        whole = np.full(len(bright), np.nan, dtype=np.float32)
        whole[bright] = values
        yield Feature(output, whole, label, about)


def variances_of(runs: Sequence[Sequence[Feature]], label: str) -> list[Feature]:
    """Return the variances of one contrast in all runs."""
    return [f for run in runs for f in run if f.output is VARIANCE and f.label == label]


def over_runs(
    effects: Sequence[Feature], variances: Sequence[Feature], about: Mapping[str, object]
) -> Iterator[Feature]:  # fmt: skip
    """Yield the maps of a session: runs weighted by the inverse of their variance (fixed effects)."""
    df = sum(int(str(f.metadata["DegreesOfFreedom"])) for f in effects)
    values, spread = (np.array([f.value for f in part], dtype=np.float64) for part in (effects, variances))
    found = task_model.fixed_effects(values, spread, df)
    more = {**effects[0].metadata, "DegreesOfFreedom": df, **about}
    yield from response_maps(found, effects[0].output, np.ones(values.shape[1], bool), effects[0].label, more)
