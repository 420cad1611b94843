"""The linear model of maps: what the scale of values does to its t."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bids_app.statistics.permutation import linear_model


@pytest.mark.parametrize(
    ("shift", "on_raw", "on_logs"),
    [(0.0, 0.037, 0.050), (0.6, 0.374, 0.550)],  # lognormal, SD 1 of the logarithm, 25 a group, 4000 draws
)
def test_power_of_eeg_is_compared_as_its_logarithm(shift, on_raw, on_logs):
    rng = np.random.default_rng(0)
    logs = rng.standard_normal((50, 4000))
    arm = np.repeat([1.0, 0.0], 25)
    logs[:25] += shift
    found = []
    for values in (np.exp(logs), logs):
        model = linear_model.fit(values.astype(np.float32), arm[:, None], np.ones((50, 1)))
        t = model.effect / np.sqrt(model.variance)
        found.append(float((np.abs(t) > stats.t.isf(0.025, 48)).mean()))
    assert found == pytest.approx([on_raw, on_logs], abs=0.02)


def test_baselines_are_added_up_exactly_in_single_precision():
    """Whatever the order: as integers; those who are not of an arm have minus its sum."""
    rng = np.random.default_rng(5)
    for n in (6, 98, 700):
        unit = rng.standard_normal((n, 500))
        unit -= unit.mean(axis=0)
        unit /= np.linalg.norm(unit, axis=0)
        rounded = linear_model.on_steps(unit, centred=True).astype(np.float32)
        assert np.abs(rounded - unit).max() < 2 * np.sqrt(n) * 2.0**-24 * 2
        step = 2.0 ** -(24 - next(k for k in range(9) if 4**k >= n))  # no sum of unit vectors is above sqrt(n)
        whole = np.rint(rounded.astype(np.float64) / step).astype(np.int64)  # integers, which have no roundings
        assert (whole * step == rounded).all()
        for _ in range(5):
            members = rng.random(n) < 0.5
            one = np.zeros(500, np.float32)
            for row in rng.permutation(np.flatnonzero(members)):
                one += rounded[row]
            assert (one == whole[members].sum(axis=0) * step).all()
            assert (one == members.astype(np.float32) @ rounded).all()
            assert (one == -((~members).astype(np.float32) @ rounded)).all()
