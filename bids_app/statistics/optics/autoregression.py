"""Autoregressive noise of optical series, fitted so that a few jumps and spikes do not decide it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TUKEY = 4.685
"""Standard deviations beyond which a residual counts nothing; 95 % as efficient as least squares in Gaussian noise."""

ROUNDS = 50
"""Steps of a robust regression."""

NEAR = 1e-6
"""Change of coefficients, as a share of their size, at which iterations end."""

FEWEST_ROWS = 5
"""Rows that a coefficient needs."""


class RobustFit(NamedTuple):
    """Coefficients, (columns,); residuals, weights and the scale of residuals of a robust regression."""

    coefficients: Floats
    residuals: Floats
    weights: Floats
    scale: float


def scale_of(residuals: Floats) -> float:
    """Return the standard deviation of residuals, (samples,), by their median absolute value."""
    return float(np.median(np.abs(residuals)) / 0.6744897501960817)


def bisquare(residuals: Floats, scale: float) -> Floats:
    """Return Tukey's weights of residuals, (samples,), 0 to 1."""
    u = residuals / (TUKEY * max(scale, 1e-300))
    return np.where(np.abs(u) < 1, (1 - u**2) ** 2, 0.0)


def robust_regression(y: Floats, x: Floats) -> RobustFit:
    """Regress y (rows,) on x (rows, columns) by iterated weights of Tukey, from least squares on."""
    # With orthonormal columns the weighted normal equations are safe, and take a fraction of the time.
    basis, triangle = np.linalg.qr(x)
    found = basis.T @ y
    rest = y - basis @ found
    for _ in range(ROUNDS):
        weighted = basis * bisquare(rest, scale_of(rest))[:, None]
        after = np.asarray(np.linalg.lstsq(weighted.T @ basis, weighted.T @ y, rcond=None)[0], dtype=np.float64)
        rest = y - basis @ after
        done = np.abs(after - found).max() <= NEAR * max(np.abs(after).max(), 1e-300)
        found = after
        if done:
            break
    scale = scale_of(rest)
    coefficients = np.asarray(np.linalg.lstsq(triangle, found, rcond=None)[0], dtype=np.float64)
    return RobustFit(coefficients, rest, bisquare(rest, scale), scale)


def lagged(values: Floats, order: int) -> Floats:
    """Return the values before each sample from number `order` on, (samples - order, order), the last one first."""
    windows = np.lib.stride_tricks.sliding_window_view(values[:-1], order)
    return np.asarray(windows[:, ::-1])


def whitened(values: Floats, coefficients: Floats) -> Floats:
    """Return values, (samples,) or (samples, columns), less what those before predict; the first ones are left out."""
    order = len(coefficients)
    found = values[order:].copy()
    for lag, one in enumerate(coefficients, 1):
        found -= one * values[order - lag : len(values) - lag]
    return np.asarray(found)


def best_order(values: Floats, rows: NDArray[np.bool_], most: int) -> int:
    """Return the order, 1 to `most`, of the smallest Bayesian information criterion.

    Parameters
    ----------
    values : (samples,)
    rows : (samples - most,) bool
        Which samples count, of those from number `most` on; all orders are compared on the same.
    """
    lags, y = lagged(values, most)[rows], values[most:][rows]
    # One triangular decomposition has the residual sum of squares of every order.
    explained = np.cumsum((np.linalg.qr(lags)[0].T @ y) ** 2)
    left = np.maximum(y @ y - explained, 1e-300)
    orders = np.arange(1, most + 1)
    return int(orders[np.argmin(len(y) * np.log(left / len(y)) + (orders + 1) * np.log(len(y)))])


def autoregression(values: Floats, most: int) -> Floats:
    """Return the coefficients of the noise, (order,), its order by the Bayesian information criterion.

    Samples whose innovation is an outlier are found first; rows that hold one among their lags are left out, for a
    spike would stand there as often as the model is long, and pull every coefficient to 0.

    Parameters
    ----------
    values : (samples,)
        Residuals of a linear model.
    most : int
        Largest order, at least 1.
    """
    most = max(1, min(most, len(values) // (2 * FEWEST_ROWS)))
    # A first difference shows jumps and spikes whatever the noise is.
    steps = np.diff(values, prepend=values[:1])
    outlier = bisquare(steps - np.median(steps), scale_of(steps - np.median(steps))) == 0
    rows = _clean_rows(outlier, most)
    order = best_order(values, rows, most)
    x, y = lagged(values, most)[rows][:, :order], values[most:][rows]
    return robust_regression(y, x).coefficients


def _clean_rows(outlier: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Return which samples from number `most` on have no outlier at or before them; all, if too few are left."""
    counts = np.cumsum(np.append(0, outlier))
    clean = counts[most + 1 :] - counts[: -most - 1] == 0
    return clean if clean.sum() >= FEWEST_ROWS * (most + 1) else np.ones(len(clean), dtype=bool)
