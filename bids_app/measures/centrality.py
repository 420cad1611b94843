"""Connectivity of each voxel with the whole brain: mean correlation, mean squared correlation, degree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Interval
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.signals import connectome
from bids_app.signals.smoothing import smooth_known
from bids_app.statistics.standardise import ZSCORE, combine_maps, zscore
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.centrality]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    threshold: Annotated[
        Annotated[float, Interval(ge=0, lt=1)] | str,
        Doc("Correlation above which two voxels are connected; 0: no degree is counted."),
    ] = 0.25
    long_range: Annotated[float, Ge(0), Doc("Distance beyond which a connection is a long one; 0: none.", "mm")] = 75.0
    eigenvector: Annotated[bool, Doc("Also write eigenvector centrality; it hardly differs from meanr.")] = False

    def __post_init__(self) -> None:
        """Refuse a threshold by p."""
        if isinstance(self.threshold, str):
            raise ValueError(  # noqa: TRY004  (what settings tell users of)
                f"threshold {self.threshold!r} is refused: which r a p stands for depends on the degrees of freedom, "
                "so that who moved more would have another graph. Give r, e.g. 0.25, and compare degrees of freedom"
            )

    @property
    def least(self) -> float:
        """The threshold as the number that it is."""
        return float(self.threshold)


CLEANING, ON_REQUEST, TITLE = "filtered", True, "Global connectivity and degree"
TITLES = {
    "meanr": "Global connectivity (mean r)", "meanr2": "Global connectivity (mean r²)", "degree": "Degree centrality",
    "strength": "Weighted degree centrality", "degreeLong": "Degree centrality, long connections",
    "eigenvector": "Eigenvector centrality",
}  # fmt: skip
_RAW = Output(
    name="raw", kind="map", suffix="statmap", units="arbitrary", entities={"stat": "raw"}, entity="meas",
    labels=("meanr", "meanr2", "degree", "strength", "degreeLong"),
    description="Mean (squared) correlation with all other voxels, or number or sum of correlations above a threshold.",
)  # fmt: skip
_ZSCORE = replace(ZSCORE, labels=_RAW.labels, noun="connectivity with the whole brain")
OUTPUTS = (_RAW, _ZSCORE)
GROUP = _ZSCORE
METHODS = (
    "Global connectivity was the mean correlation, and the mean squared correlation, of each voxel with all others in "
    "the brain mask; degree centrality was the number of correlations above a threshold, weighted degree their sum "
    "[@Zuo2012]. Maps were standardised within the mask and then smoothed. Correlations of noise pass a threshold the "
    "more often the fewer degrees of freedom cleaning leaves, so degree follows motion; and degree is large within "
    "large networks, whether or not a voxel joins several [@Power2013]."
)


def labels_of(output: Output, options: Options) -> tuple[str, ...]:  # noqa: ARG001  (both have the same)
    """Return the labels of the maps that options ask for."""
    degrees = ("degree", "strength", *(("degreeLong",) if options.long_range else ())) if options.least else ()
    return ("meanr", "meanr2", *degrees, *(("eigenvector",) if options.eigenvector else ()))


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield raw and z maps of each kind of connectivity.

    Series are not smoothed beforehand: neighbours would be connected by the kernel.

    Raises
    ------
    NotMeasurableError
        If fewer than two voxels vary.
    """
    unit = connectome.unit_columns(signals.coordinates)
    voxels = int(unit.any(axis=0).sum())
    if voxels < 2:
        raise NotMeasurableError(f"{voxels} voxels vary, and a connection takes two")
    found: dict[str, NDArray[np.generic]] = {
        "meanr": connectome.mean_correlation(unit), "meanr2": connectome.mean_square_correlation(unit),
    }  # fmt: skip
    about: dict[str, object] = {"Voxels": voxels, "ResidualDegreesOfFreedom": len(unit)}
    of_degree: dict[str, object] = {}
    if options.least:
        places = np.argwhere(signals.mask) @ signals.grid.affine[:3, :3].T
        from bids_app.statistics.degrees import degrees  # compiles, and is not always asked for

        counted = degrees(unit, options.least, places, options.long_range, signals.threads)
        found |= {"degree": counted.count, "strength": counted.weight, "degreeLong": counted.far}
        density = float(counted.count.sum() / (voxels * (voxels - 1)))
        of_degree = {"Threshold": options.least, "Density": density, "LongRange": options.long_range}
    if options.eigenvector:
        found["eigenvector"] = connectome.eigenvector(unit)
    for label in labels_of(_RAW, options):
        of_label = of_degree if label in ("degree", "strength", "degreeLong") else {}
        raw = np.where(unit.any(axis=0), found[label], np.nan).astype(np.float32)
        yield from _both(raw, label, signals, {**about, **of_label})


def _both(raw: NDArray[np.float32], label: str, signals: Signals, about: Mapping[str, object]) -> Iterator[Feature]:
    """Yield a map as it is and as z; where it is the same everywhere it has no z, and the reason stands beside it."""
    low, high = np.nanmin(raw), np.nanmax(raw)
    varies = bool(high > low)
    why = {} if varies else {"NotAvailable": {f"meas {label}": f"{label} is {low:g} in every voxel"}}
    yield Feature(_RAW, raw, label, {**about, **why, "SmoothingFWHM": 0})
    if varies:
        (scaled,) = smooth_known(zscore(raw)[None], signals)
        yield Feature(_ZSCORE, scaled, label, {**about, "SmoothingFWHM": signals.fwhm})


combine = combine_maps
