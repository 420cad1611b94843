"""Regional homogeneity: Kendall's concordance of each voxel with its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np

from bids_app.errors import NotMeasurableError
from bids_app.measures import _standardised_maps
from bids_app.signals.kendall_w import concordance
from bids_app.statistics.standardise import RATIO, ZSCORE, combine_maps
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.reho]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    neighbours: Annotated[Literal[7, 19, 27], Doc("Neighbourhood size in voxels, including the centre.")] = 27


CLEANING = "filtered"

_RAW = Output(
    name="raw",
    kind="map",
    suffix="statmap",
    description="Kendall's W of each voxel with its neighbours, 0 to 1; not smoothed.",
    units="arbitrary",
    entities={"stat": "raw"},
    entity="meas",
    labels=("reho",),
)
_RATIO = replace(RATIO, labels=("reho",))
_ZSCORE = replace(ZSCORE, labels=("reho",), noun="regional homogeneity")
OUTPUTS = (_RAW, _RATIO, _ZSCORE)
GROUP = _ZSCORE

TITLE = "Regional homogeneity"
TITLES = {"reho": TITLE}
METHODS = (
    "Regional homogeneity was Kendall's coefficient of concordance between the unsmoothed series of each voxel and "
    "those of its neighbours [@Zang2004], standardised within the mask and then smoothed."
)


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield raw, ratio and z maps of regional homogeneity (Zang 2004, doi:10.1016/j.neuroimage.2003.12.030).

    Raises
    ------
    NotMeasurableError
        If no voxel has enough neighbours.
    """
    raw = concordance(signals.basis, signals.coordinates, signals.mask, options.neighbours, signals.threads)
    if not np.isfinite(raw).any():
        raise NotMeasurableError(
            f"no voxel has half of its {options.neighbours} neighbours in the mask; is the volume one slice thick?"
        )
    about = {"Neighbours": options.neighbours}
    yield from _standardised_maps.standardised(OUTPUTS, raw, "reho", signals, about)


combine = combine_maps
