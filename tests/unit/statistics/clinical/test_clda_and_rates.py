"""Visits with gaps, and counts: against likelihoods written out, statsmodels, and every allocation refitted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.api import GLM, families

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.clda import compare_visits
from bids_app.statistics.clinical.mass_index import mass_index
from bids_app.statistics.clinical.rate_ratio import compare_rates
from bids_app.statistics.clinical.visits import Visits
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

PRE = np.array([6.1, 5, 7.2, 6.6, 5.8, 6.9, 5.5, 7])
POST = np.array([3, 2.4, 4.1, 3.2, 4.9, 5.6, 4.4, 6.1])
ARM = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])


def drawn(arm, total=20):
    return Rerandomisation(arm, np.zeros(len(arm), dtype=int), 0, total)


def trial(rng, n, gaps, effect=0.0):
    arm, site = rng.permutation(n) % 2 * 1.0, rng.permutation(n) % 2
    shared = 50 * np.ones((3, 3)) + np.diag([50.0, 40, 60])
    values = rng.multivariate_normal([60, 55, 50], shared, n) + np.outer(site, [3, 4, 5])
    values[:, 1:] += effect * arm[:, None]
    values[rng.random(values.shape) < gaps] = np.nan
    return Visits(values, arm, np.column_stack([np.ones(n), site]))


def test_with_all_visits_the_difference_is_that_of_the_ancova():  # T4; Coffman 2016
    found = compare_visits(Visits(np.column_stack([PRE, POST]), ARM, np.ones((8, 1))), 1, drawn(ARM, 1000))
    assert found.difference == pytest.approx(-2.01388729, abs=1e-7)
    assert found.df == 5
    assert found.rerandomised_p == pytest.approx(2 / 70)


def restricted(visits, theta):
    """Return minus the restricted log-likelihood, the estimates and their covariance, person by person."""
    root = np.zeros((3, 3))
    root[np.tril_indices(3)] = theta
    covariance = root @ root.T
    information, product, parts = 0, 0, []
    for values, arm, row in zip(visits.values, visits.arm, visits.nuisance, strict=True):
        seen = np.isfinite(values)
        own = np.kron(np.eye(3), row)
        own = np.column_stack([own, arm * np.eye(3)[:, 1:]])[seen]
        weight = np.linalg.inv(covariance[np.ix_(seen, seen)])
        information = information + own.T @ weight @ own
        product = product + own.T @ weight @ values[seen]
        parts.append((own, values[seen], covariance[np.ix_(seen, seen)]))
    estimates = np.linalg.solve(information, product)
    total = -0.5 * np.linalg.slogdet(information)[1]
    for own, values, spread in parts:
        if len(values):
            total += stats.multivariate_normal.logpdf(values, own @ estimates, spread)
    return -total, estimates, np.linalg.inv(information)


@pytest.mark.slow
def test_with_gaps_it_is_the_restricted_likelihood_that_scipy_maximises():
    visits = trial(np.random.default_rng(0), 60, 0.2, -6)
    found = compare_visits(visits, 2, drawn(visits.arm))
    start = np.diag([10.0, 10, 10])[np.tril_indices(3)]
    best = optimize.minimize(lambda theta: restricted(visits, theta)[0], start, method="BFGS", options={"gtol": 1e-6})
    _, estimates, spread = restricted(visits, best.x)
    assert found.difference == pytest.approx(estimates[-1], abs=1e-4)
    plain = np.sqrt(spread[-1, -1])
    assert plain < found.error < 1.1 * plain  # allows for the covariance being an estimate


@pytest.mark.slow
def test_limits_of_people_with_gaps_cover_the_truth_as_often_as_they_say():
    rng, trials = np.random.default_rng(4), 40
    hits = 0
    for _ in range(trials):
        visits = trial(rng, 26, 0.15, -6)
        found = compare_visits(visits, 2, drawn(visits.arm, 200))
        hits += found.low <= -6 <= found.high
    low, high = stats.binom.interval(0.998, trials, 0.95)
    assert low <= hits <= high


def test_relabelled_p_of_people_with_gaps_is_that_of_every_allocation_refitted():
    rng = np.random.default_rng(2)
    visits = trial(rng, 8, 0.0, -4)
    visits = Visits(visits.values[:, :2].copy(), np.array([1.0, 1, 1, 1, 0, 0, 0, 0]), np.ones((8, 1)))
    visits.values[[2, 6], [1, 0]] = np.nan
    found = compare_visits(visits, 1, drawn(visits.arm, 1000))

    def fitted(theta, arm):
        root = np.array([[theta[0], 0], [theta[1], theta[2]]])
        covariance, information, product, total = root @ root.T, 0, 0, 0.0
        columns = [
            np.column_stack([np.eye(2), [0, a]])[:, : 3 if arm is not None else 2]
            for a in (visits.arm if arm is None else arm)
        ]
        for values, own in zip(visits.values, columns, strict=True):
            seen = np.isfinite(values)
            weight = np.linalg.inv(covariance[np.ix_(seen, seen)])
            information = information + own[seen].T @ weight @ own[seen]
            product = product + own[seen].T @ weight @ values[seen]
        estimates = np.linalg.solve(information, product)
        for values, own in zip(visits.values, columns, strict=True):
            seen = np.isfinite(values)
            total += stats.multivariate_normal.logpdf(
                values[seen], own[seen] @ estimates, covariance[np.ix_(seen, seen)]
            )
        return 0.5 * np.linalg.slogdet(information)[1] - total, estimates, information

    best = optimize.minimize(lambda theta: fitted(theta, None)[0], [5.0, 3, 5], method="Nelder-Mead",
                             options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000})  # fmt: skip
    statistics = []
    for chosen in itertools.combinations(range(8), 4):
        arm = np.isin(np.arange(8), chosen) * 1.0
        _, estimates, information = fitted(best.x, arm)
        statistics.append(abs(estimates[2]) / np.sqrt(np.linalg.inv(information)[2, 2]))
    observed = statistics[0]
    assert found.rerandomised_p == pytest.approx(np.mean(np.array(statistics) >= observed - 1e-6))


def test_strata_that_tell_the_arm_are_refused():
    values = np.column_stack([PRE, POST])
    with pytest.raises(WrongDataError, match="Arm is collinear with the strata or covariates at every visit"):
        compare_visits(Visits(values, ARM, np.column_stack([np.ones(8), ARM])), 1, drawn(ARM))


def test_ratio_of_rates_is_that_of_statsmodels():
    rng = np.random.default_rng(5)
    n = 70
    arm, site = rng.permutation(n) % 2 * 1.0, rng.permutation(n) % 2
    before = rng.negative_binomial(3, 0.25, n)
    after = rng.negative_binomial(3, 0.3 + 0.15 * arm)
    nuisance = np.column_stack([np.ones(n), site])
    found = compare_rates(after, arm, nuisance, before, Rerandomisation(arm, site, 0, 300))
    design = np.column_stack([arm, nuisance, np.log(before + 0.5)])
    fit = GLM(after, design, family=families.Poisson()).fit(cov_type="HC0")
    assert found.difference == pytest.approx(fit.params[0], abs=1e-8)
    assert found.error == pytest.approx(fit.bse[0] * np.sqrt(n / (n - 4)), rel=1e-6)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(fit.params[0] / found.error), n - 4))


@pytest.mark.slow
def test_relabelled_p_of_rates_is_that_of_scores_one_by_one():
    rng = np.random.default_rng(6)
    arm = np.array([1.0] * 5 + [0.0] * 5)
    before, after = rng.poisson(9, 10), rng.poisson(np.where(arm, 4, 9))
    found = compare_rates(after, arm, np.ones((10, 1)), before, drawn(arm, 1000))
    others = np.column_stack([np.ones(10), np.log(before + 0.5)])
    mean = GLM(after, others, family=families.Poisson()).fit().mu
    statistics = []
    for chosen in itertools.combinations(range(10), 5):
        label = np.isin(np.arange(10), chosen) * 1.0
        inside = np.linalg.solve((others.T * mean) @ others, (others.T * mean) @ label)
        left = label - others @ inside
        statistics.append(abs(left @ (after - mean)) / np.sqrt(left**2 @ (after - mean) ** 2))
    assert found.rerandomised_p == pytest.approx(np.mean(np.array(statistics) >= statistics[0] - 1e-9))


def test_rates_without_any_event_in_an_arm_have_no_ratio():
    with pytest.raises(WrongDataError, match="no count above zero"):
        compare_rates(np.array([0, 0, 0, 1, 2, 3]), np.array([1.0, 1, 1, 0, 0, 0]), np.ones((6, 1)), np.ones(6),
                      drawn(np.array([1.0, 1, 1, 0, 0, 0])))  # fmt: skip


def test_the_index_of_sensations_weighs_the_strongest_most():
    found = mass_index(np.array([[2, 8, 0, 4], [np.nan, 3, np.nan, np.nan], [np.nan] * 4, [5, 5, 5, 5]]))
    assert found == pytest.approx([5.6, 3, np.nan, 5], nan_ok=True)  # (8/2 + 4/4 + 2/8 + 0/16) / (15/16)
