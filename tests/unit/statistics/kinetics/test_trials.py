"""Trials of regions from curves to the corrected p: how often nothing passes, and whether a fall is found."""

from __future__ import annotations

import numpy as np
import pytest
from test_models import DURATION, FRAMES, ONES, RATES, REFERENCE, SIZES

from bids_app import permutation_test
from bids_app.statistics.kinetics.reference import bases, srtm

TRIALS, PEOPLE = 500, 24
LEVELS = np.array([2.0, 2.6, 1.2, 0.9, 1.5, 0.3])
"""Binding potential of each region."""

ARM = np.arange(PEOPLE) % 2


def measured(bp, rng):
    """Return the binding potentials that SRTM makes of noisy curves of regions, of the shape of `bp`."""
    flat = bp.ravel()
    k = 0.14 / (1 + flat)
    shared = (0.14 - k)[:, None] * SIZES / (k[:, None] - RATES)
    sizes = np.concatenate([SIZES + shared, -shared.sum(axis=1)[:, None]], axis=1)
    rates = np.concatenate([np.broadcast_to(RATES, (len(flat), 3)), k[:, None]], axis=1)
    curves = np.stack([
        ((np.exp(-rates * start) - np.exp(-rates * end)) / rates * sizes).sum(axis=1) / lasts
        for start, end, lasts in zip(FRAMES.start, FRAMES.end, DURATION, strict=True)
    ])  # fmt: skip
    curves *= 1 + 0.05 * rng.standard_normal(curves.shape)
    return srtm(bases(FRAMES, REFERENCE, ONES), curves).bp.reshape(bp.shape)


def trials(rng, fall=0.0, rise=0.0):
    """Return values before and after, (trials, people, regions): a fall of one region in one arm, a rise in both."""
    own = LEVELS * np.exp(0.12 * rng.standard_normal((TRIALS, PEOPLE, 1)))
    before, after = (own * np.exp(0.05 * rng.standard_normal(own.shape)) for _ in range(2))
    after[:, ARM == 1, 4] *= 1 - fall
    after[:, :, 3] *= 1 + rise
    return measured(before, rng), measured(after, rng)


def passing(before, after):
    """Return which regions pass in each trial, corrected over regions, (trials, regions)."""
    return np.array([
        permutation_test(post, ARM, baseline=pre, statistic="voxel", n_permutations=200, seed=i).p <= 0.05
        for i, (pre, post) in enumerate(zip(before, after, strict=True))
    ])  # fmt: skip


@pytest.mark.slow
def test_no_difference_passes_in_one_trial_of_twenty_also_where_both_arms_change():
    before, after = trials(np.random.default_rng(1), rise=0.3)
    assert passing(before, after).any(axis=1).mean() == pytest.approx(0.05, abs=0.02)


@pytest.mark.slow
def test_a_fall_of_one_arm_is_found_where_it_is():
    before, after = trials(np.random.default_rng(2), fall=0.15, rise=0.3)
    found = passing(before, after)
    assert found[:, 4].mean() > 0.95
    assert np.delete(found, 4, axis=1).any(axis=1).mean() < 0.07
