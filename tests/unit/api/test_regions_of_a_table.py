"""Regions of a table through the front door, against statsmodels' least squares on record (P16)."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app import permutation_test


def test_regions_are_corrected_over_the_table():  # P16
    rng, arm = np.random.default_rng(0), np.repeat([1, 0], 20)
    before = 1 + 0.3 * rng.standard_normal((40, 6))
    after = 0.7 * (before - 1) + 1 + 0.15 * rng.standard_normal((40, 6))
    after[arm == 1, 0] += 0.25
    found = permutation_test(after, arm, baseline=before, statistic="voxel", n_permutations=5000, seed=1)
    assert found.t[:2] == pytest.approx([7.7105, -1.1513], abs=1e-3)
    assert found.p[0] == pytest.approx(0.0002)
    assert found.p[1] == pytest.approx(0.8380, abs=0.015)
