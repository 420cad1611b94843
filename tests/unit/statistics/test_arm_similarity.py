"""Equivalence, Bayes factors, conjunction and similarity of arms against constants and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats
from statsmodels.api import OLS

from bids_app.statistics import bayes_factor, map_similarity
from bids_app.statistics.permutation import engine, linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

PRE = np.array([6.1, 5, 7.2, 6.6, 5.8, 6.9, 5.5, 7])
POST = np.array([3, 2.4, 4.1, 3.2, 4.9, 5.6, 4.4, 6.1])
ARM = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("t", "df", "size", "expected"),
    [
        (2.5, 38, 10, 3.33785), (0, 38, 10, 0.308794), (1, 38, 10, 0.458885), (2.5, 19, 20, 2.702145),
        (0.5, 96, 24.5, 1 / 4.207516),
    ],
)  # fmt: skip
def test_bayes_factors_are_those_of_the_reference(t, df, size, expected):  # T23
    assert 10 ** bayes_factor.log_bayes_factor(np.array([t]), df, size)[0] == pytest.approx(expected, rel=1e-5)
    found = bayes_factor.bayes_map(np.array([t, -t, np.nan, 4.0]), df, np.full(4, float(size)))
    assert found[0] == found[1] == pytest.approx(np.log10(expected), abs=2e-3)
    assert np.isnan(found[2])


def test_bayes_factors_take_the_effective_number_of_the_design_at_each_voxel():
    """Residual variance over the variance of the effect, of a plain fit; with a baseline it differs between voxels."""
    rng = np.random.default_rng(0)
    n, voxels = 20, 6
    arm = (np.arange(n) < 8).astype(float)
    outcome, before = rng.standard_normal((2, n, voxels)) + 3 * np.outer(arm, np.arange(voxels) % 2)
    nuisance = np.column_stack([np.ones(n), rng.standard_normal(n) + arm])
    model = linear_model.fit(outcome, arm, nuisance, before)
    t = model.effect / np.sqrt(model.variance)
    found = bayes_factor.bayes_map(t, model.df, model.effective_size)
    for v in range(voxels):
        book = OLS(outcome[:, v], np.column_stack([arm, nuisance, before[:, v]])).fit()
        size = book.mse_resid / book.bse[0] ** 2
        assert model.effective_size[v] == pytest.approx(size)
        assert found[v] == pytest.approx(
            bayes_factor.log_bayes_factor(np.array([book.tvalues[0]]), model.df, size)[0], abs=2e-3
        )
    plain = linear_model.fit(outcome, arm, np.ones((n, 1)))
    assert plain.effective_size == pytest.approx(8 * 12 / 20)


@pytest.mark.parametrize(("people", "t"), [(40, 3.0), (1000, 60.0), (5000, 150.0)])
def test_bayes_factors_of_thousands_of_people_are_numbers(people, t):
    """The prior and the noise of a mean make a Voigt profile; that leaves an integral over the standard deviation."""
    df, width = people - 2, bayes_factor.SCALES[1] * (people / 4) ** 0.5
    sd = stats.chi(df, scale=df**-0.5)
    under_h1, _ = integrate.quad(
        lambda s: s * sd.pdf(s) * special.voigt_profile(t * s, 1, width), *sd.ppf([1e-15, 1 - 1e-15]), epsabs=0
    )
    expected = np.log10(under_h1) - stats.t.logpdf(t, df) / np.log(10)
    assert bayes_factor.log_bayes_factor(np.array([t]), df, people / 4)[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("shift", "t", "sign"), [(3.0, 5.7738, 1), (-1.0, -17.6466, -1)])
def test_shifted_outcomes_give_the_randomisation_tost(shift, t, sign):  # T24
    scheme = Rerandomisation(ARM, np.zeros(8, dtype=int), 0, 100)
    model = linear_model.fit(sign * (POST + shift * ARM)[:, None], ARM, np.ones((8, 1)), PRE[:, None])
    found = np.array([engine.statistic(model, scheme, k)[0] for k in range(scheme.total)])
    assert sign * found[0] == pytest.approx(t, abs=1e-3)
    assert (found >= found[0]).mean() == pytest.approx(0.0142857, abs=1e-6)


def test_conjunction_takes_the_weaker_of_two_effects_of_one_sign():
    t = np.array([2.9, 2.9, -1.0]), np.array([2.2, -2.2, -3.0])
    p = tuple(stats.t.sf(np.abs(values), 19) for values in t)
    smaller, larger = map_similarity.conjunction(t, p)
    assert smaller == pytest.approx([2.2, 0, -1])
    assert larger[0] == pytest.approx(0.0201906, abs=1e-6)
    assert larger[1] == 1


def test_dice_of_small_sets():
    a, b = np.array([1, 1, 1, 1, 0], dtype=bool), np.array([0, 1, 1, 1, 1], dtype=bool)
    assert map_similarity.dice(a, b) == 0.75
    assert np.isnan(map_similarity.dice(~a & a, b & ~b))


def arms(n):
    return Rerandomisation((np.arange(n) % 2).astype(float), np.zeros(n, dtype=int), 3, 500)


def test_similarity_finds_a_shared_map_and_a_difference():
    rng = np.random.default_rng(5)
    shared, own = rng.standard_normal((2, 400))
    scheme = arms(40)
    noise = rng.standard_normal((40, 400))
    alike = map_similarity.similarity(noise + shared, scheme, 1, 300)
    assert alike.r == pytest.approx(
        np.corrcoef(
            (noise + shared)[scheme.labels == 1].mean(axis=0), (noise + shared)[scheme.labels == 0].mean(axis=0)
        )[0, 1]
    )
    assert alike.p_consistent < 0.01
    assert alike.p_exchangeable > 0.05
    assert min(alike.reliability) > 0.9
    apart = map_similarity.similarity(noise + np.outer(scheme.labels, 2 * own), scheme, 1, 300)
    assert apart.p_exchangeable < 0.01
    assert apart.p_consistent > 0.05


@pytest.mark.slow
def test_similarity_is_calibrated_when_nothing_changes():
    """Smooth maps alone correlate; people flipped or exchanged keep that smoothness."""
    hits = np.zeros(2)
    for number in range(200):
        rng = np.random.default_rng([8, number])
        smooth = np.cumsum(rng.standard_normal((16, 60)), axis=1)
        found = map_similarity.similarity(smooth - smooth.mean(axis=1, keepdims=True), arms(16), number, 99)
        hits += [found.p_consistent <= 0.05, found.p_exchangeable <= 0.05]
    low, high = stats.binom.interval(0.99, 200, 0.05)
    assert (hits <= high).all()
    assert hits[0] >= low


@pytest.mark.slow
def test_one_arm_that_changes_alone_is_not_called_alike():
    hits = 0
    for number in range(150):
        rng = np.random.default_rng([9, number])
        scheme = arms(20)
        noise = np.cumsum(rng.standard_normal((20, 60)), axis=1) / 4
        alone = noise + np.outer(scheme.labels, np.cumsum(rng.standard_normal(60)))
        hits += map_similarity.similarity(alone, scheme, number, 99).p_consistent <= 0.05
    assert hits <= stats.binom.ppf(0.995, 150, 0.05)
