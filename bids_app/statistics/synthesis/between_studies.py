"""How much the effects of studies vary beyond chance (tau²): the estimators of the field.

All take effects and sampling variances of (studies, elements), NaN where a study has none at an element, and return
(elements,). With w = 1 / v, or 1 / (v + tau²) where that is meant, and all sums over studies:

    Q  = Σ w (y - mu)²,                     mu = Σ w y / Σ w
    DL = (Q - (k - 1)) / (Σ w - Σ w² / Σ w)            DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2
    HE = variance of y - mean of v                     Hedges 1983, doi:10.1037/0033-2909.93.2.388
    PM : Q(tau²) = k - 1                               Paule & Mandel 1982, doi:10.6028/jres.087.022
    ML, REML : the largest (restricted) likelihood, by Fisher scoring; see Viechtbauer 2005,
               doi:10.3102/10769986030003261
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 400
"""Of the iterated estimators; all studies of the field need some dozens."""

NEAR = 1e-12
"""Share of the typical variance by which an estimate may still move."""


def known(effects: Floats, variances: Floats) -> NDArray[np.bool_]:
    """Tell where a study has an effect and how exact it is; both are (studies, elements)."""
    return np.asarray(np.isfinite(effects) & np.isfinite(variances) & (variances > 0))


def weights(effects: Floats, variances: Floats, tau2: Floats | float = 0.0) -> Floats:
    """Return 1 / (v + tau²), (studies, elements), and 0 where a study has no effect."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known(effects, variances), 1 / (variances + tau2), 0.0)


def mean_and_q(effects: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean and the weighted squares around it, (elements,); inputs are (studies, elements)."""
    values = np.where(weight > 0, effects, 0.0)
    mean = (weight * values).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    return mean, (weight * (values - mean) ** 2).sum(axis=0)


def dersimonian_laird(effects: Floats, variances: Floats) -> Floats:
    """Return tau² by the moments of Q, (elements,); inputs are (studies, elements)."""
    weight = weights(effects, variances)
    _, q = mean_and_q(effects, weight)
    total = np.maximum(weight.sum(axis=0), 1e-300)
    room = total - (weight**2).sum(axis=0) / total
    return np.asarray(np.where(room > 0, np.maximum(0.0, q - _df(weight)) / np.where(room > 0, room, 1.0), 0.0))


def hedges(effects: Floats, variances: Floats) -> Floats:
    """Return tau² by the plain variance of the effects, (elements,); inputs are (studies, elements)."""
    there = known(effects, variances)
    k = np.maximum(there.sum(axis=0), 1)
    values = np.where(there, effects, 0.0)
    centred = np.where(there, values - values.sum(axis=0) / k, 0.0)
    spread = (centred**2).sum(axis=0) / np.maximum(k - 1, 1)
    return np.asarray(np.maximum(0.0, spread - np.where(there, variances, 0.0).sum(axis=0) / k))


def paule_mandel(effects: Floats, variances: Floats) -> Floats:
    """Return the tau² that makes Q as large as its df, (elements,); inputs are (studies, elements)."""

    def step(tau2: Floats) -> Floats:
        weight = weights(effects, variances, tau2)
        mean, q = mean_and_q(effects, weight)
        slope = (weight**2 * (np.where(weight > 0, effects, 0.0) - mean) ** 2).sum(axis=0)
        # Q falls ever less steeply: from 0 on the steps of Newton rise to the root and never beyond.
        return np.asarray((q - _df(weight)) / np.maximum(slope, 1e-300))

    return iterated(step, np.zeros(effects.shape[1]), variances)


def reml(effects: Floats, variances: Floats) -> Floats:
    """Return tau² by restricted likelihood, (elements,); inputs are (studies, elements)."""

    def step(tau2: Floats) -> Floats:
        weight = weights(effects, variances, tau2)
        mean, _ = mean_and_q(effects, weight)
        squares = (weight**2 * (np.where(weight > 0, effects, 0.0) - mean) ** 2).sum(axis=0)
        one, two, three = ((weight**power).sum(axis=0) for power in (1, 2, 3))
        one = np.maximum(one, 1e-300)
        information = two - 2 * three / one + (two / one) ** 2
        return np.asarray((squares - (one - two / one)) / np.maximum(information, 1e-300))

    return iterated(step, hedges(effects, variances), variances)


def maximum_likelihood(effects: Floats, variances: Floats) -> Floats:
    """Return tau² by the whole likelihood, (elements,), too small with few studies; inputs are (studies, elements)."""

    def step(tau2: Floats) -> Floats:
        weight = weights(effects, variances, tau2)
        mean, _ = mean_and_q(effects, weight)
        squares = (weight**2 * (np.where(weight > 0, effects, 0.0) - mean) ** 2).sum(axis=0)
        return np.asarray((squares - weight.sum(axis=0)) / np.maximum((weight**2).sum(axis=0), 1e-300))

    return iterated(step, hedges(effects, variances), variances)


def _none(effects: Floats, _: Floats) -> Floats:
    return np.zeros(effects.shape[1])


ESTIMATORS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "FE": _none, "DL": dersimonian_laird, "HE": hedges, "PM": paule_mandel, "REML": reml, "ML": maximum_likelihood,
}  # fmt: skip
"""By name; FE says that all studies have one effect."""


def _df(weight: Floats) -> Floats:
    return np.asarray((weight > 0).sum(axis=0) - 1.0)


def iterated(step: Callable[[Floats], Floats], tau2: Floats, variances: Floats) -> Floats:
    """Return where steps of an estimate, (places,), end, never below 0; a step that turns back is halved."""
    scale = np.nanmedian(np.where(variances > 0, variances, np.nan))
    before, share = np.zeros_like(tau2), np.ones_like(tau2)
    for _ in range(STEPS):
        move = step(tau2)
        share = np.where(move * before < 0, share / 2, np.minimum(1.0, share * 1.5))
        after = np.maximum(0.0, tau2 + share * move)
        if np.all(np.abs(after - tau2) <= NEAR * scale):
            return after
        before, tau2 = after - tau2, after
    return tau2
