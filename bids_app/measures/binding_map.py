"""Binding potential of voxels: how much of a receptor is available where, by a reference tissue model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from bids_app.errors import NotMeasurableError
from bids_app.measures import _binding_models
from bids_app.statistics.kinetics import reference
from bids_app.vocabulary.curves import Curves
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region


@dataclass(frozen=True)
class Options(_binding_models.ModelOptions):
    """Options of `[measures.binding_map]`."""

    model: Annotated[
        _binding_models.Model,
        Doc("Reference tissue model; srtm2 takes one k2' for all voxels and is less noisy than srtm."),
    ] = "srtm2"


CLEANING, TAKES, TITLE = "voxels", "curves", "Binding potential of voxels"
_MAP = Output(
    name="binding", kind="map", suffix="statmap", units="1", entities={"stat": "effect"}, entity="meas",
    labels=("bpnd",), noun="the binding potential", definite=True, scale="BPnd",
    description="Binding potential (BPnd); voxels without a fit have no value.",
)  # fmt: skip
_VARIANCE = Output(
    name="variance", kind="map", suffix="statmap", units="1", entities={"stat": "variance"}, entity="meas",
    labels=("bpnd",), description="Squared standard error of the binding potential (delta method).",
)  # fmt: skip
_DELIVERY = Output(
    name="delivery", kind="map", suffix="statmap", units="1", entities={"stat": "r1"}, entity="meas",
    labels=("bpnd",), description="Delivery of the tracer relative to the reference (R1).",
)  # fmt: skip
OUTPUTS = (_MAP, _VARIANCE, _DELIVERY)
GROUP = _MAP
METHODS = (
    "Maps of the binding potential (BPnd) were estimated voxel by voxel by a reference tissue model in two passes "
    "[@Gunn1997; @Wu2002]. Lower values mean that less of the receptor is available to the tracer: competition of "
    "transmitters, fewer receptors, or another affinity; the scan does not tell them apart."
)

_FEW = 0.01
"""Share of voxels at a border that is not worth a word."""

_BORDER = f"they reach a border of k2a ({reference.SLOWEST:g} to {reference.FASTEST:g}/min)"


def measure(curves: Curves, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield maps of the binding potential, of its variance where the model has one, and of relative delivery.

    Raises
    ------
    NotMeasurableError
        If no voxel has a fit, or the model needs k2' and no voxel tells it.
    """
    found = _binding_models.binding(curves, options)
    known = np.isfinite(found.bp)
    if not known.any():
        raise NotMeasurableError("no voxel has a fit within the bounds of k2a")
    about: dict[str, object] = {
        **_binding_models.said_of(options, found), **curves.about,
        "ShareAtBorder": float(found.bounded.mean()), "ShareNegative": float((found.bp[known] < 0).mean()),
    }  # fmt: skip
    if (border := float(found.bounded.mean())) > _FEW:
        about["NotAvailable"] = {f"BPnd of {100 * border:.1f} % of the voxels": _BORDER}
    yield Feature(_MAP, found.bp.astype(np.float32), "bpnd", about)
    if np.isfinite(found.error).any():
        yield Feature(_VARIANCE, (found.error**2).astype(np.float32), "bpnd", about)
    yield Feature(_DELIVERY, found.r1.astype(np.float32), "bpnd", about)


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield what the one scan of a session has: injections are not averaged."""
    if len(runs) == 1:
        yield from runs[0]
