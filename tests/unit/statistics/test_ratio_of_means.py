"""Ratios of means against the test that defines their limits, and what noise alone does to percentages."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bids_app.statistics.ratio_of_means import over_places, ratio_of_means
from bids_app.statistics.repeatability import conditional_odds, rises_by_chance, smallest_change


def test_a_paired_t_test_rejects_just_beyond_the_limits():
    rng = np.random.default_rng(1)
    before = 2 + 0.5 * rng.standard_normal((14, 3))
    after = 0.8 * before + 0.2 * rng.standard_normal((14, 3))
    found = ratio_of_means(before, after)
    for place in range(3):
        assert found.percent[place] == pytest.approx(100 * (after[:, place].mean() / before[:, place].mean() - 1))
        for limit in (found.low[place], found.high[place]):
            left = after[:, place] - (1 + limit / 100) * before[:, place]
            assert stats.ttest_1samp(left, 0).pvalue == pytest.approx(0.05, abs=1e-9)


def test_the_limits_cover():
    rng, inside = np.random.default_rng(2), []
    before = 1.5 + 0.3 * rng.standard_normal((12, 4000))
    after = 0.9 * before + 0.15 * rng.standard_normal((12, 4000))
    found = ratio_of_means(before, after)
    inside = (found.low <= -10) & (found.high >= -10)
    assert inside.mean() == pytest.approx(0.95, abs=0.012)


def test_there_are_no_limits_where_the_mean_before_is_as_good_as_nothing():
    rng = np.random.default_rng(3)
    before = 0.02 + 0.3 * rng.standard_normal((10, 1))
    found = ratio_of_means(before, before + 0.1)
    assert np.isnan([found.low[0], found.high[0]]).all()


def test_the_ratio_of_means_holds_where_percentages_do_not():  # P14
    rng = np.random.default_rng(4)
    level = rng.normal(0.3, 0.1, (20, 2000))
    before, after = (level + 0.06 * rng.standard_normal(level.shape) for _ in range(2))
    percentages = 100 * (after / before - 1)
    assert np.median(percentages.mean(axis=0)) > 3  # about +5 without any change
    assert abs(np.median(ratio_of_means(before, after).percent)) < 0.8
    level = rng.normal(1.5, 0.3, (20, 4000))
    before, after = (level + 0.15 * rng.standard_normal(level.shape) for _ in range(2))
    rises = after / before >= 1.15
    assert rises.mean() == pytest.approx(0.169, abs=0.006)
    own = np.corrcoef((after / before - 1).ravel(), before.ravel())[0, 1]
    assert own == pytest.approx(-0.34, abs=0.02)


@pytest.mark.parametrize(
    ("variation", "drawn", "detectable"),
    [(0.03, 0.001, 8.3), (0.05, 0.024, 13.9), (0.08, 0.109, 22.2), (0.10, 0.162, 27.7), (0.15, 0.256, 41.6),
     (0.20, 0.312, 55.4)],
)  # fmt: skip
def test_noise_alone_makes_responders(variation, drawn, detectable):  # P13: 1e6 draws
    assert rises_by_chance(variation, 0.15) == pytest.approx(drawn, abs=0.0015)
    assert 100 * smallest_change(variation) == pytest.approx(detectable, abs=0.06)


def test_of_sixty_how_many_rise_by_noise():  # P13
    assert 60 * rises_by_chance(0.05, 0.15) == pytest.approx(1.4, abs=0.1)
    assert 60 * rises_by_chance(0.10, 0.15) == pytest.approx(9.7, abs=0.1)


def test_a_drug_that_takes_a_fifth_everywhere():  # P15
    before = np.array([1.5, 0.8, 0.3])
    assert over_places(before, 0.8 * before) == pytest.approx((0.2, 0.0), abs=1e-12)


def test_the_odds_ratio_is_conditional_and_exact():  # P15
    assert conditional_odds((12, 20), (6, 20)) == pytest.approx((3.3853, 0.7973, 15.976), abs=6e-4)
