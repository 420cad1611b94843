"""Graphs against Zachary's club by networkx and the Brain Connectivity Toolbox, and networks with known ends."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.statistics.graphs import edges, measures, modules

LINKS = (
    "2 1 3 1 3 2 4 1 4 2 4 3 5 1 6 1 7 1 7 5 7 6 8 1 8 2 8 3 8 4 9 1 9 3 10 3 11 1 11 5 11 6 12 1 13 1 13 4 14 1 14 2 "
    "14 3 14 4 17 6 17 7 18 1 18 2 20 1 20 2 22 1 22 2 26 24 26 25 28 3 28 24 28 25 29 3 30 24 30 27 31 2 31 9 32 1 "
    "32 25 32 26 32 29 33 3 33 9 33 15 33 16 33 19 33 21 33 23 33 24 33 30 33 31 33 32 34 9 34 10 34 14 34 15 34 16 "
    "34 19 34 20 34 21 34 23 34 24 34 27 34 28 34 29 34 30 34 31 34 32 34 33"
)
CLUB = np.array([0] * 9 + [1] + [0] * 4 + [1, 1, 0, 0, 1, 0, 1, 0] + [1] * 12)
"""Whom each of 34 members followed when the club split."""

WEIGHTS = np.array([[0, 0.6, 0.3, 0], [0.6, 0, 0.5, 0.2], [0.3, 0.5, 0, 0.4], [0, 0.2, 0.4, 0]])


def club():
    ends = np.array(LINKS.split(), dtype=int).reshape(-1, 2) - 1
    graph = np.zeros((34, 34), dtype=bool)
    graph[ends[:, 0], ends[:, 1]] = True
    assert len(ends) == 78
    return graph | graph.T


def test_measures_of_the_club_are_those_of_networkx_and_the_connectivity_toolbox():
    graph = club()
    whole = graph.astype(float)
    assert measures.global_efficiency(graph) == pytest.approx(0.4920083185, abs=1e-10)
    assert measures.local_efficiency(graph).mean() == pytest.approx(0.6451265102, abs=1e-10)
    assert measures.clustering(graph).mean() == pytest.approx(0.5706384782, abs=1e-10)
    assert measures.assortativity(graph) == pytest.approx(-0.4756130977, abs=1e-10)
    assert measures.largest_component(graph) == 34
    assert modules.modularity(whole, CLUB) == pytest.approx(0.3582347140, abs=1e-10)
    assert modules.best_partition(whole, 100, 0)[0] == pytest.approx(0.4197896121, abs=1e-10)
    roles = measures.participation(whole, CLUB)
    assert (roles[0], roles[2]) == pytest.approx((0.1171875, 0.48), abs=1e-10)
    assert roles.mean() == pytest.approx(0.1383770661, abs=1e-10)
    within = measures.within_module_z(whole, CLUB)
    assert (within[0], within[33]) == pytest.approx((3.3465325, 3.1362808), abs=1e-7)


def test_random_graphs_keep_every_degree_and_give_the_ratios_of_the_club():
    graph, rng = club(), np.random.default_rng(1)
    random = [edges.rewired(graph, 10, rng) for _ in range(100)]
    assert all((one.sum(axis=0) == graph.sum(axis=0)).all() and not one.diagonal().any() for one in random)
    gamma = measures.clustering(graph).mean() / np.mean([measures.clustering(one).mean() for one in random])
    assert gamma == pytest.approx(1.611, rel=0.03)


def test_weights_are_taken_as_they_are_and_negative_ones_count_less():
    assert measures.weighted_clustering(WEIGHTS) == pytest.approx(
        [0.44814047, 0.26337855, 0.26337855, 0.34199519], abs=1e-8
    )
    assert measures.weighted_efficiency(WEIGHTS) == pytest.approx(0.3656084656, abs=1e-10)
    signed = np.array([[0, 0.6, -0.3, 0.1], [0.6, 0, 0.5, -0.2], [-0.3, 0.5, 0, 0.4], [0.1, -0.2, 0.4, 0]])
    assert modules.signed_modularity(signed, np.array([1, 1, 2, 2])) == pytest.approx(0.2362351190, abs=1e-10)


def test_closed_forms():
    """A ring of n: distances 1 to n/2; a full graph; two full graphs apart; a star, whose ends have other degrees."""
    ring = np.roll(np.eye(8, dtype=bool), 1, axis=1)
    ring |= ring.T
    assert measures.global_efficiency(ring) == pytest.approx((2 + 2 / 2 + 2 / 3 + 1 / 4) / 7)
    assert not measures.clustering(ring).any()
    assert np.isnan(measures.assortativity(ring))
    full = ~np.eye(6, dtype=bool)
    assert measures.global_efficiency(full) == 1
    assert measures.local_efficiency(full) == pytest.approx(np.ones(6))
    apart = np.kron(np.eye(2, dtype=bool), np.ones((4, 4), dtype=bool)) & ~np.eye(8, dtype=bool)
    assert measures.global_efficiency(apart) == pytest.approx(3 / 7)
    assert measures.largest_component(apart) == 4
    best, partition = modules.best_partition(apart.astype(float), 3, 0)
    assert best == pytest.approx(0.5)
    assert partition.tolist() == [0] * 4 + [1] * 4
    star = np.zeros((5, 5), dtype=bool)
    star[0, 1:] = star[1:, 0] = True
    assert measures.assortativity(star) == pytest.approx(-1)
    assert measures.local_efficiency(star) == pytest.approx(np.zeros(5))


def test_the_strongest_positive_connections_are_taken_and_ties_in_their_order():
    matrix = np.array([[1, 0.5, -0.9, 0.2], [0.5, 1, 0.5, 0.1], [-0.9, 0.5, 1, 0.3], [0.2, 0.1, 0.3, 1]])
    found = edges.strongest(matrix, 1 / 6)
    assert np.argwhere(np.triu(found)).tolist() == [[0, 1]]
    assert np.triu(edges.strongest(matrix, 5 / 6)).sum() == 5
    assert not edges.strongest(matrix, 5 / 6)[0, 2]
    assert edges.strongest(matrix, 1.0) is None  # one of six is negative


def test_equal_density_makes_weaker_connectivity_another_graph():
    """The same modular truth, scaled to 70 %: clustering and efficiency differ although the arrangement does not."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(5), 12)
    truth = np.where(labels[:, None] == labels, 0.4, 0.1) + np.diag(np.full(60, 0.6))
    weak = np.where(np.eye(60, dtype=bool), 1.0, 0.7 * truth)
    found = {"strong": [], "weak": []}
    for name, covariance in (("strong", truth), ("weak", weak)):
        root = np.linalg.cholesky(covariance)
        for _ in range(12):
            matrix = np.corrcoef(root @ rng.standard_normal((60, 80)))
            found[name].append(measures.clustering(edges.strongest(matrix, 0.15)).mean())
    assert np.mean(found["strong"]) - np.mean(found["weak"]) > 2 * np.std(found["weak"])
