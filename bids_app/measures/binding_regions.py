"""Binding potential of regions: how much of a receptor is available, by a reference tissue model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.statistics.kinetics import reference
from bids_app.statistics.kinetics.graphical import logan
from bids_app.vocabulary.curves import Curves
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """Options of `[measures.binding_regions]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    model: Annotated[
        Literal["srtm", "srtm2", "mrtm1", "mrtm2", "logan", "suvr"],
        Doc("Model of the binding potential; suvr is a ratio of uptake and no binding potential (FDG)."),
    ] = "srtm"
    k2prime: Annotated[
        float, Ge(0), Doc("Efflux of the reference; 0: the median of regions that bind, by srtm.", "1/min")
    ] = 0.0
    t_star: Annotated[float, Gt(0), Doc("Minutes from which on the Logan plot is straight.", "min")] = 30.0
    uptake: Annotated[tuple[float, float], Doc("Minutes that a ratio of uptake is taken from.", "min")] = (60.0, 90.0)


CLEANING, TAKES, TITLE = "regions", "curves", "Binding potential of regions"
_TABLE = Output(
    name="binding", kind="table", suffix="kinpar", units="1", entities={"stat": "binding"}, entity="meas",
    labels=("bpnd",), noun="the binding potential", definite=True, scale="BPnd",
    description="Binding potential (BPnd) of each region, with a second model beside it.",
)  # fmt: skip
_FIT = Output(
    name="fit", kind="series", suffix="tacs", units="those of the table", entities={"desc": "fit"},
    description="Curves of regions, and what the simplified reference tissue model makes of them.",
)  # fmt: skip
OUTPUTS = (_TABLE, _FIT)
GROUP = _TABLE
METHODS = (
    "The binding potential (BPnd) of regions was estimated by a reference tissue model [@Lammertsma1996; @Gunn1997], "
    "with the Logan plot beside it [@Logan1996]. Lower values mean that less of the receptor is available to the "
    "tracer: competition of transmitters, fewer receptors, or another affinity; the scan does not tell them apart."
)

_BINDS = 0.5
"""BPnd from which on a region tells the efflux of the reference."""


def measure(curves: Curves, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of regions, and their curves with fits.

    Raises
    ------
    NotMeasurableError
        If most regions have less than the reference: it is not the right one.
    """
    frames, targets, weights = curves.frames, curves.values, curves.weights
    known = reference.bases(frames, curves.reference, weights)
    fitted = reference.srtm(known, targets)
    k2prime = options.k2prime or _k2prime(fitted)
    second = logan(frames, curves.reference, targets, weights, options.t_star, k2prime)
    binding, error = _chosen(curves, known, fitted, second.bp, k2prime, options)
    negative = float((binding < 0).mean())
    if options.model != "suvr" and negative > 0.5:
        raise NotMeasurableError(
            f"BPnd is negative in {round(negative * len(binding))} of {len(binding)} regions (median "
            f"{np.nanmedian(binding):.2f}): the reference holds binding, or is not the right region"
        )
    names = curves.domain.names
    table = {
        "region": list(names), "bpnd": binding, "se": error, "r1": fitted.r1, "k2": fitted.k2,
        "k2prime": np.full(len(names), k2prime or np.nan), "bpnd_logan": second.bp,
        "logan_farthest": second.farthest, "status": np.where(fitted.bounded, "at a border of k2a", "fitted").tolist(),
    }  # fmt: skip
    about = {"Model": options.model, "KTwoPrime": k2prime, "TStar": options.t_star, **curves.about}
    if lost := [name for name, out in zip(names, fitted.bounded, strict=True) if out]:
        about["NotAvailable"] = {"BPnd of " + ", ".join(lost): "the fit reaches the border of k2a"}
    yield Feature(_TABLE, table, "bpnd", about)
    yield Feature(_FIT, _courses(curves, known, fitted), "fit", {"Model": "srtm"})


def _k2prime(fitted: reference.BindingEstimate) -> float | None:
    """Return the median efflux of the reference over regions that bind; nothing where none does."""
    tells = (fitted.bp > _BINDS) & ~fitted.bounded & (fitted.r1 > 0)
    return float(np.median(fitted.k2[tells] / fitted.r1[tells])) if tells.any() else None


def _chosen(
    curves: Curves, known: reference.Bases, fitted: reference.BindingEstimate, second: Floats, k2prime: float | None,
    options: Options,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return the binding potential by the model that was asked for, and its standard error where there is one.

    Raises
    ------
    NotMeasurableError
        If it needs the efflux of the reference, and no region tells it.
    """
    frames, targets, weights = curves.frames, curves.values, curves.weights
    nothing = np.full(targets.shape[1], np.nan)
    if options.model == "suvr":
        return reference.uptake_ratio(frames, curves.reference, targets, *options.uptake), nothing
    if options.model == "mrtm1":
        return reference.mrtm1(frames, curves.reference, targets, weights), nothing
    if options.model == "srtm":
        return fitted.bp, fitted.error
    if options.model == "logan":
        return second, nothing
    if k2prime is None:
        raise NotMeasurableError("no region binds enough to tell k2'; give it: measures.binding_regions.k2prime")
    if options.model == "srtm2":
        found = reference.srtm2(known, targets, k2prime)
        return found.bp, found.error
    return reference.mrtm2(frames, curves.reference, targets, weights, k2prime), nothing


def _courses(
    curves: Curves, known: reference.Bases, fitted: reference.BindingEstimate
) -> dict[str, object]:  # fmt: skip
    """Return measured and fitted activity of each region, one row a frame."""
    made = reference.modelled(known, fitted)
    columns: dict[str, object] = {
        "frame_start": (60 * curves.frames.start).tolist(), "frame_end": (60 * curves.frames.end).tolist(),
        "reference": curves.reference.tolist(), "weight": curves.weights.tolist(),
    }  # fmt: skip
    for i, name in enumerate(curves.domain.names):
        columns |= {name: curves.values[:, i].tolist(), f"{name}_fit": made[:, i].tolist()}
    return columns


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield what the one scan of a session has: injections are not averaged."""
    if len(runs) == 1:
        yield from (feature for feature in runs[0] if feature.output is _TABLE)


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (regions,) values of a table on disk; each region stands alone."""
    values = np.array(["nan" if word == "n/a" else word for word in table["bpnd"]], dtype=np.float64)
    return Values(Sites(names=tuple(table["region"]), unit="region"), values)
