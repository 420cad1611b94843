"""Slices for pictures against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from bids_app.report.drawing.slicing import outline, sample
from bids_app.vocabulary.grid import Grid


@pytest.mark.parametrize(("first", "shear"), [(3.0, 0.3), (3.0, 0.0), (-3.0, 0.0)])
def test_slices_of_oblique_straight_and_flipped_volumes_equal_those_of_scipy(first, shear):
    rng = np.random.default_rng(0)
    volume = rng.standard_normal((20, 25, 18))
    affine = np.diag([first, 3, 3, 1])
    affine[:3, 3], affine[0, 1] = [-np.sign(first) * 30, -40, -20], shear
    xs, ys, zs = np.linspace(-35, 20, 31), np.linspace(45, -30, 27), (-10.0, 0.0, 13.0)
    found = sample(volume, Grid(volume.shape, affine), tuple(xs.tolist()), tuple(ys.tolist()), zs)
    x, y = np.meshgrid(xs, ys)
    expected = []
    for z in zs:
        places = np.stack([x.ravel(), y.ravel(), np.full(x.size, z), np.ones(x.size)])
        voxels = (np.linalg.inv(affine) @ places)[:3]
        expected.append(ndimage.map_coordinates(volume, voxels, order=1, mode="grid-constant").reshape(x.shape))
    assert found == pytest.approx(np.concatenate(expected, axis=1), abs=1e-5)


def test_outline_is_a_dilation_less_the_mask():
    mask = np.random.default_rng(1).random((40, 50)) > 0.9
    assert np.array_equal(outline(mask), ndimage.binary_dilation(mask) & ~mask)
