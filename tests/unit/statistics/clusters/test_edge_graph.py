"""Components of edges against scipy's graph routines, and edges through the whole engine."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.sparse.csgraph import connected_components

from bids_app.measures import network_coherence, parcel_correlation
from bids_app.statistics.clusters import edge_graph
from bids_app.statistics.clusters.domain_neighbours import neighbours_of
from bids_app.statistics.permutation import engine, linear_model, permutation_test
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

NODES = [f"n{i}" for i in range(9)]
EDGES = {f"{a}-{b}": (a, b) for i, a in enumerate(NODES) for b in NODES[i + 1 :]}


@pytest.mark.parametrize("seed", range(6))
def test_largest_components_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    graph = edge_graph.edge_graph(list(EDGES.values()))
    t = rng.standard_normal(len(EDGES)).astype(np.float32) * 2
    extents, masses = [0], [0.0]
    labels = graph.label(t, 2.0)
    for sign in (1, -1):
        above = np.flatnonzero(sign * t > 2)
        ends = graph.ends[above]
        matrix = sparse.coo_matrix((np.ones(len(above)), ends.T), shape=(len(NODES),) * 2)
        _, component = connected_components(matrix, directed=False)
        for number in np.unique(component[ends[:, 0]]):
            members = above[component[ends[:, 0]] == number]
            extents.append(len(members))
            masses.append(float((np.abs(t[members]).astype(float) - 2).sum()))
            assert len(set(labels[members])) == 1
            assert (labels == labels[members[0]]).sum() == len(members)
    assert graph.workspace(enhancing=False).largest(t, 2.0) == (max(extents), pytest.approx(max(masses)))
    assert ((labels > 0) == (np.abs(t) > 2)).all()


def test_values_without_shared_nodes_stand_alone():
    table = {"network_a": ["A", "A", "B"], "network_b": ["A", "B", "B"], "fisherz": ["0.4", "n/a", "-0.1"]}
    values = network_coherence.group_values(table)
    assert values.domain.names == ("A", "A-B", "B")
    assert values.values == pytest.approx([0.4, np.nan, -0.1], nan_ok=True)
    apart = neighbours_of(values.domain)
    assert apart.workspace(enhancing=False).largest(np.full(3, 9, dtype=np.float32), 1.0) == (1, 8)


def test_edges_of_a_matrix_are_its_fisher_z():
    table = {"node": ["a", "b", "c"], "a": ["1", "0.5", "n/a"], "b": ["0.5", "1", "-0.2"], "c": ["n/a", "-0.2", "1"]}
    values = parcel_correlation.group_values(table)
    assert values.domain.names == ("a-b", "a-c", "b-c")
    assert values.domain.ends == (("a", "b"), ("a", "c"), ("b", "c"))
    assert values.values == pytest.approx(np.arctanh([0.5, np.nan, -0.2]), nan_ok=True)


@pytest.mark.slow
def test_familywise_error_over_edges_is_nominal():
    graph = edge_graph.edge_graph(list(EDGES.values()))
    arm = (np.arange(16) % 2).astype(float)
    hits = dict.fromkeys(("voxel", "extent", "mass"), 0)
    for number in range(200):
        rng = np.random.default_rng([4, number])
        shared = rng.standard_normal((16, 1))
        outcome = np.exp(0.5 * (rng.standard_normal((16, len(EDGES))) + shared))
        model = linear_model.fit(outcome, arm, np.ones((16, 1)))
        scheme = Rerandomisation(arm, np.zeros(16, dtype=int), number, 99)
        null = permutation_test.run(model, scheme, engine.SpatialStructure(neighbours=graph, threshold=2.0))
        for name, maxima in null.maxima.items():
            hits[name] += (maxima >= maxima[0]).mean() <= 0.05
    low, high = stats.binom.interval(0.99, 200, 0.05)
    assert all(low <= count <= high for count in hits.values()), hits
