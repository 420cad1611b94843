"""Arms with variances of their own, against scipy's Welch and a plain refit, and their false positives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bids_app.statistics.permutation import engine, linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.welch import same_tail


def model_of(outcome, arm, nuisance=None, baseline=None):
    nuisance = np.ones((len(arm), 1)) if nuisance is None else nuisance
    return replace(linear_model.fit(outcome, arm, nuisance, baseline), by_arm=True)


def p_of(t, df):
    return 2 * stats.t.sf(np.abs(t), df)


def test_two_arms_give_the_p_of_welch_for_every_relabelling():
    rng = np.random.default_rng(0)
    arm = np.repeat([1.0, 0.0], [5, 11])
    outcome = rng.standard_normal((16, 6)) * np.where(arm[:, None] == 1, 3, 1)
    scheme = Rerandomisation(arm, np.zeros(16, dtype=int), 2, 30)
    model = model_of(outcome, arm)
    for k, labels in enumerate(scheme.draw(0, 30)):
        expected = stats.ttest_ind(outcome[labels == 1], outcome[labels == 0], equal_var=False)
        found = engine.statistic(model, scheme, k)
        assert p_of(found, model.df) == pytest.approx(expected.pvalue, rel=0.01)
        assert np.array_equal(np.sign(found), np.sign(expected.statistic))


@pytest.mark.parametrize("df", [4.3, 8, 30])
def test_the_tail_of_t_is_kept_from_one_freedom_to_another(df):
    t = np.array([-4.0, -0.3, 0, 1, 2.5, 8])
    found = same_tail(t, np.full(6, df), 25)
    assert p_of(found, 25) == pytest.approx(p_of(t, df), rel=0.13)
    assert p_of(found, 25)[1:5] == pytest.approx(p_of(t, df)[1:5], rel=0.02)
    assert np.array_equal(np.sign(found), np.sign(t))


def test_covariates_and_baseline_are_those_of_a_plain_fit():
    rng = np.random.default_rng(1)
    n = 18
    arm = (np.arange(n) % 3 == 0).astype(float)
    outcome, baseline = rng.standard_normal((2, n, 4))
    nuisance = np.column_stack([np.ones(n), rng.standard_normal(n)])
    scheme = Rerandomisation(arm, np.zeros(n, dtype=int), 2, 10)
    model = model_of(outcome, arm, nuisance, baseline)
    for k, labels in enumerate(scheme.draw(0, 10)):
        found = engine.statistic(model, scheme, k)
        for v in range(4):
            design = np.column_stack([labels, nuisance, baseline[:, v]])
            inverse = np.linalg.pinv(design)
            rest = outcome[:, v] - design @ (inverse @ outcome[:, v])
            leverage = np.einsum("ij,ji->i", design, inverse)
            groups = [labels == 1, labels == 0]
            own = [(rest[g] ** 2).sum() / (1 - leverage[g]).sum() for g in groups]
            parts = np.array([s * (inverse[0, g] ** 2).sum() for s, g in zip(own, groups, strict=True)])
            t = inverse[0] @ outcome[:, v] / np.sqrt(parts.sum())
            freedom = [(1 - leverage[g]).sum() for g in groups]
            df = parts.sum() ** 2 / (parts**2 / freedom).sum()
            assert p_of(found[v], model.df) == pytest.approx(p_of(t, df), rel=0.01)


def test_false_positives_of_unequal_arms_that_vary_unequally():
    """30 against 10, the small arm twice as spread: pooling gives far too many, arms on their own about 5 %."""
    arm, trials = np.repeat([1.0, 0.0], [10, 30]), 2000
    rng = np.random.default_rng(3)
    outcome = rng.standard_normal((40, trials)) * np.where(arm[:, None] == 1, 2, 1)  # a column is a trial
    scheme = Rerandomisation(arm, np.zeros(40, dtype=int), 0, 400)
    hits = np.zeros(2)
    for i, by_arm in enumerate((False, True)):
        model = replace(model_of(outcome, arm), by_arm=by_arm)
        t = np.abs([engine.statistic(model, scheme, k) for k in range(scheme.total)])
        hits[i] = ((t >= t[0]).mean(axis=0) <= 0.05).sum()
    assert hits[0] / trials > 0.10
    assert stats.binom.ppf(0.005, trials, 0.05) <= hits[1] <= stats.binom.ppf(0.995, trials, 0.07)
