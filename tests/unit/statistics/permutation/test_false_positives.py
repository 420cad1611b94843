"""Familywise error under the null: both designs, every statistic, inside the 99 % binomial band."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, stats

from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.permutation import corrections, engine, linear_model, permutation_test
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import SignFlips

SHAPE, TRIALS, RELABELLINGS = (12, 14, 12), 400, 120


def smooth_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return n long-tailed smooth maps, (n, voxels): skewed values, 3 voxels FWHM."""
    noise = rng.lognormal(0, 0.6, (n, *SHAPE))
    return ndimage.gaussian_filter(noise, (0, 1.27, 1.27, 1.27)).reshape(n, -1)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["verumVsShamAdjusted", "verumVsShamChange", "verumChange"])
def test_familywise_error_is_nominal(design):  # T14
    mask = np.ones(SHAPE, dtype=bool)
    around = lattice(mask)
    low, high = stats.binom.interval(0.99, TRIALS, 0.05)
    false = dict.fromkeys(engine.STATISTICS, 0)
    for number in range(TRIALS):
        rng = np.random.default_rng([20, number])
        site = np.repeat([0, 1], 10)
        arm = np.concatenate([rng.permutation([1.0] * 5 + [0.0] * 5) for _ in range(2)])
        person = smooth_noise(rng, 20) + site[:, None]
        pre, post = person + smooth_noise(rng, 20), person + smooth_noise(rng, 20)
        if design == "verumChange":
            # Sign flips are exact for symmetric errors: a difference of two like terms is symmetric.
            scheme = SignFlips(20, number, RELABELLINGS)
            model = linear_model.fit(post - pre, np.ones(20), np.empty((20, 0)))
        else:
            adjusted = design == "verumVsShamAdjusted"
            scheme = Rerandomisation(arm, site, number, RELABELLINGS)
            nuisance = np.column_stack([np.ones(20), site, rng.standard_normal(20)])
            model = linear_model.fit(post if adjusted else post - pre, arm, nuisance, pre if adjusted else None)
        null = permutation_test.run(
            model,
            scheme,
            engine.SpatialStructure(
                neighbours=around, threshold=permutation_test.cluster_threshold(0.01, model.df), enhancing=True
            ),
        )
        for name, maxima in null.maxima.items():
            false[name] += bool(corrections.familywise_p(maxima[:1], maxima)[0] <= 0.05)
    assert all(low <= count <= high for count in false.values()), {k: v / TRIALS for k, v in false.items()}
