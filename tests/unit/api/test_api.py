"""The front door for Python, against numpy, scipy, statsmodels and permutations counted one by one."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, pairwise

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import ndimage, stats

import bids_app
from bids_app import compare_outcome, permutation_test, seed_map, tfce

N = 8
ARM = np.array([1, 0, 1, 0, 1, 0, 0, 1])


def t_of(maps, arm, *others):
    """Return t of the arm by least squares, voxel by voxel."""
    x = np.column_stack([arm, np.ones(len(arm)), *others])
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ maps
    left = maps - x @ beta
    return beta[0] / np.sqrt((left**2).sum(axis=0) / (len(arm) - x.shape[1]) * inverse[0, 0])


@pytest.mark.slow
def test_largest_t_over_all_allocations_counted_one_by_one():
    maps = np.random.default_rng(1).standard_normal((N, 30)).astype(np.float32)
    found = permutation_test(maps, ARM, statistic="voxel")
    arms = [np.isin(np.arange(N), chosen).astype(float) for chosen in combinations(range(N), 4)]
    every = np.abs([t_of(maps, arm) for arm in arms])
    observed = np.abs(t_of(maps, ARM))
    assert found.exhaustive
    assert len(found.null_max) == len(every) == 70
    assert np.abs(found.t) == pytest.approx(observed, rel=1e-4)
    tolerance = observed * (1 - 1e-6)
    assert found.p == pytest.approx((every.max(axis=1)[:, None] >= tolerance).mean(axis=0))
    assert found.p_uncorrected == pytest.approx((every >= tolerance).mean(axis=0))
    assert found.effect == pytest.approx(maps[ARM == 1].mean(axis=0) - maps[ARM == 0].mean(axis=0), abs=1e-5)


def test_each_voxel_is_adjusted_for_its_own_baseline_and_for_strata():
    rng = np.random.default_rng(2)
    before, site = rng.standard_normal((20, 4)), np.arange(20) % 2
    after = 0.7 * before + 0.4 * site[:, None] + rng.standard_normal((20, 4))
    arm = np.arange(20) // 2 % 2
    found = permutation_test(after, arm, baseline=before, strata=site, statistic="voxel", n_permutations=99)
    for voxel in range(4):
        x = sm.add_constant(np.column_stack([arm, site, before[:, voxel]]))
        fitted = sm.OLS(after[:, voxel], x).fit()
        assert found.t[voxel] == pytest.approx(fitted.tvalues[1], rel=1e-4)
        assert found.effect[voxel] == pytest.approx(fitted.params[1], rel=1e-4)
    assert found.df == 16


@pytest.mark.slow
def test_clusters_are_those_of_scipy_and_their_p_those_of_the_null():
    rng = np.random.default_rng(3)
    shape, arm = (7, 7, 7), np.arange(16) % 2
    maps = ndimage.gaussian_filter(rng.standard_normal((16, *shape)), (0, 1, 1, 1)).reshape(16, -1)
    mask = rng.random(shape) < 0.9
    maps = maps.reshape(16, *shape)[:, mask]
    found = permutation_test(maps, arm, mask=mask, n_permutations=60, cluster_forming_p=0.05, statistic="mass")
    threshold = stats.t.isf(0.025, 14)
    volume = np.zeros(shape)
    volume[mask] = t_of(maps, arm)
    masses = []
    for sign in (1, -1):
        labels, count = ndimage.label(sign * volume > threshold, np.ones((3, 3, 3)))
        masses += [(sign * volume[labels == i] - threshold).sum() for i in range(1, count + 1)]
    assert [one.mass for one in found.clusters] == pytest.approx(sorted(masses, reverse=True), rel=1e-3)
    assert found.null_max[0] == pytest.approx(max(masses), rel=1e-3)
    for one in found.clusters:
        expected = (found.null_max >= np.float32(one.mass)).mean()
        assert found.p[found.labels == one.number] == pytest.approx(expected)
    assert (found.p[found.labels == 0] == 1).all()


def test_the_mean_of_one_group_is_tested_by_sign_flips():
    maps = np.random.default_rng(4).standard_normal((6, 3)).astype(np.float32) + 0.8
    found = permutation_test(maps, statistic="voxel")
    signs = np.array(np.meshgrid(*[[1, -1]] * 6)).reshape(6, -1).T
    every = np.array([np.abs(stats.ttest_1samp(maps * row[:, None], 0).statistic) for row in signs])
    observed = np.abs(stats.ttest_1samp(maps, 0).statistic)
    assert np.abs(found.t) == pytest.approx(observed, rel=1e-4)
    assert found.p == pytest.approx((every.max(axis=1)[:, None] >= observed * (1 - 1e-6)).mean(axis=0))


def test_one_side_alone_looks_at_positive_effects():
    maps = np.random.default_rng(5).standard_normal((10, 5))
    arm = np.arange(10) % 2
    maps[arm == 1, 0] -= 5
    both, one = (permutation_test(maps, arm, statistic="voxel", two_sided=side) for side in (True, False))
    assert both.p[0] < 0.05
    assert one.p[0] > 0.9


@pytest.mark.slow
def test_threads_and_calls_change_no_bit():
    maps = np.random.default_rng(6).standard_normal((14, 64))
    words = {"groups": np.arange(14) % 2, "mask": np.ones((4, 4, 4)), "n_permutations": 200, "statistic": "tfce"}
    one, other = permutation_test(maps, **words), permutation_test(maps, n_jobs=2, **words)
    assert (one.null_max == other.null_max).all()
    assert (one.p == other.p).all()


def test_tfce_is_the_integral_height_by_height():
    rng = np.random.default_rng(7)
    t = ndimage.gaussian_filter(rng.standard_normal((6, 6, 6)), 1) * 4
    t[0, 0, 0] = np.nan
    found = tfce(t)
    expected, structure = np.zeros(t.shape), ndimage.generate_binary_structure(3, 1)
    for sign in (1, -1):
        side = np.nan_to_num(np.maximum(sign * t, 0)).astype(np.float32).astype(float)
        heights = np.unique(np.append(side[side > 0], 0.0))
        for low, high in pairwise(heights):
            labels, _ = ndimage.label(side >= high, structure)
            extent = np.bincount(labels.ravel())[labels]
            expected += np.where(labels > 0, sign * np.sqrt(extent) * (high**3 - low**3) / 3, 0)
    assert np.isnan(found[0, 0, 0])
    assert np.nan_to_num(found) == pytest.approx(expected, rel=1e-4, abs=1e-5)
    line = tfce([1, 2, 0.5, 3, 1], neighbours=[(0, 1), (1, 2), (2, 3), (3, 4)])
    assert line == pytest.approx([0.50564845, 2.83898179, 0.09316950, 9.17231512, 0.50564845], abs=1e-6)  # M15


def test_a_seed_map_is_fisher_z_of_plain_correlations():
    series = np.random.default_rng(8).standard_normal((60, 6))
    series[:, 5] = 3.0
    seed = np.array([True, True, False, False, False, False])
    z = seed_map(series, seed)
    assert np.isnan(z[[0, 1, 5]]).all()
    mean = series[:, :2].mean(axis=1)
    assert z[2:5] == pytest.approx([np.arctanh(np.corrcoef(mean, series[:, i])[0, 1]) for i in (2, 3, 4)], abs=1e-6)


def test_an_outcome_has_the_estimate_and_variance_of_statsmodels_and_the_p_of_every_allocation():
    rng = np.random.default_rng(9)
    before = rng.normal(50, 10, N)
    after = 0.6 * before + 4 * ARM + rng.normal(0, 4, N)
    found = compare_outcome(after, ARM, baseline=before)

    def fit(arm):
        return sm.OLS(after, np.column_stack([arm, np.ones(N), before])).fit(cov_type="HC2")

    own = fit(ARM)
    assert found.difference == pytest.approx(own.params[0])
    assert found.error == pytest.approx(own.bse[0])
    arms = [np.isin(np.arange(N), chosen).astype(float) for chosen in combinations(range(N), 4)]
    every = np.abs([fit(arm).tvalues[0] for arm in arms])
    assert found.rerandomised_p == pytest.approx((every >= abs(own.tvalues[0]) * (1 - 1e-9)).mean())
    assert found.low < found.difference < found.high


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: permutation_test(np.ones(5)), "maps has shape"),
        (lambda: permutation_test(np.full((4, 2), np.nan)), "NaN or infinite"),
        (lambda: permutation_test(np.ones((4, 2)), [1, 0, 2, 0], statistic="voxel"), "groups holds 0, 1, 2"),
        (lambda: permutation_test(np.ones((4, 2)), [1, 1, 1, 1], statistic="voxel"), "both of them"),
        (lambda: permutation_test(np.ones((4, 2)), [1, 0, 1, 0]), "needs a mask"),
        (lambda: permutation_test(np.ones((4, 2)), [1, 0, 1, 0], mask=np.ones((1, 1, 3))), "2 voxels"),
        (lambda: permutation_test(np.ones((4, 2)), covariates=np.ones(4), statistic="voxel"), "give groups too"),
        (lambda: permutation_test(np.eye(4), [1, 0, 1, 0], covariates=[1, 0, 1, 0], statistic="voxel"), "combination"),
        (lambda: permutation_test(np.eye(4), [1, 0, 1, 0], strata=[1, 2], statistic="voxel"), "strata has shape"),
        (lambda: tfce(np.ones((2, 2))), "three axes"),
        (lambda: tfce(np.ones((2, 2, 2)), np.ones(3)), "must be the same"),
        (lambda: tfce(np.ones(3), neighbours=[(0, 7)]), "two different places"),
        (lambda: seed_map(np.ones((5, 2)), [True, False]), "does not vary"),
        (lambda: seed_map(np.ones((5, 2)), [False, False]), "no voxel"),
        (lambda: seed_map(np.ones((5, 2)), [True]), "one for each voxel"),
        (lambda: compare_outcome([1, 2, np.nan], [1, 0, 1]), "NaN or infinite"),
        (lambda: compare_outcome(np.ones(6), [1, 0] * 3), "No two participants differ"),
    ],
)
def test_what_cannot_be_meant_is_a_value_error(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_names_are_there_and_importing_the_package_loads_no_array_library():
    assert set(bids_app.__all__) <= set(dir(bids_app))
    with pytest.raises(AttributeError, match="has no attribute 'tfec'"):
        bids_app.tfec  # noqa: B018
    code = "import sys, bids_app; print('numpy' in sys.modules, 'numba' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "False"]
