"""Clusters over channels and frequencies: a plain flood, and values of MNE's permutation_cluster_test (1.13.2)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bids_app.dataset.mne_files.electrodes import read_electrodes
from bids_app.dataset.montages import nominal_positions
from bids_app.signals.scalp import neighbours
from bids_app.statistics.clusters.domain_neighbours import neighbours_of
from bids_app.vocabulary.domain import Axis, Sensors

ANCOVA, CHANGE = "ancova", "change"


@pytest.fixture(scope="module")
def cap(real_data):
    """The electrodes of EEGLAB's sample with all 75 edges, by 44 frequencies."""
    held = read_electrodes(real_data / "eeg_eeglab" / "eeglab_data.set")
    chosen = [i for i, name in enumerate(held.names) if not name.startswith("EOG")]
    names = tuple(held.names[i] for i in chosen)
    near = neighbours(held.positions[chosen], farthest=np.inf)
    axis = Axis("frequency", "Hz", tuple(map(float, range(1, 45))))
    return Sensors(names=names, axes=(axis,), near=near)


def planted(cap):
    """20 + 20 people, before and after: a rise at six channels and five frequencies in the first 20."""
    rng = np.random.default_rng(12)
    pre = rng.standard_normal((40, 30, 44))
    post = 0.5 * pre + np.sqrt(0.75) * rng.standard_normal((40, 30, 44))
    for name in ("Pz", "POz", "PO3", "PO4", "P3", "P4"):
        post[:20, cap.names.index(name), 7:12] += 1.5
    return pre.reshape(40, -1), post.reshape(40, -1)


def t_map(pre, post, kind):
    if kind == CHANGE:
        return stats.ttest_ind((post - pre)[:20], (post - pre)[20:]).statistic
    arm, found = np.repeat([1.0, 0.0], 20), np.empty(pre.shape[1])
    for place in range(len(found)):
        x = np.column_stack([arm, np.ones(40), pre[:, place]])
        beta, left, *_ = np.linalg.lstsq(x, post[:, place], rcond=None)
        found[place] = beta[0] / np.sqrt(left[0] / 37 * np.linalg.inv(x.T @ x)[0, 0])
    return found


def clusters(near, t, threshold):
    """Return extent and mass of every cluster, the heaviest first."""
    labels = near.label(t.astype(np.float32), threshold)
    found = [
        (int((labels == k).sum()), float((np.abs(t) - threshold)[labels == k].sum()))
        for k in range(1, labels.max() + 1)
    ]
    return sorted(found, key=lambda one: -one[1])


@pytest.mark.real
@pytest.mark.parametrize(
    ("kind", "df", "p", "threshold", "count", "extent", "mass"),
    [
        (CHANGE, 38, 0.001, 3.565678, 1, 24, 34.1330),
        (CHANGE, 38, 0.01, None, 11, 28, 56.4360),
        (ANCOVA, 37, 0.001, 3.573675, 1, 27, 48.7567),
        (ANCOVA, 37, 0.01, None, 8, 29, 73.4410),
    ],
)
def test_clusters_are_those_of_mne(cap, kind, df, p, threshold, count, extent, mass):
    near = neighbours_of(cap)
    cut = float(stats.t.isf(p / 2, df))
    assert threshold is None or cut == pytest.approx(threshold, abs=1e-6)
    t = t_map(*planted(cap), kind)
    found = clusters(near, t, cut)
    assert len(found) == count
    assert found[0] == (extent, pytest.approx(mass, rel=1e-4))
    largest = near.workspace(enhancing=False).largest(t.astype(np.float32), cut)
    assert largest == (max(size for size, _ in found), pytest.approx(found[0][1], rel=1e-4))
    if (kind, p) == (CHANGE, 0.001):
        assert (t.max(), t.min()) == pytest.approx((7.0831, -3.1192), abs=1e-4)


@pytest.mark.real
def test_channels_and_frequencies_have_the_pairs_of_both(cap):
    assert len(cap.near) == 75
    assert 44 * len(cap.near) + 30 * 43 == 4590


@pytest.mark.parametrize("seed", range(5))
def test_clusters_are_those_of_a_plain_flood(seed):
    names = ("Fz", "F3", "F4", "Cz", "C3", "C4", "Pz", "P3", "P4", "Oz")
    axis = Axis("frequency", "Hz", tuple(map(float, range(6))))
    cap = Sensors(names=names, axes=(axis,), near=neighbours(nominal_positions(names, "standard_1005")))
    t = 2 * np.random.default_rng(seed).standard_normal(60)
    beside = {frozenset(pair) for pair in cap.near}

    def joined(a, b):
        (one, first), (other, second) = divmod(a, 6), divmod(b, 6)
        return (one == other and abs(first - second) == 1) or (first == second and frozenset((one, other)) in beside)

    left, expected = {i for i in range(60) if abs(t[i]) > 1.5}, set()
    while left:
        cluster, edge = set(), [left.pop()]
        while edge:
            place = edge.pop()
            cluster.add(place)
            more = {i for i in left if joined(place, i) and t[i] * t[place] > 0}
            left -= more
            edge += more
        expected.add(frozenset(cluster))
    labels = neighbours_of(cap).label(t.astype(np.float32), 1.5)
    assert {frozenset(np.flatnonzero(labels == k).tolist()) for k in range(1, labels.max() + 1)} == expected
