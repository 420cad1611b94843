"""A linear model of an optical series: prewhitened, and robust against what motion leaves (AR-IRLS).

Barker 2013, doi:10.1364/BOE.4.001366, with one change: the autoregressive noise is itself fitted robustly
(`autoregression`), for a few spikes would spoil it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.optics.autoregression import (
    NEAR,
    TUKEY,
    RobustFit,
    autoregression,
    robust_regression,
    whitened,
)

Floats = NDArray[np.float64]

ROUNDS = 10
"""Times that noise and coefficients are estimated in turn."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesFit:
    """Coefficients of one series, (columns,), with their covariance, the order of the noise, and degrees of freedom."""

    coefficients: Floats
    covariance: Floats
    order: int
    df: int
    outliers: float
    """Share of samples that count nothing."""


class Effect(NamedTuple):
    """One contrast of a series: its size, standard error, and t."""

    size: float
    error: float
    t: float


def fit(series: Floats, design: Floats, most: int) -> SeriesFit:
    """Fit one series, (samples,), by a design, (samples, columns); `most` is the largest order of the noise."""
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    x = design / scale
    found = np.linalg.lstsq(x, series, rcond=None)[0]
    model: RobustFit | None = None
    noise = np.zeros(1)
    for _ in range(ROUNDS):
        noise = autoregression(series - x @ found, most)
        model = robust_regression(whitened(series, noise), whitened(x, noise))
        done = np.abs(model.coefficients - found).max() <= np.sqrt(NEAR) * max(np.abs(found).max(), 1e-300)
        found = model.coefficients
        if done:
            break
    assert model is not None
    covariance = _covariance(model, whitened(x, noise)) / np.outer(scale, scale)
    return SeriesFit(
        coefficients=found / scale, covariance=covariance, order=len(noise),
        df=len(series) - len(noise) - int(np.linalg.matrix_rank(x)), outliers=float((model.weights == 0).mean()),
    )  # fmt: skip


def _covariance(model: RobustFit, x: Floats) -> Floats:
    """Return the covariance of a robust regression (Huber 1981, first form), (columns, columns)."""
    rows, columns = x.shape
    u = model.residuals / (TUKEY * max(model.scale, 1e-300))
    inside = np.abs(u) < 1
    slope = np.where(inside, (1 - u**2) * (1 - 5 * u**2), 0.0)
    middle = float(slope.mean())
    correction = 1 + columns / rows * float(slope.var()) / middle**2
    spread = float(((model.weights * model.residuals) ** 2).sum()) / (rows - columns)
    return np.asarray(correction**2 * spread / middle**2 * np.linalg.pinv(x.T @ x))


def effect(fitted: SeriesFit, weights: Floats) -> Effect:
    """Return a contrast, (columns,), of a fitted series."""
    size, error = float(weights @ fitted.coefficients), float(np.sqrt(weights @ fitted.covariance @ weights))
    return Effect(size, error, size / error if error > 0 else float("nan"))


def fit_all(series: Floats, design: Floats, most: int, threads: int = 1) -> list[SeriesFit]:
    """Fit every series, (samples, n), by one design; results do not depend on `threads`."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda column: fit(np.ascontiguousarray(column), design, most), series.T))


def short_components(series: Floats, count: int) -> Floats:
    """Return the first components of short channels of one chromophore, (samples, count), of unit variance.

    Parameters
    ----------
    series : (samples, channels)
        Channels so short that light reaches the scalp alone.
    """
    centred = series - series.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = centred[:, spread > 0] / spread[spread > 0]
    if not scaled.size:
        return np.zeros((len(series), 0))
    left, _, _ = np.linalg.svd(scaled, full_matrices=False)
    found = left[:, : min(count, left.shape[1])]
    # The sign of a component is arbitrary; that of its sum of loadings makes it the same on every machine.
    signs = np.sign((found.T @ scaled).sum(axis=1))
    return np.asarray(found * np.where(signs == 0, 1.0, signs) * np.sqrt(len(series)))


def mean_over(effects: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
    """Return the mean of effects weighted by the inverse of their variance, and its error."""
    weights = 1 / np.asarray(errors, dtype=np.float64) ** 2
    return float(weights @ np.asarray(effects) / weights.sum()), float(weights.sum() ** -0.5)


def pooled(found: Mapping[int, tuple[float, float]]) -> tuple[float, float]:
    """Return effect and error over runs or channels that have both finite; NaN where none has."""
    known = [(e, s) for e, s in found.values() if np.isfinite(e) and np.isfinite(s) and s > 0]
    return mean_over(*zip(*known, strict=True)) if known else (float("nan"), float("nan"))
