"""Pooling of effects against metafor 3.8.1 and closed forms.

The thirteen trials are those of Colditz 1994 (metafor's `dat.bcg`); constants were computed with metafor, PyMARE and
plain NumPy.
"""

import numpy as np
import pytest
from scipy import optimize, stats

from bids_app.statistics.synthesis.between_studies import ESTIMATORS
from bids_app.statistics.synthesis.meta_regression import meta_regression
from bids_app.statistics.synthesis.pooling import heterogeneity, pool, stouffer, tau2_limits, without_each
from bids_app.statistics.synthesis.small_studies import egger, rosenthal, trim_and_fill
from bids_app.statistics.synthesis.study_effects import (
    Arm,
    EventCount,
    between_arms,
    g_within,
    log_risk_ratio,
    standardised_difference,
    with_shared_comparator,
)

BCG = np.array([
    [4, 119, 11, 128, 44], [6, 300, 29, 274, 55], [3, 228, 11, 209, 42], [62, 13536, 248, 12619, 52],
    [33, 5036, 47, 5761, 13], [180, 1361, 372, 1079, 44], [8, 2537, 10, 619, 19], [505, 87886, 499, 87892, 13],
    [29, 7470, 45, 7232, 27], [17, 1699, 65, 1600, 42], [186, 50448, 141, 27197, 18], [5, 2493, 3, 2338, 33],
    [27, 16886, 29, 17825, 33],
])  # fmt: skip
"""Cases and others of the vaccinated, cases and others of the controls, latitude."""

FIVE = np.array([-0.20, -0.35, -0.10, -0.90, -0.25]), np.array([0.04, 0.06, 0.03, 0.12, 0.05])


def bcg():
    """Log risk ratios of the thirteen trials and their variances."""
    found = [log_risk_ratio(EventCount(a, a + b), EventCount(c, c + d)) for a, b, c, d, _ in BCG]
    return np.array([one.effect for one in found]), np.array([one.variance for one in found])


def column(pair):
    """One element."""
    return pair[0][:, None], pair[1][:, None]


def test_thirteen_trials_fixed():
    """One common effect (M4)."""
    found = pool(*column(bcg()), "FE")
    assert found.effect[0] == pytest.approx(-0.4302851637, abs=1e-9)
    assert found.error[0] == pytest.approx(0.0404987517, abs=1e-9)
    assert found.q[0] == pytest.approx(152.2330081, abs=1e-6)
    assert found.i2[0] == pytest.approx(0.9211735, abs=1e-7)
    assert found.t[0] == pytest.approx(-0.4302851637 / 0.0404987517, rel=1e-7)
    assert np.isnan(found.prediction()).all()


@pytest.mark.parametrize(("estimator", "tau2", "effect", "wald"), [
    ("DL", 0.3087602629, -0.7141172221, 0.1787420895), ("HE", 0.328563858, -0.7158785888, None),
    ("PM", 0.3180685, None, None), ("REML", 0.3132433, -0.7145323, 0.1797815), ("ML", 0.2800281, -0.7111991, None),
])  # fmt: skip
def test_thirteen_trials_random(estimator, tau2, effect, wald):
    """Every estimator of tau² (M4)."""
    found = pool(*column(bcg()), estimator)
    assert found.tau2[0] == pytest.approx(tau2, abs=2e-7)
    if effect:
        assert found.effect[0] == pytest.approx(effect, abs=1e-6 if estimator in ("REML", "ML") else 1e-9)
    if wald:
        assert np.sqrt(found.variance[0]) == pytest.approx(wald, abs=1e-6)


def test_limits_and_predictions():
    """Hartung-Knapp limits, our prediction interval, and the limits of tau² (M4)."""
    dl, reml = pool(*column(bcg()), "DL"), pool(*column(bcg()), "REML")
    assert dl.error[0] == pytest.approx(0.1806966, abs=1e-7)
    assert dl.limits()[:, 0] == pytest.approx([-1.107821, -0.320413], abs=1e-6)
    assert reml.error[0] == pytest.approx(0.1807917, abs=1e-6)
    assert reml.limits()[:, 0] == pytest.approx([-1.108444, -0.320621], abs=2e-6)
    assert reml.prediction()[:, 0] == pytest.approx([-2.008376, 0.579311], abs=3e-6)
    # metafor's own: k - 1 degrees of freedom and the variance of Hartung and Knapp.
    reach = stats.t.isf(0.025, 12) * np.sqrt(reml.tau2[0] + reml.error[0] ** 2)
    assert [reml.effect[0] - reach, reml.effect[0] + reach] == pytest.approx([-1.996017, 0.566952], abs=3e-6)
    assert tau2_limits(*bcg()) == pytest.approx((0.1197, 1.1115), abs=1e-4)


def test_regression_on_latitude():
    """Coefficients, tau² and its explained share (M4)."""
    y, v = bcg()
    found = meta_regression(y[:, None], v[:, None], BCG[:, 4:].astype(float))
    assert found.coefficients[1, 0] == pytest.approx(-0.0292287388, abs=1e-9)
    assert found.wald_errors[1, 0] == pytest.approx(0.0067330108, abs=1e-9)
    assert found.tau2[0] == pytest.approx(0.0633005, abs=1e-7)
    assert found.r2[0] == pytest.approx(0.794985, abs=1e-6)
    with pytest.raises(ValueError, match="do not tell studies apart"):
        meta_regression(y[:, None], v[:, None], np.ones((13, 1)))


def test_restricted_likelihood_of_a_regression():
    """Fisher scoring ends where a plain search finds the largest restricted likelihood."""
    y, v = bcg()
    x = np.column_stack([np.ones(13), BCG[:, 4]])

    def loss(tau2):
        w = 1 / (v + tau2)
        information = x.T * w @ x
        beta = np.linalg.solve(information, x.T @ (w * y))
        return -np.log(w).sum() + np.linalg.slogdet(information)[1] + (w * (y - x @ beta) ** 2).sum()

    best = optimize.minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-10}).x
    found = meta_regression(y[:, None], v[:, None], BCG[:, 4:].astype(float), "REML")
    assert found.tau2[0] == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("estimator", ["FE", "DL", "REML"])
def test_a_regression_at_every_element_is_that_of_each_alone(estimator):
    """Matrices written out for each element, with the studies that it has; slopes in their own unit."""
    rng = np.random.default_rng(2)
    y, v = rng.normal(0, 0.5, (22, 9)), rng.uniform(0.02, 0.3, (22, 9))
    x = np.column_stack([rng.uniform(1990, 2020, 22), rng.normal(size=22)])
    y[3, ::2], v[7, ::3] = np.nan, 0.0
    found = meta_regression(y, v, x, estimator)
    for e in range(9):
        kept = np.isfinite(y[:, e]) & (v[:, e] > 0)
        own, full = (y[kept, e], v[kept, e]), np.column_stack([np.ones(kept.sum()), x[kept]])
        weight = np.diag(1 / (own[1] + found.tau2[e]))
        projected = weight - weight @ full @ np.linalg.inv(full.T @ weight @ full) @ full.T @ weight
        if estimator == "REML" and found.tau2[e] > 0:  # where the likelihood is flat
            assert own[0] @ projected @ projected @ own[0] == pytest.approx(np.trace(projected), rel=1e-5)
        if estimator == "DL":
            plain = np.diag(1 / own[1])
            at = plain - plain @ full @ np.linalg.inv(full.T @ plain @ full) @ full.T @ plain
            expected = max(0.0, (own[0] @ at @ own[0] - (kept.sum() - 3)) / np.trace(at))
            assert found.tau2[e] == pytest.approx(expected, rel=1e-6, abs=1e-12)
        beta = np.linalg.solve(full.T @ weight @ full, full.T @ weight @ own[0])
        assert found.coefficients[1:, e] == pytest.approx(beta[1:], rel=1e-6)
        spread = own[0] @ projected @ own[0] / (kept.sum() - 3)
        errors = np.sqrt(spread * np.diag(np.linalg.inv(full.T @ weight @ full)))
        assert found.errors[:, e] == pytest.approx(errors, rel=1e-5)
        assert found.df[e] == kept.sum() - 3


def test_small_study_effects():
    """Egger, trim and fill, Rosenthal (M4)."""
    y, v = bcg()
    found = egger(y, v)
    assert (found.t, found.df, found.p) == pytest.approx((-1.401282, 11, 0.188707), abs=1e-6)
    filled = trim_and_fill(y, v)
    assert (filled.missing, filled.side) == (1, "right")
    again = pool(*column((filled.effects, filled.variances)), "DL")
    reach = 1.959963985 * np.sqrt(again.variance[0])
    assert again.effect[0] == pytest.approx(-0.6560732, abs=1e-6)
    assert [again.effect[0] - reach, again.effect[0] + reach] == pytest.approx([-0.9960552, -0.3160912], abs=2e-6)
    assert trim_and_fill(y, v, count="R0").missing == 0
    assert rosenthal(y, v) == 598


def test_each_left_out():
    """Pooled without each of the thirteen (M4)."""
    expected = [
        -0.7051252, -0.6545159, -0.6848417, -0.6186969, -0.7640357, -0.7127273, -0.6556940, -0.7900866, -0.7392634,
        -0.6525852, -0.7606942, -0.7600128, -0.7789237,
    ]  # fmt: skip
    assert [one.effect[0] for one in without_each(*column(bcg()))] == pytest.approx(expected, abs=1e-6)


def test_five_invented_trials():
    """Few trials: DL, PM, and REML at 0 (M5)."""
    y, v = column(FIVE)
    fixed, dl = pool(y, v, "FE"), pool(y, v, "DL")
    assert (fixed.effect[0], fixed.error[0]) == pytest.approx((-0.2580645, 0.0983739), abs=1e-7)
    assert (fixed.q[0], fixed.q_p[0], fixed.i2[0]) == pytest.approx((4.4932796, 0.343345, 0.10978), abs=5e-6)
    assert dl.tau2[0] == pytest.approx(0.0062203, abs=1e-7)
    assert (dl.effect[0], np.sqrt(dl.variance[0])) == pytest.approx((-0.2659540, 0.1053769), abs=1e-7)
    assert dl.error[0] == pytest.approx(0.1073436, abs=1e-7)
    assert dl.limits()[:, 0] == pytest.approx([-0.563988, 0.032080], abs=1e-6)
    assert pool(y, v, "PM").tau2[0] == pytest.approx(0.0093749, abs=1e-7)
    reml = pool(y, v, "REML")
    assert reml.tau2[0] == 0
    assert reml.limits()[:, 0] == pytest.approx([-0.547548, 0.031417], abs=3e-6)
    assert egger(*FIVE)[::2] == pytest.approx((-10.18566, 0.0020167), abs=1e-5)


def test_conservative_limits():
    """Where effects vary less than their variances say Hartung-Knapp is narrower than Wald, unless told not to be."""
    y, v = np.array([[0.20], [0.22], [0.21], [0.19]]), np.full((4, 1), 0.04)
    plain, kept = pool(y, v), pool(y, v, conservative=True)
    assert plain.error[0] < np.sqrt(plain.variance[0])
    assert kept.error[0] == pytest.approx(np.sqrt(0.04 / 4))


def test_three_sites():
    """Fisher z of three sites, and Stouffer (M5)."""
    y, v = np.array([[0.12], [0.05], [0.20]]), np.array([[0.004], [0.006], [0.005]])
    fixed, dl = pool(y, v, "FE"), pool(y, v, "DL")
    assert (fixed.effect[0], fixed.error[0], fixed.q[0]) == pytest.approx((0.1270270, 0.0402694, 2.0662162), abs=1e-7)
    assert (dl.tau2[0], dl.effect[0]) == pytest.approx((0.000163333, 0.1269389), abs=1e-7)
    assert (np.sqrt(dl.variance[0]), dl.error[0]) == pytest.approx((0.0409576, 0.0410173), abs=1e-7)
    z = y / np.sqrt(v)
    assert stouffer(z, np.ones(3))[0] == pytest.approx(3.1011163, abs=1e-7)
    assert stouffer(z, np.array([40.0, 28, 36]))[0] == pytest.approx(3.1757295, abs=1e-7)


def test_standardised_differences():
    """Hedges' g with the exact factor, and a sham arm that two arms share (M6)."""
    found = standardised_difference(Arm(2.1, 1.8, 49), Arm(3.4, 2.0, 49))
    assert (found.effect, found.variance) == pytest.approx((-0.6779105521, 0.0431610343), abs=1e-10)
    shared = with_shared_comparator(np.array([0.4, 0.2]), np.array([30.0, 30]), 30.0)
    assert (shared.effect, np.sqrt(shared.variance)) == pytest.approx((0.2985173, 0.2250226), abs=1e-7)
    apart = pool(np.array([[0.4], [0.2]]), np.array([[0.068], [0.067]]), "FE")
    assert (apart.effect[0], apart.error[0]) == pytest.approx((0.2992593, 0.1837067), abs=1e-7)


def test_significant_here_and_not_there():
    """Two changes within arms, of which one is significant, do not differ (M7)."""
    verum, sham = g_within(4.2, 20), g_within(1.8, 20)
    assert (verum.effect, sham.effect) == pytest.approx((0.9015826, 0.3863925), abs=1e-7)
    found = between_arms(verum, sham)
    z = found.effect / np.sqrt(found.variance)
    assert (found.effect, np.sqrt(found.variance), z) == pytest.approx((0.5151901, 0.3522127, 1.462724), abs=1e-6)
    assert 2 * stats.norm.sf(z) == pytest.approx(0.143543, abs=1e-6)


@pytest.mark.parametrize("estimator", list(ESTIMATORS))
def test_elements_do_not_meet(estimator):
    """A map is pooled as its elements are; studies without a value fall out where they have none."""
    rng = np.random.default_rng(3)
    y, v = rng.normal(0.2, 0.5, (7, 40)), rng.uniform(0.02, 0.3, (7, 40))
    y[2, ::3], v[5, ::4] = np.nan, 0.0
    whole = pool(y, v, estimator)
    for i in range(40):
        there = np.isfinite(y[:, i]) & (v[:, i] > 0)
        alone = pool(y[there, i : i + 1], v[there, i : i + 1], estimator)
        assert whole.k[i] == there.sum()
        assert whole.effect[i] == pytest.approx(alone.effect[0], abs=1e-8)
        assert whole.error[i] == pytest.approx(alone.error[0], abs=1e-8)


def test_nothing_to_pool():
    """No study, one study, and studies that agree exactly."""
    y = np.array([[np.nan, 0.3, 0.2], [np.nan, np.nan, 0.2], [np.nan, np.nan, 0.2]])
    found = pool(y, np.full((3, 3), 0.04), "DL")
    assert found.k.tolist() == [0, 1, 3]
    assert np.isnan(found.effect[0])
    assert found.effect[1:] == pytest.approx([0.3, 0.2])
    assert np.isnan(found.p[:2]).all()
    assert np.isnan(found.i2[1])
    assert found.tau2[2] == 0
    assert found.i2[2] == 0
    assert np.isnan(found.prediction()[:, :2]).all()


def test_effects_that_are_the_same_have_no_p():
    """An error of 0 is not known exactly: no t, no p, wherever effects are pooled."""
    y, v = np.full((4, 1), 0.7), np.full((4, 1), 0.05)
    assert np.isnan(pool(y, v, "REML").p[0])
    assert all(np.isnan(one.p[0]) for one in without_each(y, v, "DL"))
    assert pool(y, v, "FE").t[0] == pytest.approx(0.7 / np.sqrt(0.05 / 4))


def test_signs_turn_with_the_effects():
    """All effects turned give the mirror image."""
    y, v = column(FIVE)
    for estimator in ESTIMATORS:
        assert pool(-y, v, estimator).limits()[::-1] == pytest.approx(-pool(y, v, estimator).limits())
    assert trim_and_fill(-FIVE[0], FIVE[1]).missing == trim_and_fill(*FIVE).missing


def test_heterogeneity_of_published_numbers():
    """Q and I2 by their definition, part by part; parts without a value do not count."""
    effects = np.array([[0.1, 0.5], [0.3, 0.5], [0.8, np.nan]])
    variances = np.array([[0.04, 0.01], [0.02, 0.02], [0.05, np.nan]])
    q, share = heterogeneity(effects, variances)
    weight = 1 / variances[:, 0]
    mean = np.average(effects[:, 0], weights=weight)
    expected = (weight * (effects[:, 0] - mean) ** 2).sum()
    assert q[0] == pytest.approx(expected)
    assert share[0] == pytest.approx(1 - 2 / expected)
    assert q[1] == pytest.approx(0)
    assert share[1] == 0


@pytest.mark.parametrize(("tau2", "k", "levels"), [
    (0.0, 3, (0.048, 0.036, 0.051, 0.000)), (0.0, 5, (0.050, 0.038, 0.048, 0.004)),
    (0.0, 12, (0.052, 0.041, 0.052, 0.022)), (0.05, 3, (0.149, 0.084, 0.052, 0.001)),
    (0.05, 5, (0.150, 0.080, 0.052, 0.018)), (0.05, 12, (0.156, 0.069, 0.051, 0.043)),
    (0.15, 3, (0.290, 0.133, 0.051, 0.007)), (0.15, 5, (0.302, 0.109, 0.053, 0.036)),
    (0.15, 12, (0.305, 0.078, 0.051, 0.049)),
])  # fmt: skip
def test_levels_of_pooled_tests(tau2, k, levels):
    """How often nothing passes: FE, DL-Wald, DL-HK, HK never narrower (M18; 20,000 runs, tolerance .006)."""
    rng = np.random.default_rng([k, round(100 * tau2)])
    v = 2 / rng.integers(15, 50, (k, 20_000))
    y = rng.standard_normal((k, 20_000)) * np.sqrt(v + tau2)
    dl = pool(y, v, "DL")
    wald = 2 * stats.norm.sf(np.abs(dl.effect / np.sqrt(dl.variance)))
    found = (pool(y, v, "FE").p, wald, dl.p, pool(y, v, "DL", conservative=True).p)
    assert [(p <= 0.05).mean() for p in found] == pytest.approx(levels, abs=0.006)
