"""Neighbours on the head and spherical splines: closed forms, and a plain sum over Legendre polynomials."""

from __future__ import annotations

import numpy as np
import pytest
import synthetic
from scipy.special import eval_legendre

from bids_app.dataset.montages import nominal_positions, region
from bids_app.errors import UsageError
from bids_app.signals.scalp import flattened, interpolation, neighbours, on_sphere

CAP = synthetic.CAP[:19]


def positions(names=CAP):
    return nominal_positions(names, "standard_1005")


def test_directions_do_not_hang_on_centre_size_or_units():
    rng = np.random.default_rng(0)
    unit = rng.standard_normal((20, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert on_sphere(95 * unit + [3, -20, 40]) == pytest.approx(unit, abs=1e-9)


def test_the_head_is_seen_from_above_with_its_distances_from_the_top():
    angle = np.radians([0, 45, 90, 100])
    arc = np.column_stack([np.zeros(4), np.sin(angle), np.cos(angle)])  # from the top to the front
    around = np.array([[0.8, 0.0, 0.6], [-0.8, 0.0, 0.6], [0.0, -1.0, 0.0]])
    found = flattened(100 * np.vstack([arc, around]) + 7)
    assert found[:4, 1] == pytest.approx([0, 0.5, 1, 10 / 9], abs=1e-6)
    assert found[4, 0] == pytest.approx(np.degrees(np.arcsin(0.8)) / 90, abs=1e-6)
    assert found[5, 0] == pytest.approx(-found[4, 0], abs=1e-9)


def test_neighbours_are_the_same_left_and_right():
    mirror = str.maketrans("123478", "214387")
    pairs = {tuple(sorted((CAP[i], CAP[j]))) for i, j in neighbours(positions())}
    mirrored = {tuple(sorted((a.translate(mirror), b.translate(mirror)))) for a, b in pairs}
    assert len(pairs & mirrored) >= len(pairs) - 2  # a square across the midline is cut along one of its diagonals
    assert ("Cz", "Fz") in pairs
    assert ("F7", "P8") not in pairs
    assert all(i < j for i, j in neighbours(positions()))


def test_neighbours_do_not_hang_on_the_order_of_channels():
    order = np.random.default_rng(3).permutation(len(CAP))
    shuffled = [CAP[i] for i in order]
    found = {frozenset((shuffled[i], shuffled[j])) for i, j in neighbours(positions(shuffled))}
    assert found == {frozenset((CAP[i], CAP[j])) for i, j in neighbours(positions())}


def test_bad_channels_are_filled_as_a_plain_sum_over_polynomials_says():
    at, good = on_sphere(positions()), np.ones(len(CAP), dtype=bool)
    good[[4, 14]] = False
    rng = np.random.default_rng(1)
    values = rng.standard_normal(good.sum())

    def g(x):
        return sum((2 * n + 1) / (n * (n + 1)) ** 4 * eval_legendre(n, x) for n in range(1, 51)) / (4 * np.pi)

    known = at[good]
    system = np.zeros((len(known) + 1, len(known) + 1))
    system[:-1, :-1] = g(known @ known.T) + 1e-5 * np.eye(len(known))
    system[:-1, -1] = system[-1, :-1] = 1
    weights = np.linalg.solve(system, np.append(values, 0))
    expected = g(at[~good] @ known.T) @ weights[:-1] + weights[-1]
    assert interpolation(positions(), good) @ values == pytest.approx(expected, rel=1e-6)
    assert interpolation(positions(), good).sum(axis=1) == pytest.approx([1, 1])  # a constant stays one


def test_electrodes_are_known_by_old_names_and_any_case():
    assert nominal_positions(["T3", "FPZ"], "standard_1005") == pytest.approx(positions(["T7", "Fpz"]))
    assert np.isnan(nominal_positions(["E1", "Cz"], "standard_1005")).all(axis=1).tolist() == [True, False]
    assert not np.isnan(nominal_positions(["E1", "Cz"], "hydrocel129")).any()
    with pytest.raises(UsageError, match="hydrocel129"):
        nominal_positions(["E1"], "hydrocel128")


def test_regions_are_those_of_their_electrodes_that_are_there():
    assert [CAP[i] for i in region(["posterior"], CAP)] == ["P7", "P3", "Pz", "P4", "P8", "O1", "O2"]
    assert [CAP[i] for i in region(["cz", "T5"], CAP)] == ["Cz", "P7"]
    with pytest.raises(UsageError, match="neither a region"):
        region(["occipital"], CAP)
