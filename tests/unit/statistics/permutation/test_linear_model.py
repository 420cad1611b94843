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
