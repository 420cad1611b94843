"""Reference tissue models: binding potential from the curves of a target and of tissue without receptors.

SRTM: Lammertsma & Hume 1996 (doi:10.1006/nimg.1996.0066), by basis functions: Gunn 1997 (doi:10.1006/nimg.1997.0303).
SRTM2: Wu & Carson 2002 (doi:10.1097/01.WCB.0000033967.83623.34). MRTM1 and MRTM2: Ichise 2003
(doi:10.1097/01.WCB.0000085441.37552.CA). C_T = R1 C_R + (k2 - R1 k2a) C_R * exp(-k2a t), k2a = k2 / (1 + BP).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.kinetics.frames import convolved, fine_curve, integrals
from bids_app.vocabulary.curves import Floats, Frames

BASES, SLOWEST, FASTEST = 128, 0.006, 0.6
"""Basis functions, and k2a (1/min) of the first and of the last."""

_NOTHING = 1e-9
"""Share of a curve's sum of squares that a basis function must explain to count."""

TILE = 16_384
"""Curves fitted at a time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class BindingEstimate:
    """What a model says of each curve, (n,) each; NaN where it cannot be told.

    Attributes
    ----------
    bp, r1 : (n,)
        Binding potential and relative delivery.
    k2, k2a : (n,) 1/min
    error : (n,)
        Standard error of `bp` by the delta method.
    residual : (n,)
        Weighted standard deviation of what the model leaves.
    bounded : (n,) bool
        True where the best basis function is the first or the last: nothing is told of such a curve.
    """

    bp: Floats
    r1: Floats
    k2: Floats
    k2a: Floats
    error: Floats
    residual: Floats
    bounded: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Bases:
    """The reference curve and its convolutions, weighted by the square roots of `weights`.

    Attributes
    ----------
    rates : (bases,) 1/min
        Spaced evenly in the logarithm.
    reference : (frames,)
    curves : (bases, frames)
    weights : (frames,)
    """

    rates: Floats
    reference: Floats
    curves: Floats
    weights: Floats


def bases(frames: Frames, reference: Floats, weights: Floats, count: int = BASES) -> Bases:
    """Return the basis functions of a reference curve, (frames,), under weights, (frames,)."""
    rates = np.geomspace(SLOWEST, FASTEST, count)
    made = convolved(fine_curve(frames, reference), rates)
    root = np.sqrt(weights)
    return Bases(rates=rates, reference=root * reference, curves=(made * root[:, None]).T, weights=weights)


def srtm(known: Bases, targets: Floats) -> BindingEstimate:
    """Fit the simplified reference tissue model to every curve, (frames, n)."""
    return _tiled(known, targets, None)


def srtm2(known: Bases, targets: Floats, k2prime: float) -> BindingEstimate:
    """Fit the model with the same efflux of the reference, k2' (1/min), in every curve, (frames, n)."""
    return _tiled(known, targets, k2prime)


def _tiled(known: Bases, targets: Floats, k2prime: float | None) -> BindingEstimate:
    root = np.sqrt(known.weights)[:, None]
    parts = [
        _fitted(known, root * targets[:, start : start + TILE], k2prime) for start in range(0, targets.shape[1], TILE)
    ]
    names = BindingEstimate.__dataclass_fields__
    return BindingEstimate(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


@dataclass(frozen=True, eq=False, kw_only=True)
class _Place:
    """Where between basis functions the best one of each curve lies.

    Attributes
    ----------
    near : (3, n) int
        The three neighbours on the grid of rates.
    share, slope : (3, n)
        Weights that give the basis function there, and its derivative by k2a, from the neighbours'.
    k2a : (n,)
    bounded : (n,) bool
    """

    near: NDArray[np.intp]
    share: Floats
    slope: Floats
    k2a: Floats
    bounded: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Fit:
    """Coefficients of the reference and of the basis function, the parameters, and what is left, (n,) each."""

    r1: Floats
    theta: Floats
    bp: Floats
    k2: Floats
    left: Floats


def _fitted(known: Bases, y: Floats, k2prime: float | None) -> BindingEstimate:
    """Fit weighted curves, (frames, n): the best basis function, a parabola between neighbours, the fit there."""
    c, b = known.reference, known.curves
    cy, by, yy = c @ y, b @ y, (y**2).sum(axis=0)
    place = _placed(known, _scores(known, cy, by, k2prime), yy)
    column = np.arange(y.shape[1])
    own_by = (place.share * by[place.near, column]).sum(axis=0)
    fit = _solved_at(known, place, cy, own_by, yy, k2prime)
    free = max(len(known.weights) - (3 if k2prime is None else 2), 1)
    residual = np.sqrt(np.maximum(fit.left, 0) / free)
    missing = place.bounded | ~np.isfinite(fit.bp) | (yy == 0)
    values = {
        "bp": fit.bp, "r1": fit.r1, "k2": fit.k2, "k2a": place.k2a, "residual": residual,
        "error": residual * _unit_error(known, place, fit, k2prime),
    }  # fmt: skip
    told = {name: np.where(missing, np.nan, one) for name, one in values.items()}
    return BindingEstimate(**told, bounded=place.bounded)


def _scores(known: Bases, cy: Floats, by: Floats, k2prime: float | None) -> Floats:
    """Return how much of each curve every basis function explains beside the reference, (bases, n)."""
    c, b = known.reference, known.curves
    cc, bc, bb = float(c @ c), b @ c, (b**2).sum(axis=1)
    if k2prime is None:
        spare = np.maximum(bb - bc**2 / cc, 1e-300)
        return np.asarray((by - (bc / cc)[:, None] * cy) ** 2 / spare[:, None])
    gain = k2prime - known.rates
    norm = cc + 2 * gain * bc + gain**2 * bb
    return np.asarray((cy + gain[:, None] * by) ** 2 / norm[:, None])


def _placed(known: Bases, score: Floats, yy: Floats) -> _Place:
    """Return the vertex of the parabola through the best score and its neighbours, in the logarithm of the rate."""
    rates, column = known.rates, np.arange(score.shape[1])
    best = np.argmax(score, axis=0)
    middle = np.clip(best, 1, len(rates) - 2)
    left, top, right = (score[middle + shift, column] for shift in (-1, 0, 1))
    bend = left - 2 * top + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0).clip(-1, 1)
    width = np.log(rates[1] / rates[0])
    k2a = rates[middle] * np.exp(width * shift)
    # A curve that is the reference times a number has no rate to tell, and a binding potential all the same.
    told = score[best, column] > _NOTHING * yy
    return _Place(
        near=np.stack([middle - 1, middle, middle + 1]),
        share=np.stack([shift * (shift - 1) / 2, 1 - shift**2, shift * (shift + 1) / 2]),
        slope=np.stack([shift - 0.5, -2 * shift, shift + 0.5]) / width / k2a,
        k2a=k2a,
        bounded=told & ((best == 0) | (best == len(rates) - 1)),
    )


def _solved_at(
    known: Bases, place: _Place, cy: Floats, by: Floats, yy: Floats, k2prime: float | None
) -> _Fit:  # fmt: skip
    """Return the least-squares fit of the basis function at its place, whose product with each curve is `by`."""
    c, b = known.reference, known.curves
    cc, gram = float(c @ c), b @ b.T
    bc = (place.share * (b @ c)[place.near]).sum(axis=0)
    bb = np.einsum("in,jn,ijn->n", place.share, place.share, gram[place.near[:, None], place.near[None]])
    if k2prime is None:
        det = cc * bb - bc**2
        r1, theta = (bb * cy - bc * by) / det, (cc * by - bc * cy) / det
        left = yy - r1 * cy - theta * by
        return _Fit(r1=r1, theta=theta, bp=r1 + theta / place.k2a - 1, k2=theta + r1 * place.k2a, left=left)
    gain = k2prime - place.k2a
    norm = cc + 2 * gain * bc + gain**2 * bb
    r1 = (cy + gain * by) / norm
    k2 = r1 * k2prime
    return _Fit(r1=r1, theta=r1 * gain, bp=k2 / place.k2a - 1, k2=k2, left=yy - r1**2 * norm)


def _unit_error(known: Bases, place: _Place, fit: _Fit, k2prime: float | None) -> Floats:
    """Return the standard error of BP where what the model leaves has a standard deviation of 1, (n,)."""
    own, slope = (np.einsum("jn,jnf->fn", weights, known.curves[place.near]) for weights in (place.share, place.slope))
    reference = np.broadcast_to(known.reference[:, None], own.shape)
    if k2prime is None:
        columns = np.stack([reference, own, fit.theta * slope])
        gradient = np.stack([np.ones_like(fit.r1), 1 / place.k2a, -fit.theta / place.k2a**2])
    else:
        gain = k2prime - place.k2a
        columns = np.stack([reference + gain * own, fit.r1 * (gain * slope - own)])
        gradient = np.stack([k2prime / place.k2a, -fit.r1 * k2prime / place.k2a**2])
    information = np.einsum("ifn,jfn->nij", columns, columns)
    size = np.sqrt(np.maximum(np.einsum("nii->ni", information), 1e-300))
    inverse = np.linalg.pinv(information / (size[:, :, None] * size[:, None, :]), hermitian=True)
    direction = gradient.T / size
    return np.asarray(np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", direction, inverse, direction), 0)))


def modelled(known: Bases, found: BindingEstimate) -> Floats:
    """Return the curves that fits of SRTM make, (frames, n); NaN where there is no fit."""
    logs = np.log(known.rates)
    place = np.interp(np.log(np.nan_to_num(found.k2a, nan=known.rates[0])), logs, np.arange(len(logs)))
    middle = np.clip(np.round(place).astype(int), 1, len(logs) - 2)
    shift = place - middle
    share = np.stack([shift * (shift - 1) / 2, 1 - shift**2, shift * (shift + 1) / 2])
    own = np.einsum("jn,jnf->fn", share, known.curves[np.stack([middle - 1, middle, middle + 1])])
    theta = found.k2 - found.r1 * found.k2a
    root = np.sqrt(np.where(known.weights > 0, known.weights, np.nan))[:, None]
    return np.asarray((found.r1 * known.reference[:, None] + theta * own) / root)


def mrtm1(frames: Frames, reference: Floats, targets: Floats, weights: Floats, first: float = 0.0) -> Floats:
    """Return the binding potential of each curve by the multilinear model of three terms, (n,).

    Parameters
    ----------
    reference : (frames,)
    targets : (frames, n)
    weights : (frames,)
    first : float
        Minutes from which on frames are used.
    """
    of_reference = integrals(frames, reference[:, None]).middle[:, 0]
    of_targets = integrals(frames, targets).middle
    columns = [np.broadcast_to(of_reference[:, None], targets.shape), of_targets,
               np.broadcast_to(reference[:, None], targets.shape)]  # fmt: skip
    found = _solved(columns, targets, np.where(frames.middle >= first, weights, 0.0))
    return np.asarray(-found[0] / found[1] - 1)


def mrtm2(
    frames: Frames, reference: Floats, targets: Floats, weights: Floats, k2prime: float | Floats, first: float = 0.0
) -> Floats:  # fmt: skip
    """Return the same with k2' (1/min) given, for all curves or for each, (n,); for the others see `mrtm1`."""
    of_reference = integrals(frames, reference[:, None]).middle + reference[:, None] / np.atleast_1d(k2prime)
    of_targets = integrals(frames, targets).middle
    columns = [np.broadcast_to(of_reference, targets.shape), of_targets]
    found = _solved(columns, targets, np.where(frames.middle >= first, weights, 0.0))
    return np.asarray(-found[0] / found[1] - 1)


def _solved(columns: list[Floats], y: Floats, weights: Floats) -> list[Floats]:
    """Return the coefficients of weighted least squares of every curve by itself, (n,) for each column."""
    x = np.stack(columns) * np.sqrt(weights)[:, None]
    target = y * np.sqrt(weights)[:, None]
    scale = np.sqrt((x**2).sum(axis=1))
    scale[scale == 0] = 1.0
    x = x / scale[:, None]
    normal = np.einsum("ifn,jfn->nij", x, x)
    right = np.einsum("ifn,fn->ni", x, target)
    found = np.linalg.solve(normal, right[:, :, None])[:, :, 0].T
    return [np.asarray(own / size) for own, size in zip(found, scale, strict=True)]


def uptake_ratio(frames: Frames, reference: Floats, targets: Floats, first: float, last: float) -> Floats:
    """Return the ratio of uptake (SUVR) of frames that lie between two times (min), weighted by duration, (n,).

    `reference` is (frames,), `targets` (frames, n). The ratio less 1 is no binding potential after a bolus.
    """
    inside = (frames.start >= first - 1e-6) & (frames.end <= last + 1e-6)
    share = frames.duration[inside] / frames.duration[inside].sum() if inside.any() else np.zeros(0)
    return (
        np.asarray((share @ targets[inside]) / (share @ reference[inside]))
        if inside.any()
        else np.full(targets.shape[1], np.nan)
    )
