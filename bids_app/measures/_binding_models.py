"""Models of binding potential that measures of regions and of voxels share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.statistics.kinetics import reference
from bids_app.statistics.kinetics.graphical import LoganEstimate, logan
from bids_app.vocabulary.curves import Curves
from bids_app.vocabulary.options.describe import Doc

Floats = NDArray[np.float64]

Model = Literal["srtm", "srtm2", "mrtm1", "mrtm2", "logan"]

BINDS = 0.5
"""BPnd from which on a curve tells the efflux of the reference."""


@dataclass(frozen=True)
class ModelOptions:
    """Options of every measure of binding potential."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    model: Annotated[Model, Doc("Reference tissue model of the binding potential.")] = "srtm"
    k2prime: Annotated[
        float, Ge(0), Doc("Efflux of the reference; 0: the median where BPnd by srtm exceeds 0.5.", "1/min")
    ] = 0.0
    t_star: Annotated[float, Gt(0), Doc("Minutes from which on the Logan plot is straight.", "min")] = 30.0


class Binding(NamedTuple):
    """Binding potential of every curve by the chosen model, (n,), with its standard error where there is one.

    `known` and `fitted` are the basis functions and SRTM, which every model begins with; `k2prime` is in 1/min.
    """

    bp: Floats
    error: Floats
    r1: Floats
    bounded: NDArray[np.bool_]
    k2prime: float | None
    known: reference.Bases
    fitted: reference.BindingEstimate


def binding(curves: Curves, options: ModelOptions) -> Binding:
    """Fit the model that was asked for to every curve.

    Raises
    ------
    NotMeasurableError
        If it needs the efflux of the reference, and no curve tells it.
    """
    frames, targets, weights = curves.frames, curves.values, curves.weights
    known = reference.bases(frames, curves.reference, weights)
    fitted = reference.srtm(known, targets)
    k2prime = options.k2prime or _k2prime(fitted)
    nothing = np.full(targets.shape[1], np.nan)
    best = Binding(fitted.bp, fitted.error, fitted.r1, fitted.bounded, k2prime, known, fitted)
    if options.model == "srtm":
        return best
    free = np.zeros(targets.shape[1], dtype=bool)
    if options.model == "mrtm1":
        found = reference.mrtm1(frames, curves.reference, targets, weights)
        return best._replace(bp=found, error=nothing, bounded=free)
    if options.model == "logan":
        return best._replace(bp=second(curves, options, k2prime).bp, error=nothing, bounded=free)
    if k2prime is None:
        raise NotMeasurableError(f"no BPnd exceeds {BINDS}, so nothing tells k2'; give it (option k2prime)")
    if options.model == "mrtm2":
        found = reference.mrtm2(frames, curves.reference, targets, weights, k2prime)
        return best._replace(bp=found, error=nothing, bounded=free)
    two = reference.srtm2(known, targets, k2prime)
    return best._replace(bp=two.bp, error=two.error, r1=two.r1, bounded=two.bounded)


def second(curves: Curves, options: ModelOptions, k2prime: float | None) -> LoganEstimate:
    """Return the Logan plot of every curve, which needs no bounds; without the term of k2' (1/min) where it is None."""
    return logan(curves.frames, curves.reference, curves.values, curves.weights, options.t_star, k2prime)


def _k2prime(fitted: reference.BindingEstimate) -> float | None:
    """Return the median efflux of the reference over curves that bind; nothing where none does."""
    tells = (fitted.bp > BINDS) & ~fitted.bounded & (fitted.r1 > 0)
    return float(np.median(fitted.k2[tells] / fitted.r1[tells])) if tells.any() else None


def said_of(options: ModelOptions, found: Binding) -> dict[str, object]:
    """Return what sidecars say of the model."""
    source = "given" if options.k2prime else "median of SRTM where BPnd exceeds 0.5"
    return {"Model": options.model, "KTwoPrime": found.k2prime, "KTwoPrimeSource": source, "TStar": options.t_star}
