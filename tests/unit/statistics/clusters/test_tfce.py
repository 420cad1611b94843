"""TFCE against constants of an independent program, and against the integral taken height by height."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from bids_app.statistics.clusters import tfce, tfce_layout

PLACES = [(1, 1, 1), (1, 1, 2), (2, 2, 2), (3, 3, 4), (3, 4, 4), (0, 4, 0)]
POWERS = 0.5, 2.0


def enhanced(volume, mask, connectivity, powers=POWERS):
    land = tfce_layout.tfce_layout(mask, connectivity)
    values = np.zeros(int(mask.sum()))
    room = tfce_layout.tfce_buffers(land)
    t = volume[mask].astype(np.float32)
    largest = tfce.enhance(t, land, room, powers, values)
    assert largest == tfce.enhance(t, land, room, powers, np.empty(0))
    if powers == tfce.USUAL:
        again = np.empty(len(t))
        assert tfce.enhance(t, land, room, (None, None), again) == pytest.approx(largest, rel=1e-12)
        assert again == pytest.approx(values, rel=1e-10, abs=1e-12)
    assert largest == np.abs(values).max(initial=0.0)
    assert not room.visited.any()
    whole = np.zeros(mask.shape)
    whole[mask] = values
    return whole


def by_heights(volume, mask, connectivity, powers=POWERS):
    """Return the integral from its definition: clusters at every height that occurs."""
    structure = ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[connectivity])
    found = np.zeros(mask.shape)
    for sign in (1, -1):
        side = np.where(mask, sign * volume, 0).astype(np.float32).astype(float)
        heights = np.unique(np.append(side[side > 0], 0.0))
        for low, high in pairwise(heights):
            labels, _ = ndimage.label(side >= high, structure)
            extent = np.bincount(labels.ravel())[labels]
            area = (high ** (powers[1] + 1) - low ** (powers[1] + 1)) / (powers[1] + 1)
            found += np.where(labels > 0, sign * extent ** powers[0] * area, 0.0)
    return found


@pytest.fixture
def field():
    volume = np.zeros((5, 5, 5))
    for place, value in zip(PLACES, (4, 3, 3.5, -5, -2.5, 2), strict=True):
        volume[place] = value
    return volume


@pytest.mark.parametrize(
    ("connectivity", "expected"),
    [
        (26, (30.113671, 15.588457, 23.072004, -43.824029, -7.365696, 2.666667)),
        (18, (27.921791, 15.588457, 20.880124, -43.824029, -7.365696, 2.666667)),
        (6, (25.061255, 12.727922, 14.291667, -43.824029, -7.365696, 2.666667)),
    ],
)
def test_values_are_those_of_the_independent_program(field, connectivity, expected):  # T11, T11b
    found = enhanced(field, np.ones(field.shape, dtype=bool), connectivity)
    assert [found[place] for place in PLACES] == pytest.approx(expected, abs=1e-6)


def test_twice_the_map_is_eight_times_the_enhancement(field):  # T13
    mask = np.ones(field.shape, dtype=bool)
    assert enhanced(2 * field, mask, 26) == pytest.approx(8 * enhanced(field, mask, 26), rel=1e-6)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([6, 18, 26]),
    st.sampled_from([(8, 7, 9), (3, 3, 59), (3, 3, 60), (3, 4, 61), (2, 3, 62), (4, 2, 63), (2, 2, 130)]),  # 62 a word
    st.floats(0, 2),
    st.sampled_from([(0.5, 2.0), (1.0, 2.0), (0.7, 1.0)]),
)
def test_any_map_equals_the_integral_height_by_height(seed, connectivity, shape, blur, powers):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.85
    volume = ndimage.gaussian_filter(rng.standard_normal(mask.shape), blur)
    volume /= volume.std()
    found, expected = enhanced(volume, mask, connectivity, powers), by_heights(volume, mask, connectivity, powers)
    assert found == pytest.approx(expected, rel=2e-5, abs=1e-5 * np.abs(expected).max())


def test_equal_heights_and_nothing_at_all():
    mask = np.ones((4, 4, 4), dtype=bool)
    flat = np.full(mask.shape, 2.0)
    assert enhanced(flat, mask, 6) == pytest.approx(by_heights(flat, mask, 6))
    assert (enhanced(np.zeros(mask.shape), mask, 6) == 0).all()
    land = tfce_layout.tfce_layout(mask, 6)
    t = np.full(64, np.nan, dtype=np.float32)
    assert tfce.enhance(t, land, tfce_layout.tfce_buffers(land), POWERS, np.zeros(64)) == 0
