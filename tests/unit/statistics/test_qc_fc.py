"""Correlation of maps with motion over people, against plain regressions and planted motion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bids_app.statistics.qc_fc import by_distance, qc_fc


def test_r_is_the_correlation_of_residuals():
    rng = np.random.default_rng(1)
    maps = rng.standard_normal((20, 50)).astype(np.float32)
    motion, arm = rng.gamma(2, 0.1, 20), np.repeat([0.0, 1], 10)
    nuisance = np.column_stack([np.ones(20), arm])
    found = qc_fc(maps, motion, nuisance)
    hat = nuisance @ np.linalg.pinv(nuisance)
    for v in range(50):
        expected = np.corrcoef(maps[:, v] - hat @ maps[:, v], motion - hat @ motion)[0, 1]
        assert found.r[v] == pytest.approx(expected, abs=1e-6)
    assert found.df == 20 - 2 - 1


def test_noise_looks_like_chance_and_motion_does_not():
    rng = np.random.default_rng(2)
    motion, ones = rng.gamma(2, 0.1, 40), np.ones((40, 1))
    maps = rng.standard_normal((40, 4000)).astype(np.float32)
    nothing = qc_fc(maps, motion, ones)
    assert nothing.median == pytest.approx(nothing.median_by_chance, rel=0.05)
    assert nothing.share == pytest.approx(0.05, abs=0.015)
    # The closed form of the median by chance against draws of r = t / sqrt(t^2 + df).
    t = stats.t.rvs(nothing.df, size=200_000, random_state=3)
    assert nothing.median_by_chance == pytest.approx(np.median(np.abs(t) / np.sqrt(t**2 + nothing.df)), rel=0.01)
    moved = qc_fc(maps + 5 * motion[:, None].astype(np.float32), motion, ones)
    assert moved.median > 2 * moved.median_by_chance
    assert moved.share > 0.5


def test_an_effect_that_falls_with_distance_is_seen():
    distance = np.linspace(5, 100, 500)
    rho, bins = by_distance(0.5 - distance / 200, distance)
    assert rho == pytest.approx(-1)
    assert len(bins) == 10
    assert bins[0][0] < bins[-1][0]
    assert bins[0][1] > bins[-1][1]
    assert by_distance(np.full(5, np.nan), np.ones(5))[1] == []
