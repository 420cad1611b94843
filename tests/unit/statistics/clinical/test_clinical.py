"""Numbers of persons against constants of the literature, of scipy's options named, and of plain loops (T23)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.api import OLS

from bids_app.errors import WrongDataError
from bids_app.report.sections.outcome_rows import needed_to_treat
from bids_app.statistics.bayes_factor import log_bayes_factor
from bids_app.statistics.clinical.ancova import compare, equivalence, evidence
from bids_app.statistics.clinical.blinding import bang, james
from bids_app.statistics.clinical.rank_tests import between_arms, within_arm
from bids_app.statistics.clinical.responders import cumulative, improvement, responders, risk_difference, variability
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

FIRST = np.array([4.1, 3.2, 2.8, 1.0, 0.5, 2.2])
SECOND = np.array([1.1, 0.3, 2.0, 0, 1.4, 0.9])
BEFORE = np.array([7, 6, 8, 5, 6, 7, 9, 4, 6, 5])
AFTER = np.array([4, 5, 5, 4, 2, 6, 5, 4, 3, 1])


def test_ranks_between_arms():
    found = between_arms(FIRST, SECOND)
    assert (found.u, found.exact_p) == (29, pytest.approx(0.0930736, abs=1e-7))
    assert (found.z, found.p) == (pytest.approx(1.761410, abs=1e-6), pytest.approx(0.0781691, abs=1e-7))
    assert (found.superiority, found.shift) == (pytest.approx(0.805556, abs=1e-6), pytest.approx(1.35))
    turned = between_arms(SECOND, FIRST)
    assert (turned.z, turned.shift) == (pytest.approx(-found.z), pytest.approx(-found.shift))
    assert (turned.low, turned.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


@pytest.mark.slow
def test_limits_of_the_shift_cover_it_as_often_as_they_say():
    rng, trials = np.random.default_rng(0), 600
    inside = 0
    for _ in range(trials):
        found = between_arms(rng.standard_normal(25) + 0.7, rng.standard_normal(22))
        inside += found.low <= 0.7 <= found.high
    low, high = stats.binom.interval(0.99, trials, 0.95)
    assert low <= inside <= high


def test_few_people_give_no_limits_and_ties_no_exact_p():
    few = between_arms(np.array([1.0, 2]), np.array([3.0, 4]))
    assert (few.low, few.high) == (-np.inf, np.inf)
    assert between_arms(np.array([1.0, 2, 2]), np.array([2.0, 4, 5])).exact_p is None
    same = between_arms(np.ones(5), np.ones(6))
    assert same.superiority == 0.5
    assert not np.isfinite(same.z) or same.z == 0


def test_signed_ranks_within_an_arm():
    found = within_arm(BEFORE, AFTER)
    assert found.w == 0
    assert (found.z, found.p) == (pytest.approx(-2.694080, abs=1e-6), pytest.approx(0.00705833, abs=1e-8))
    assert within_arm(BEFORE, AFTER, "pratt").p == pytest.approx(0.00547855, abs=1e-8)
    assert within_arm(AFTER, BEFORE).z == pytest.approx(2.694080, abs=1e-6)
    assert within_arm(BEFORE, BEFORE).p == 1


def test_responders_and_how_many_to_treat():
    found = risk_difference(33, 49, 16, 49)
    assert [found.difference, found.low, found.high] == pytest.approx([0.346939, 0.149405, 0.508803], abs=1e-6)
    assert found.p == pytest.approx(0.00111680, abs=1e-8)
    assert found.needed == pytest.approx(2.882, abs=1e-3)
    assert needed_to_treat(found.difference, found.low, found.high) == "NNTB 2.9 (95 % CI 2.0 to 6.7)"
    unsure = risk_difference(25, 49, 20, 49)
    assert [unsure.difference, unsure.low, unsure.high] == pytest.approx([0.102041, -0.092356, 0.286016], abs=1e-6)
    assert (
        needed_to_treat(unsure.difference, unsure.low, unsure.high) == "NNTB 9.8 (95 % CI NNTH 10.8 to ∞ to NNTB 3.5)"
    )
    assert needed_to_treat(0.0, -0.2, 0.2).startswith("∞")
    assert risk_difference(0, 20, 0, 20).p == 1
    assert risk_difference(0, 20, 0, 20).p_score == 1


@pytest.mark.slow
@given(st.integers(0, 15), st.integers(0, 18))
def test_limits_of_responders_leave_out_nothing_exactly_when_their_own_p_passes(one, other):
    found = risk_difference(one, 15, other, 18)
    assert (found.p_score <= 0.05) == (not found.low <= 0 <= found.high)
    assert risk_difference(other, 18, one, 15).p_score == pytest.approx(found.p_score, abs=1e-9)


def test_blinding_of_the_published_example():
    assert bang(82, 25, 170) == pytest.approx((0.205776, 0.136712, 0.274840), abs=1e-6)
    assert bang(29, 27, 83) == pytest.approx((0.014388, -0.091103, 0.119880), abs=1e-6)
    assert james(np.array([[82, 25, 170], [27, 29, 83]])) == pytest.approx((0.747928, 0.705323, 0.790532), abs=1e-6)


def test_blinding_at_its_ends():
    assert bang(10, 0, 0).value == 1
    assert bang(0, 10, 0).value == -1
    assert james(np.array([[10, 0, 0], [0, 10, 0]])).value == pytest.approx(0)
    assert james(np.array([[5, 5, 0], [5, 5, 0]])).value == pytest.approx(0.5)


def test_improvement_is_a_share_of_where_people_began():
    before, after = np.array([8.0, 4, 0, 5, np.nan]), np.array([4.0, 5, 1, 3.5, 2])
    shares = improvement(before, after, lower_is_better=True)
    assert shares == pytest.approx([0.5, -0.25, np.nan, 0.3, np.nan], nan_ok=True)
    assert responders(shares, 0.3) == (2, 3)
    assert responders(shares, 0.5) == (1, 3)
    assert cumulative(shares, np.array([-1, 0, 0.3, 0.5, 0.6])) == pytest.approx([1, 2 / 3, 2 / 3, 1 / 3, 0])
    assert improvement(before, after, lower_is_better=False)[1] == 0.25
    assert np.isnan(cumulative(np.array([np.nan]), np.array([0.3]))).all()


def test_how_unlike_each_other_people_respond():
    found = variability(2.4, 49, 2.0, 49)
    assert found.individual == pytest.approx(1.326650, abs=1e-6)
    assert (found.log_ratio, found.error) == (pytest.approx(0.182322, abs=1e-6), pytest.approx(0.1443, abs=1e-4))
    assert found.limits == pytest.approx(
        (1.2 * np.exp(-1.959964 * 0.144338), 1.2 * np.exp(1.959964 * 0.144338)), rel=1e-5
    )
    assert variability(2.0, 49, 2.4, 49).individual == pytest.approx(-1.326650, abs=1e-6)


PRE = np.array([6.1, 5, 7.2, 6.6, 5.8, 6.9, 5.5, 7])
POST = np.array([3, 2.4, 4.1, 3.2, 4.9, 5.6, 4.4, 6.1])
ARM = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])


def test_arms_adjusted_for_baseline():  # T4
    scheme = Rerandomisation(ARM, np.zeros(8, dtype=int), 0, 1000)
    plain = linear_model.fit(POST[:, None], ARM, np.ones((8, 1)), PRE[:, None])
    error = float(np.sqrt(plain.variance[0]))
    assert [plain.effect[0], error, plain.effect[0] / error] == pytest.approx(
        [-2.013887, 0.170791, -11.791525], abs=1e-6
    )
    found = compare(POST, ARM, np.ones((8, 1)), PRE, scheme)
    book = OLS(POST, np.column_stack([ARM, np.ones(8), PRE])).fit(cov_type="HC2")
    assert found.difference == pytest.approx(-2.013887, abs=1e-6)
    assert [found.error, found.t] == pytest.approx([book.bse[0], book.tvalues[0]], rel=1e-9)
    assert found.rerandomised_p == pytest.approx(2 / 70)
    assert found.relabellings == 70
    change = linear_model.fit((POST - PRE)[:, None], ARM, np.ones((8, 1)))
    assert change.effect[0] / np.sqrt(change.variance[0]) == pytest.approx(-10.444659, abs=1e-6)


def test_degrees_of_freedom_are_those_of_bell_and_mccaffrey():
    """Of two arms without covariates they are Welch's with the variances that the working model expects."""
    arm = np.repeat([1.0, 0.0], [5, 12])
    after = np.random.default_rng(2).standard_normal(17)
    found = compare(after, arm, np.ones((17, 1)), None, Rerandomisation(arm, np.zeros(17, dtype=int), 0, 50))
    one, other = 1 / 5, 1 / 12
    assert found.df == pytest.approx((one + other) ** 2 / (one**2 / 4 + other**2 / 11))
    assert found.t == pytest.approx(stats.ttest_ind(after[:5], after[5:], equal_var=False).statistic)


def refitted_p(after, arm, nuisance, labels, effect):
    """Return the p of an effect by a plain refit of every allocation, with HC2 of statsmodels."""
    t = []
    for drawn in labels:
        design = np.column_stack([drawn, nuisance])
        t.append(abs(OLS(after - effect * arm, design).fit(cov_type="HC2").tvalues[0]))
    return np.mean(np.array(t) >= t[0] * (1 - 1e-9))


def test_p_and_limits_are_those_of_every_allocation_refitted():
    rng = np.random.default_rng(3)
    n = 16
    site = np.repeat([0, 1], 8)
    arm = np.concatenate([rng.permutation([1.0] * 4 + [0.0] * 4) for _ in range(2)])
    before = rng.normal(60, 12, n)
    after = 0.6 * before - 5 * arm + 3 * site + rng.normal(0, 6, n) * (1 + arm)
    nuisance = np.column_stack([np.ones(n), site])
    scheme = Rerandomisation(arm, site, 0, 300)
    found = compare(after, arm, nuisance, before, scheme)
    labels, others = scheme.draw(0, scheme.total), np.column_stack([nuisance, before])
    assert found.rerandomised_p == pytest.approx(refitted_p(after, arm, others, labels, 0.0))
    small = 0.01 * found.error
    for limit, inward in ((found.low, small), (found.high, -small)):
        assert refitted_p(after, arm, others, labels, limit + inward) > 0.05
        assert refitted_p(after, arm, others, labels, limit - inward) <= 0.05


@given(st.integers(0, 10_000))
def test_p_at_or_below_05_is_limits_without_nothing(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 20))
    arm = rng.permutation((np.arange(n) < n // 2).astype(float))
    after = np.round(rng.standard_normal(n) + rng.uniform(0, 2.5) * arm, int(rng.integers(0, 3)))
    try:
        found = compare(after, arm, np.ones((n, 1)), None, Rerandomisation(arm, np.zeros(n, dtype=int), seed, 100))
    except WrongDataError:
        return
    assert (found.rerandomised_p <= 0.05) == (not found.low <= 0 <= found.high)


def test_too_few_allocations_give_no_limits():
    arm = np.array([1.0, 1, 0, 0])
    found = compare(
        np.array([3.0, 4, 1, 2.5]), arm, np.ones((4, 1)), None, Rerandomisation(arm, np.zeros(4, int), 0, 50)
    )
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_unequal_arms_that_vary_unequally_keep_size_and_coverage():
    """8 against 24, the 8 with twice the spread: plain t has .13 and .88; band of 150 trials at .07 and .93."""
    passed = covered = 0
    for number in range(150):
        rng = np.random.default_rng([8, number])
        arm = np.repeat([1.0, 0.0], [8, 24])
        after = rng.standard_normal(32) * np.where(arm == 1, 2, 1)
        found = compare(after, arm, np.ones((32, 1)), None, Rerandomisation(arm, np.zeros(32, int), number, 200))
        passed += found.rerandomised_p <= 0.05
        covered += found.low <= 0 <= found.high
    assert passed == 150 - covered
    assert passed <= stats.binom.ppf(0.995, 150, 0.07)


def test_equivalence_is_two_one_sided_tests_of_every_allocation_refitted():
    rng = np.random.default_rng(5)
    n = 14
    arm = rng.permutation(np.repeat([1.0, 0.0], 7))
    before = rng.normal(60, 10, n)
    after = 0.5 * before + rng.normal(0, 3, n)
    scheme = Rerandomisation(arm, np.zeros(n, dtype=int), 0, 400)
    others = np.column_stack([np.ones(n), before])

    def t(effect, drawn):
        return OLS(after - effect * arm, np.column_stack([drawn, others])).fit(cov_type="HC2").tvalues[0]

    for margin in (2.0, 5.0):
        above, below = (np.array([t(side * margin, drawn) for drawn in scheme.draw(0, 400)]) for side in (-1, 1))
        expected = max((above >= above[0] - 1e-9).mean(), (below <= below[0] + 1e-9).mean())
        assert equivalence(after, arm, np.ones((n, 1)), before, scheme, margin) == pytest.approx(expected)


def test_evidence_is_the_bayes_factor_of_ordinary_least_squares():
    rng = np.random.default_rng(6)
    n = 20
    arm, before = np.repeat([1.0, 0.0], 10), rng.standard_normal(n)
    after = before + 0.8 * arm + rng.standard_normal(n)
    book = OLS(after, np.column_stack([arm, np.ones(n), before])).fit()
    size = book.mse_resid / book.bse[0] ** 2
    expected = log_bayes_factor(np.array([book.tvalues[0]]), book.df_resid, size)[0]
    assert evidence(after, arm, np.ones((n, 1)), before) == pytest.approx(expected)
