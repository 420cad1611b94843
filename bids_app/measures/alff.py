"""Amplitude of low-frequency fluctuations: mean amplitude in a band (ALFF), and its share of all (fALFF)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt, Interval
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.signals.smoothing import smooth_known
from bids_app.signals.spectrum import Spectrum, amplitudes, fourier, least_squares
from bids_app.statistics.standardise import RATIO, ZSCORE, combine_maps, over_mean, zscore
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.alff]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    low: Annotated[float, Gt(0), Doc("Lower edge of the frequency band.", "Hz")] = 0.01
    high: Annotated[float, Gt(0), Doc("Upper edge of the frequency band.", "Hz")] = 0.08
    estimator: Annotated[
        Literal["auto", "fourier", "least-squares"],
        Doc("Spectral estimator; auto: least squares for all participants if volumes may be censored."),
    ] = "auto"
    max_censored: Annotated[float, Interval(ge=0, le=1), Doc("Maximum proportion of censored volumes of a run.")] = 0.2

    def __post_init__(self) -> None:
        """Refuse a band that is none."""
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g} Hz) must lie below high ({self.high:g} Hz)")


CLEANING = "unfiltered"
"""Amplitudes need every frequency: drift and confounds are out, no band is."""

_LABELS = ("alff", "falff")
_RAW = Output(
    name="raw",
    kind="map",
    suffix="statmap",
    description="Mean amplitude in the band (alff), or its sum over that of all frequencies (falff).",
    units="arbitrary",
    entities={"stat": "raw"},
    entity="meas",
    labels=_LABELS,
)
_RATIO = replace(RATIO, labels=_LABELS)
_ZSCORE = replace(ZSCORE, labels=_LABELS, noun="the amplitude of low-frequency fluctuations", definite=True)
OUTPUTS = (_RAW, _RATIO, _ZSCORE)
GROUP = _ZSCORE

TITLE = "ALFF and fALFF"
METHODS = (
    "ALFF was the mean amplitude of the spectrum within a low-frequency band, from series that were not band-passed, "
    "and fALFF its share of the amplitudes of all frequencies [@Zang2007; @Zou2008]; maps were "
    "standardised within the mask and then smoothed."
)


def wanted_regions(options: Options) -> RegionRequest:  # noqa: ARG001  (one signature for every measure)
    """Return that no region is needed."""
    return RegionRequest()


def estimator_of(signals: Signals, options: Options) -> Spectrum:
    """Return the spectrum, the same kind for all participants of an analysis.

    Raises
    ------
    NotMeasurableError
        If too many frames are censored, or a Fourier transform meets a gap.
    """
    kept = signals.kept[signals.skipped :]
    censored = 1 - kept.mean()
    if censored > options.max_censored:
        raise NotMeasurableError(
            f"{censored:.0%} of the frames are censored, above {options.max_censored:.0%} a spectrum says little"
        )
    choice = options.estimator
    if choice == "auto":
        choice = "least-squares" if signals.gaps_possible else "fourier"
    if choice == "least-squares":
        return least_squares(kept)
    if not kept.all():
        raise NotMeasurableError(
            "frames are censored and a Fourier transform knows no gaps; take estimator = 'least-squares'"
        )
    return fourier(len(kept))


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield raw, ratio and z maps of ALFF and fALFF.

    The definition is that of DPABI (Zang 2007, doi:10.1016/j.braindev.2006.07.002; Zou 2008,
    doi:10.1016/j.jneumeth.2008.04.012).

    Raises
    ------
    NotMeasurableError
        If too many frames are censored, or no frequency lies in the band.
    """
    spectrum = estimator_of(signals, options)
    band = spectrum.band(signals.repetition_time, options.low, options.high)
    count = band.stop - band.start
    if count < 1:
        raise NotMeasurableError(f"no frequency lies between {options.low:g} and {options.high:g} Hz")
    alff, total = amplitudes(spectrum, band, signals.basis, signals.coordinates)
    about = {
        "Band": {"Low": options.low, "High": options.high, "Units": "Hz", "Frequencies": count},
        "Estimator": spectrum.estimator,
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        maps = {"alff": alff, "falff": alff * np.float32(count) / total}
    for label, raw in maps.items():
        yield from _three(raw, label, signals, about)


def _three(raw: NDArray[np.float32], label: str, signals: Signals, about: Mapping[str, object]) -> Iterator[Feature]:
    yield Feature(_RAW, raw, label, {**about, "SmoothingFWHM": 0})
    scaled = smooth_known(np.stack([over_mean(raw), zscore(raw)]), signals)
    for output, values in zip((_RATIO, _ZSCORE), scaled, strict=True):
        yield Feature(output, values, label, {**about, "SmoothingFWHM": signals.fwhm})


combine = combine_maps
