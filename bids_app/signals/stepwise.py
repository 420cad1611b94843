"""Cleaning in two steps, regression and then a band-pass filter, as most of the literature did it.

For replication alone: the filter brings back noise that the regression took out (Lindquist 2019,
doi:10.1002/hbm.24528).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bids_app.signals.projection import Matrix, remaining_basis


@dataclass(frozen=True, eq=False)
class Stepwise:
    """Cleaned series are `basis` times the products of `weights` with the series, both (frames, n).

    `df_res` are the degrees of freedom that white noise has after both steps (Satterthwaite).
    """

    basis: Matrix
    weights: Matrix
    df_res: int


def regress_then_filter(confounds: Matrix, stop: Matrix) -> Stepwise:
    """Return what two steps do to a series.

    Parameters
    ----------
    confounds : (frames, n)
        Regressed out first, the constant among them.
    stop : (frames, n)
        Sines and cosines that the filter takes out of the residuals; with none it takes the constant alone.

    Notes
    -----
    With the projections R = B B' of the regression and F = P P' of the filter, F R = P (P'B) B'; the singular values of
    the small matrix in the middle say how much of each direction passes both.
    """
    everything = np.ones(len(confounds), dtype=bool)
    regressed = remaining_basis(confounds, everything)
    passed = remaining_basis(np.column_stack([np.ones(len(confounds)), stop]), everything)
    left, passing, right = np.linalg.svd(passed.T @ regressed, full_matrices=False)
    kept = passing > 1e-9
    power = passing[kept] ** 2
    df_res = int(power.sum() ** 2 / (power**2).sum() + 1e-9) if kept.any() else 0
    return Stepwise(passed @ left[:, kept], regressed @ (right[kept].T * passing[kept]), df_res)
