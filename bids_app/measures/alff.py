"""Amplitude of low-frequency fluctuations: mean amplitude in a band (ALFF), and its share of all (fALFF)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from bids_app.errors import NotMeasurableError
from bids_app.measures import _censored_share, _standardised_maps
from bids_app.signals.spectrum import Spectrum, amplitudes, fourier, least_squares
from bids_app.statistics.standardise import RATIO, ZSCORE, combine_maps
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals

_SLOW = {"slow-5": (0.01, 0.027), "slow-4": (0.027, 0.073), "slow-3": (0.073, 0.198), "slow-2": (0.198, 0.25)}
"""Bands that Zuo 2010 divided the spectrum into, Hz."""


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
    bands: Annotated[
        tuple[str, ...], Doc("Further bands: slow-5, slow-4, slow-3, slow-2 or LOW-HIGH in Hz, such as 0.027-0.073.")
    ] = ()  # fmt: skip
    max_censored: _censored_share.MaxCensored = _censored_share.LIMIT

    def __post_init__(self) -> None:
        """Refuse a band that is none."""
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g} Hz) must lie below high ({self.high:g} Hz)")
        if len(set(bands_of(self).values())) <= len(self.bands):
            raise ValueError(f"bands ({', '.join(self.bands)}) name one band twice")


CLEANING = "unfiltered"
"""Amplitudes need every frequency: drift and confounds are out, no band is."""

_LABELS = ("alff", "falff")
"""Of the band from `low` to `high`; those of further bands have its name behind them."""

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
TITLES = {
    "alff": "ALFF", "falff": "fALFF",
    **{f"{label}{name.title().replace('-', '')}": f"{title} ({name})"
       for name in _SLOW for label, title in (("alff", "ALFF"), ("falff", "fALFF"))},
}  # fmt: skip
METHODS = (
    "ALFF was the mean amplitude of the spectrum within a low-frequency band, from series that were not band-passed, "
    "and fALFF its share of the amplitudes of all frequencies [@Zang2007; @Zou2008]; maps were "
    "standardised within the mask and then smoothed."
)


def bands_of(options: Options) -> dict[str, tuple[float, float]]:
    """Return the edges of each band, Hz, by what stands behind `alff` in labels: nothing for the first.

    Raises
    ------
    ValueError
        If a band has no known name and is no LOW-HIGH.
    """
    found = {"": (options.low, options.high)}
    for word in options.bands:
        edges = _SLOW.get(word) or _edges(word)
        name = word.title().replace("-", "") if word in _SLOW else "To".join(f"{1000 * e:g}" for e in edges) + "mHz"
        found[name.replace(".", "p")] = edges
    return found


def _edges(word: str) -> tuple[float, float]:
    numbers = re.fullmatch(r"(\d*\.?\d+)-(\d*\.?\d+)", word.replace(" ", ""))
    low, high = (float(number) for number in numbers.groups()) if numbers else (0.0, 0.0)
    if not 0 < low < high:
        raise ValueError(f"{word!r} is no band; expected {', '.join(_SLOW)} or LOW-HIGH in Hz, such as 0.027-0.073")
    return low, high


def labels_of(output: Output, options: Options) -> tuple[str, ...]:  # noqa: ARG001  (all outputs have the same)
    """Return the labels of the maps of every band."""
    return tuple(f"{label}{name}" for name in bands_of(options) for label in _LABELS)


def estimator_of(signals: Signals, options: Options) -> Spectrum:
    """Return the spectrum, the same kind for all participants of an analysis.

    Raises
    ------
    NotMeasurableError
        If too many frames are censored, or a Fourier transform meets a gap.
    """
    kept = signals.kept[signals.skipped :]
    _censored_share.require_few(signals, options.max_censored)
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


def refusals(signals: Signals, regions: Sequence[Region], options: Options) -> dict[str, str]:  # noqa: ARG001
    """Return which further bands a run has no frequency of."""
    spectrum = estimator_of(signals, options)
    return {
        f"meas alff{name}": f"no frequency of this run lies between {low:g} and {high:g} Hz"
        for name, (low, high) in bands_of(options).items()
        if name and not _bins(spectrum, signals, (low, high))[1]
    }


def _bins(spectrum: Spectrum, signals: Signals, edges: tuple[float, float]) -> tuple[slice, int]:
    """Return the bins of a band and how many they are."""
    band = spectrum.band(signals.repetition_time, *edges)
    return band, max(band.stop - band.start, 0)


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield raw, ratio and z maps of ALFF and fALFF of each band.

    The definition is that of DPABI (Zang 2007, doi:10.1016/j.braindev.2006.07.002; Zou 2008,
    doi:10.1016/j.jneumeth.2008.04.012).

    Raises
    ------
    NotMeasurableError
        If too many frames are censored, or no frequency lies in the band from `low` to `high`.
    """
    spectrum = estimator_of(signals, options)
    bands = {name: (edges, *_bins(spectrum, signals, edges)) for name, edges in bands_of(options).items()}
    if not bands[""][2]:
        raise NotMeasurableError(f"no frequency lies between {options.low:g} and {options.high:g} Hz")
    bands = {name: one for name, one in bands.items() if one[2]}
    means, total = amplitudes(spectrum, [band for _, band, _ in bands.values()], signals.basis, signals.coordinates)
    highest = 0.5 / signals.repetition_time
    for alff, (name, ((low, high), _, count)) in zip(means, bands.items(), strict=True):
        about = {
            "Band": {"Low": low, "High": min(high, highest), "Units": "Hz", "Frequencies": count},
            "Estimator": spectrum.estimator,
        }
        with np.errstate(invalid="ignore", divide="ignore"):
            maps = {f"alff{name}": alff, f"falff{name}": alff * np.float32(count) / total}
        for label, raw in maps.items():
            yield from _standardised_maps.standardised(OUTPUTS, raw, label, signals, about)


combine = combine_maps
