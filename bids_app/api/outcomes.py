"""A clinical outcome of a trial."""

from __future__ import annotations

from numpy.typing import ArrayLike

from bids_app.api.model import finite, nuisance_of, strata_of, two_groups
from bids_app.errors import DeqiError
from bids_app.statistics.clinical.ancova import OutcomeComparison, compare
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

__all__ = ["OutcomeComparison", "compare_outcome"]


def compare_outcome(
    follow_up: ArrayLike,
    groups: ArrayLike,
    *,
    baseline: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    n_permutations: int = 5_000,
    seed: int = 0,
) -> OutcomeComparison:
    """Compare an outcome between two arms of a randomised trial.

    Analysis of covariance with the value before treatment; p is that of re-randomisation within strata, and the 95 %
    limits are those of the same test, so that both always agree.

    Parameters
    ----------
    follow_up : array-like of shape (n_participants,)
        The outcome after treatment.
    groups : array-like of shape (n_participants,)
        1 for the active arm, 0 for the control.
    baseline : array-like of shape (n_participants,), optional
        The outcome before treatment.
    strata : array-like of shape (n_participants,), optional
        Strata that randomisation used; arms are exchanged within them alone.
    covariates : array-like of shape (n_participants,) or (n_participants, n_covariates), optional
        Columns known before randomisation.
    n_permutations : int
        The observed one among them; all are made where fewer exist.
    seed : int
        Results depend on it and on nothing else that is random.

    Returns
    -------
    OutcomeComparison
        `difference` (active less control), its 95 % limits `low` and `high`, `rerandomised_p`, and the p, t and df of
        the model with the variance HC2.

    Raises
    ------
    ValueError
        If shapes do not fit, values are missing, or the model cannot be estimated.

    Examples
    --------
    >>> import numpy as np
    >>> from bids_app import compare_outcome
    >>> rng = np.random.default_rng(1)
    >>> arm, before = np.arange(40) % 2, rng.normal(60, 10, 40)
    >>> after = before - 5 - 12 * arm + rng.normal(0, 6, 40)
    >>> found = compare_outcome(after, arm, baseline=before, n_permutations=999)
    >>> found.low < -12 < found.high, found.rerandomised_p
    (True, 0.001001001001001001)
    """
    after = finite(follow_up, "follow_up", shape=(None,))
    arm, blocks = two_groups(groups, len(after)), strata_of(strata, len(after))
    before = None if baseline is None else finite(baseline, "baseline", shape=(len(after),))
    try:
        scheme = Rerandomisation(arm, blocks, seed, n_permutations)
        return compare(after, arm, nuisance_of(blocks, covariates), before, scheme)
    except DeqiError as error:
        raise ValueError(str(error)) from error
