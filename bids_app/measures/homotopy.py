"""Voxel-mirrored homotopic connectivity (VMHC): each voxel's correlation with its mirror image on the other side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bids_app.errors import NotMeasurableError, WrongDataError
from bids_app.signals.homotopy import correlations, partners
from bids_app.statistics.correlation import combine_runs, fisher_z
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.homotopy]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    smoothed: Annotated[
        bool, Doc("Correlate smoothed series: mirror images correspond no better than to some millimetres.")
    ] = True  # fmt: skip


CLEANING, ON_REQUEST, TITLE = "filtered", True, "Homotopic connectivity"
TITLES = {"vmhc": "Homotopic connectivity (VMHC)"}
_R = Output(
    name="r", kind="map", suffix="statmap", units="arbitrary", entities={"stat": "r"}, entity="meas", labels=("vmhc",),
    description="Correlation of each voxel with its mirror image in the other hemisphere.",
)  # fmt: skip
_Z = Output(
    name="fisherz", kind="map", suffix="statmap", units="arbitrary", entities={"stat": "fisherz"}, entity="meas",
    labels=("vmhc",), noun="homotopic connectivity", scale="Fisher z",
    description="Fisher z of it, in the left hemisphere alone: the right one holds the same numbers.",
)  # fmt: skip
OUTPUTS = (_R, _Z)
GROUP = _Z
METHODS = (
    "Homotopic connectivity was the correlation of each voxel with its mirror image in the other hemisphere "
    "[@Mancuso2019], as Fisher z; one hemisphere was tested, since both hold the same values. In a template that is "
    "not symmetric, such as MNI152NLin2009cAsym, mirror images are no exact counterparts."
)


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield r in both hemispheres and Fisher z in the left one.

    Raises
    ------
    NotMeasurableError
        If no voxel has a mirror image, or the lattice is oblique.
    """
    try:
        mirror = partners(signals.mask, signals.grid)
    except WrongDataError as error:
        raise NotMeasurableError(str(error)) from error
    if not mirror.left.any():
        raise NotMeasurableError("no voxel has its mirror image in the brain mask")
    r = correlations(signals.targets if options.smoothed else signals.coordinates, mirror.partner)
    fwhm = signals.fwhm if options.smoothed else 0.0
    near = mirror.apart[mirror.left] < 2 * fwhm + abs(signals.grid.affine[0, 0])
    about = {
        "MirrorShift": mirror.shift, "OwnMirrorVoxels": mirror.own,
        "WithoutPartner": int((mirror.partner < 0).sum()) - mirror.own, "NearPartners": int(near.sum()),
        "SmoothingFWHM": fwhm,
    }  # fmt: skip
    yield Feature(_R, r, "vmhc", about)
    yield Feature(_Z, np.where(mirror.left, fisher_z(r), np.nan), "vmhc", about)


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the correlation of a session: the mean Fisher z of its runs, weighted, back as r."""
    if not all(runs):
        return
    r = [next(np.asarray(f.value) for f in run if f.output is _R) for run in runs]
    left = np.isfinite(next(np.asarray(f.value) for f in runs[0] if f.output is _Z))
    mean = combine_runs([fisher_z(one) for one in r], df_res)
    yield Feature(_R, np.tanh(mean), "vmhc", runs[0][0].metadata)
    yield Feature(_Z, np.where(left, mean, np.nan), "vmhc", runs[0][0].metadata)
