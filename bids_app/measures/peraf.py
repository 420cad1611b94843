"""Percent amplitude of fluctuation (PerAF): mean deviation of the cleaned series from its mean, in percent of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval

from bids_app.measures import _censored_share, _response_maps
from bids_app.signals.fluctuation import mean_deviation
from bids_app.signals.smoothing import smooth_known
from bids_app.statistics.standardise import RATIO, ZSCORE, combine_maps, over_mean, zscore
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.peraf]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    faintest_mean: Annotated[
        float, Interval(gt=0, lt=1), Doc("Minimum mean signal of a voxel, as a proportion of the median of the brain.")
    ] = _response_maps.FAINT  # fmt: skip
    max_censored: _censored_share.MaxCensored = _censored_share.LIMIT


CLEANING = "unfiltered"
"""A filter on the kept frames takes the more out of the band the more frames are censored, and PerAF with it."""

ON_REQUEST, TITLE = True, "Percent amplitude of fluctuation"
TITLES = {"peraf": "PerAF"}
_LABELS = ("peraf",)
_RAW = Output(
    name="raw", kind="map", suffix="statmap", units="percent", entities={"stat": "raw"}, entity="meas", labels=_LABELS,
    noun="the percent amplitude of fluctuation", definite=True, scale="percent",
    description="Mean deviation from the temporal mean, in percent of that mean; smoothed.",
)  # fmt: skip
_RATIO, _ZSCORE = replace(RATIO, labels=_LABELS), replace(ZSCORE, labels=_LABELS)
OUTPUTS = (_RAW, _RATIO, _ZSCORE)
GROUP = _RAW
METHODS = (
    "The percent amplitude of fluctuation was the mean deviation of the cleaned series from its temporal mean, in "
    "percent of the mean before cleaning [@Jia2020]; drift and confounds were out and no band was. Maps were smoothed "
    "and compared without standardisation. Runs with more censored frames than the limit have no value."
)


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield raw, ratio and z maps (Jia 2020, doi:10.1371/journal.pone.0227021).

    Raises
    ------
    NotMeasurableError
        If most voxels have no positive mean, or too many frames are censored.
    """
    _censored_share.require_few(signals, options.max_censored)
    percent = _response_maps.percent_series(signals, options.faintest_mean)
    raw = mean_deviation(signals.basis, percent.values, signals.threads)
    raw[~percent.bright] = np.nan
    about = {"FaintestMean": options.faintest_mean, "SmoothingFWHM": signals.fwhm}
    smoothed = smooth_known(np.stack([raw, over_mean(raw), zscore(raw)]), signals)
    for output, values in zip(OUTPUTS, smoothed, strict=True):
        yield Feature(output, values, "peraf", about)


combine = combine_maps
