"""Clusters and exact TFCE of listed neighbours: against a plain twin, the lattice kernels, and given constants."""

from __future__ import annotations

from itertools import pairwise

import nibabel as nib
import numpy as np
import pytest
from nilearn import datasets
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from bids_app.statistics.clusters.adjacency import adjacency, product
from bids_app.statistics.clusters.domain_neighbours import neighbours_of
from bids_app.statistics.clusters.edge_graph import edge_graph
from bids_app.statistics.clusters.lattice import lattice
from bids_app.vocabulary.domain import Axis, Sensors, Sites, Voxels
from bids_app.vocabulary.grid import Grid

POWERS = 0.5, 2.0


def enhanced(neighbours, t, powers=POWERS):
    work, values = neighbours.workspace(enhancing=True), np.zeros(len(t))
    largest = work.enhance(t, powers, values)
    assert largest == work.enhance(t, powers, np.empty(0)) == np.abs(values).max(initial=0.0)
    return values


def components(count, pairs, above):
    """Return the component of each place above a threshold, by scipy; -1 of the others."""
    pairs = np.array(pairs).reshape(-1, 2)
    inside = above[pairs].all(axis=1) if len(pairs) else np.zeros(0, dtype=bool)
    ends = pairs[inside].T if inside.any() else np.empty((2, 0), dtype=int)
    matrix = sparse.coo_matrix((np.ones(ends.shape[1]), ends), shape=(count, count))
    return np.where(above, connected_components(matrix, directed=False)[1], -1)


def twin(count, pairs, weight, t, powers):
    """Return TFCE from its definition: clusters at every height that occurs."""
    found = np.zeros(count)
    for sign in (1, -1):
        side = np.maximum(sign * t.astype(float), 0)
        for low, high in pairwise(np.unique(np.append(side, 0.0))):
            own = components(count, pairs, side >= high)
            extent = np.array([weight[own == number].sum() if number >= 0 else 0.0 for number in own])
            area = (high ** (powers[1] + 1) - low ** (powers[1] + 1)) / (powers[1] + 1)
            found += np.where(own >= 0, sign * extent ** powers[0] * area, 0.0)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_any_graph_equals_its_plain_twin(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 40))
    pairs = [(a, b) for a in range(count) for b in range(a) if rng.random() < 2 / count]
    weight = rng.uniform(0.2, 3, count) if seed % 2 else np.ones(count)
    # Rounded values: equal heights are the hard case.
    t = (rng.standard_normal(count) * 2).round(seed % 3).astype(np.float32)
    graph = adjacency(count, pairs, weight)
    powers = [(0.5, 2.0), (1.0, 2.0), (0.7, 1.3)][seed % 3]
    assert enhanced(graph, t, powers) == pytest.approx(twin(count, pairs, weight, t, powers), rel=1e-9, abs=1e-12)
    labels, extents, masses = graph.label(t, 1.0), [0.0], [0.0]
    for sign in (1, -1):
        own = components(count, pairs, sign * t > 1)
        for number in np.unique(own[own >= 0]):
            members = own == number
            assert len(set(labels[members])) == 1
            assert ((labels == labels[members][0]) == members).all()
            extents.append(weight[members].sum())
            masses.append((weight[members] * (np.abs(t[members].astype(float)) - 1)).sum())
    assert ((labels > 0) == (np.abs(t) > 1)).all()
    assert graph.workspace(enhancing=False).largest(t, 1.0) == pytest.approx((max(extents), max(masses)))


@pytest.mark.slow
@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_a_lattice_as_adjacency_gives_what_its_own_kernels_give(connectivity):
    rng = np.random.default_rng(connectivity)
    mask = rng.random((9, 8, 10)) < 0.8
    places = np.argwhere(mask)
    reach = {6: 1, 18: 2, 26: 3}[connectivity]
    steps = np.abs(places[:, None] - places[None])
    pairs = np.argwhere((steps.max(axis=2) == 1) & (steps.sum(axis=2) <= reach))
    t = (rng.standard_normal(len(places)) * 2).astype(np.float32)
    voxels, graph = lattice(mask, connectivity, connectivity), adjacency(len(places), pairs)
    own, other = (one.workspace(enhancing=False).largest(t, 1.5) for one in (voxels, graph))
    assert own[0] == other[0]
    assert own[1] == pytest.approx(other[1], rel=1e-6)
    assert enhanced(graph, t) == pytest.approx(enhanced(voxels, t), rel=1e-6)
    assert graph.label(t, 1.5).tolist() == voxels.label(t, 1.5).tolist()


PATH = np.array([1, 2, 0.5, 3, 1], dtype=np.float32)


@pytest.mark.parametrize(
    ("powers", "weight", "expected"),
    [
        ((0.5, 2.0), None, (0.50564845, 2.83898179, 0.09316950, 9.17231512, 0.50564845)),
        ((1.0, 2.0), None, (0.79166667, 3.125, 0.20833333, 9.45833333, 0.79166667)),
        ((1.0, 2.0), (1, 2, 1, 0.5, 1), (1.10416667, 5.77083333, 0.22916667, 5.0, 0.66666667)),
    ],
)
def test_a_path_has_the_values_of_the_independent_program(powers, weight, expected):  # M15
    own = None if weight is None else np.array(weight, dtype=float)
    graph = adjacency(5, [(0, 1), (1, 2), (2, 3), (3, 4)], own, unit="vertex")
    assert enhanced(graph, PATH, powers) == pytest.approx(expected, abs=1e-8)


def test_a_mesh_has_the_clusters_of_the_independent_program():  # M15, fsaverage5 of nilearn
    found = datasets.fetch_surf_fsaverage("fsaverage5")
    (white, faces), (pial, _), (sphere, _) = (
        (nib.load(found[name]).darrays[0].data.astype(float), nib.load(found[name]).darrays[1].data)
        for name in ("white_left", "pial_left", "sphere_left")
    )

    def areas(points):
        a, b, c = (points[faces[:, i]] for i in range(3))
        each = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        return np.bincount(faces.ravel(), np.repeat(each / 3, 3), minlength=len(points))

    weight = (areas(white) + areas(pial)) / 2
    assert weight.sum() == pytest.approx(71503.62161, abs=1e-4)
    x, y, z = (sphere / np.linalg.norm(sphere, axis=1, keepdims=True)).T
    t = (12 * x * y + 2 * np.sin(5 * z) + x).astype(np.float32)
    assert int(t.argmax()) == 3032
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [0, 2]]])
    mesh = adjacency(len(t), pairs.astype(np.int64), weight, unit="vertex")
    labels = mesh.label(t, 3.0)
    up = [np.flatnonzero(labels == number) for number in range(1, labels.max() + 1)]
    sizes = {sign: sorted((m for m in up if (t[m[0]] > 0) == (sign > 0)), key=lambda m: -weight[m].sum())
             for sign in (1, -1)}  # fmt: skip
    assert [len(members) for members in sizes[1]] == [1348, 682, 81]
    assert [weight[m].sum() for m in sizes[1]] == pytest.approx([10788.6553, 3564.4086, 601.7887], abs=1e-3)
    assert [weight[m].sum() for m in sizes[-1]] == pytest.approx([8931.6363, 4754.2986, 578.4104], abs=1e-3)
    extent, mass = mesh.workspace(enhancing=False).largest(t, 3.0)
    assert extent == pytest.approx(10788.6553, abs=1e-3)
    assert mass == pytest.approx(20881.9761, abs=1e-2)
    counts = adjacency(len(t), pairs.astype(np.int64), unit="vertex")
    assert enhanced(counts, t).max() == pytest.approx(3151.976200, rel=1e-5)
    values = enhanced(mesh, t, (1.0, 2.0))
    assert values.max() == pytest.approx(608426.0, rel=1e-5)
    assert -values.min() == pytest.approx(478153.807, rel=1e-5)


def test_edges_are_enhanced_as_places_that_share_a_node():
    ends = [("a", "b"), ("b", "c"), ("d", "e"), ("c", "d"), ("f", "g")]
    t = np.array([2, 1, 3, -1, 2], dtype=np.float32)
    pairs = [(0, 1), (1, 3), (2, 3)]
    assert enhanced(edge_graph(ends), t) == pytest.approx(twin(5, pairs, np.ones(5), t, POWERS))


def test_sensors_by_bins_join_the_next_bin_and_the_same_bin_of_a_neighbour():
    kept = np.array([0, 1, 2, 3, 5])  # of 2 sensors x 3 bins; the middle bin of the second is absent
    graph = product((2, 3), [(0, 1)], kept)
    rows = [sorted(graph.beside[graph.first[i] : graph.first[i + 1]].tolist()) for i in range(5)]
    assert rows == [[1, 3], [0, 2], [1, 4], [0], [2]]


def test_each_domain_has_its_neighbours_and_keeps_what_all_have():
    sites = Sites(names=("a", "b", "c"), unit="region")
    assert neighbours_of(sites).workspace(enhancing=False).largest(np.ones(3, np.float32) * 4, 1.0) == (1, 3)
    assert sites.common([Sites(names=("c", "a"), unit="region")]).names == ("a", "c")
    assert not sites.matches(Sites(names=("a",)))
    axis = Axis("frequency", "Hz", (1.0, 2.0))
    sensors = Sensors(names=("Cz", "Pz"), axes=(axis,), near=((0, 1),))
    part = sensors.restrict(np.array([True, False, True, True]))
    assert part.labels == (("Cz", 1.0), ("Pz", 1.0), ("Pz", 2.0))
    assert sensors.common([part]).labels == part.labels
    assert neighbours_of(part).label(np.full(3, 5, np.float32), 1.0).tolist() == [1, 1, 1]
    grid = Grid((2, 2, 2), np.eye(4))
    whole = Voxels(grid, np.ones((2, 2, 2), dtype=bool))
    half = whole.restrict(np.arange(8) < 4)
    assert whole.common([half]).size == half.size == 4
    assert half.positions.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]


@pytest.mark.parametrize("pairs", [[(0, 0)], [(0, 5)], [(-1, 2)]])
def test_impossible_neighbours_are_refused(pairs):
    with pytest.raises(ValueError, match="two different places"):
        adjacency(5, pairs)
