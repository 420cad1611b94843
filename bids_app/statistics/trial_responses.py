"""The response to every single trial, of which a beta series is made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def together(series: Floats, trials: Floats, rest: Floats) -> Floats:
    """Return the response to each trial from one model that has a column for each, (trials, n): least squares, all.

    Parameters
    ----------
    series : (frames, n)
    trials : (frames, trials)
        Each trial convolved with the response function.
    rest : (frames, m)
        Other conditions, constant, drift and confounds.
    """
    series, trials = _without(rest, series), _without(rest, trials)
    return np.asarray(np.linalg.lstsq(trials, series, rcond=None)[0])


def separately(series: Floats, trials: Floats, rest: Floats) -> Floats:
    """Return the response to each trial from a model of its own, (trials, n): that trial, all others in one column.

    Trials that follow each other closely share most of their columns: one model of all would give estimates that swing
    against each other. Source: Mumford 2012, doi:10.1016/j.neuroimage.2011.08.076. For what is given see `together`.
    """
    series, trials = _without(rest, series), _without(rest, trials)
    others = trials.sum(axis=1, keepdims=True) - trials
    own, cross, far = (np.einsum("ft,ft->t", a, b) for a, b in ((trials, trials), (trials, others), (others, others)))
    first, second = trials.T @ series, others.T @ series
    determinant = own * far - cross**2
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (far[:, None] * first - cross[:, None] * second) / determinant[:, None]
    # A trial that looks like the sum of the others to rounding has no response of its own.
    return np.where((determinant > 1e-10 * own * far)[:, None], found, np.nan)


def _without(rest: Floats, columns: Floats) -> Floats:
    """Return columns less what others explain of them, (frames, n)."""
    scale = np.linalg.norm(rest, axis=0)
    rest = rest[:, scale > 0] / scale[scale > 0]
    left, values, _ = np.linalg.svd(rest, full_matrices=False)
    basis = left[:, values > 1e-10 * values.max(initial=0.0)]
    return np.asarray(columns - basis @ (basis.T @ columns))
