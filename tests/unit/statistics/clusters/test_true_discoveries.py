"""True discoveries against closed testing over all subsets, one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bids_app.statistics.clusters.true_discoveries import hommel, true_discoveries, voxel_p

ALPHA = 0.05
LISTS = st.lists(st.floats(1e-6, 1).map(lambda p: p**3), min_size=1, max_size=9)


def simes(p):
    ordered = np.sort(p)
    return bool((ordered * len(p) <= ALPHA * np.arange(1, len(p) + 1)).any())


def closed(p, members):
    """Return the limit of true discoveries in a set: its size less the largest part that no closed test refuses."""
    everything = range(len(p))
    kept = set()
    for size in range(1, len(p) + 1):
        for one in combinations(everything, size):
            if not simes(p[list(one)]):
                kept.add(frozenset(one))
    refused = lambda part: not any(part <= other for other in kept)  # noqa: E731
    for size in range(len(members), 0, -1):
        if any(not refused(frozenset(one)) for one in combinations(members, size)):
            return len(members) - size
    return len(members)


@given(LISTS, st.data())
def test_it_is_the_closed_test_of_all_subsets(values, data):
    p = np.array(values)
    members = sorted(data.draw(st.sets(st.sampled_from(range(len(p))), min_size=1)))
    assert true_discoveries(p[members], hommel(p, ALPHA), ALPHA) == closed(p, members)


@given(LISTS, st.data())
def test_a_larger_set_has_as_many_at_least_and_smaller_p_no_fewer(values, data):
    p = np.array(values)
    members = sorted(data.draw(st.sets(st.sampled_from(range(len(p))), min_size=1)))
    largest = hommel(p, ALPHA)
    own = true_discoveries(p[members], largest, ALPHA)
    assert true_discoveries(p, largest, ALPHA) >= own
    smaller = p / 2
    assert true_discoveries(smaller[members], hommel(smaller, ALPHA), ALPHA) >= own


def test_p_of_voxels_are_those_of_the_distributions():
    t = np.array([2.5, -2.5, np.nan], dtype=np.float32)
    assert voxel_p(t, 20)[:2] == pytest.approx([2 * stats.t.sf(2.5, 20)] * 2)
    assert np.isnan(voxel_p(t, 20)[2])
    assert voxel_p(t, 20, both=False)[1] == pytest.approx(stats.t.cdf(2.5, 20))
    assert voxel_p(np.float32([4.0]), 20, 3)[0] == pytest.approx(stats.f.sf(4.0, 3, 20))
