"""Counts such as headache days: arms compared by the ratio of their rates, adjusted for the count before."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.ancova import ArmEstimate, OutcomeComparison, concluded
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

Values = NDArray[np.floating[Any]]


def compare_rates(
    after: Values, arm: Values, nuisance: Values, before: Values, scheme: Rerandomisation
) -> OutcomeComparison:
    """Compare counts of two arms by a Poisson model with robust standard errors.

    The model is log E(after) = arm + nuisance + log(before + 1/2). Its standard errors (HC1) hold whatever the
    spread of counts is. p is that of re-randomisation with the fit that holds without an effect of the arm, and the
    limits are the ratios that this test does not refuse (the ratio taken as known, an offset).

    Parameters
    ----------
    after, before : (n,)
        Counts of 0 or more.
    arm : (n,)
        1 active, 0 control.
    nuisance : (n, k)
        The constant, strata and covariates.

    Returns
    -------
    Comparison
        Of the logarithm of the ratio of rates.

    Raises
    ------
    WrongDataError
        If an arm has no count above zero, or the model cannot be fitted.
    """
    for side in (1, 0):
        if not after[arm == side].any():
            raise WrongDataError("An arm has no count above zero: the ratio of rates is not defined.")
    others = np.column_stack([nuisance, np.log(before + 0.5)])
    design = np.column_stack([arm, others])
    estimates = _fit(after, design)
    mean = np.exp(design @ estimates)
    bread = np.linalg.inv(design.T @ (design * mean[:, None]))
    scores = design * (after - mean)[:, None]
    df = len(after) - design.shape[1]
    error = float(np.sqrt((bread @ (scores.T @ scores) @ bread)[0, 0] * len(after) / df))
    labels = scheme.draw(0, scheme.total)

    def p(effect: float) -> float:
        return _reached(after, others, labels, effect * arm)

    return concluded(ArmEstimate(float(estimates[0]), error, df), p, scheme.total)


def _fit(counts: Values, design: Values, offset: Values | float = 0.0) -> NDArray[np.float64]:
    """Return the coefficients of a Poisson model with logarithmic link.

    An offset is the same as rates, counts over its exponential, that weigh as much.
    """
    from sklearn.linear_model import PoissonRegressor  # takes a second to import: only counts pay

    if np.linalg.matrix_rank(design) < design.shape[1] or len(counts) <= design.shape[1]:
        raise WrongDataError("Arm is collinear with the strata, covariates or baseline. Leave some of them out.")
    model = PoissonRegressor(alpha=0, fit_intercept=False, solver="newton-cholesky", max_iter=200, tol=1e-10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            exposure = np.exp(np.broadcast_to(offset, counts.shape))
            return np.asarray(model.fit(design, counts / exposure, sample_weight=exposure).coef_, dtype=np.float64)
        except Warning as error:
            message = f"The model of rates cannot be fitted ({error}): some stratum may have no count at all."
            raise WrongDataError(message) from error


def _reached(after: Values, others: Values, drawn: Values, offset: Values) -> float:
    """Return the share of relabellings whose score reaches the observed one, studentised."""
    mean = np.exp(others @ _fit(after, others, offset) + offset)
    root = np.sqrt(mean)
    weighted = others * root[:, None]
    labels = drawn * root
    left = labels - (labels @ weighted) @ np.linalg.solve(weighted.T @ weighted, weighted.T)
    rest = (after - mean) / root
    statistic = np.abs(left @ rest) / np.sqrt((left**2) @ (rest**2))
    return float((statistic >= statistic[0] * (1 - 1e-9)).mean())
