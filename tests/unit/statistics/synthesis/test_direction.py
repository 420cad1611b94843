"""Direction of a contrast: signs of whole experiments flipped."""

import numpy as np
import pytest

from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis.coordinates import Brain, Experiment
from bids_app.statistics.synthesis.direction import flipped, mean_sign, signs_near
from bids_app.vocabulary.grid import Grid

BRAIN = Brain(grid=Grid((30, 30, 30), np.diag([2.0, 2, 2, 1])), mask=np.ones((30, 30, 30), dtype=bool))
NONE = np.zeros((0, 3))


def experiments(foci, people=20.0):
    return [
        Experiment(name=f"e{i}", foci=np.reshape(one, (-1, 3)).astype(float), people=people)
        for i, one in enumerate(foci)
    ]


def test_signs_are_those_of_foci_within_the_radius():
    """Distances written out: a voxel within 10 mm of a focus of either direction, of both, or of none."""
    first = experiments([[20.0, 20, 20], NONE, [40.0, 40, 40]])
    second = experiments([NONE, [20.0, 20, 20], [46.0, 40, 40]])
    signs = signs_near(first, second, BRAIN, 10.0)
    for e, (one, other) in enumerate(zip(first, second, strict=True)):
        near = [
            (np.linalg.norm(BRAIN.positions[:, None] - some.foci, axis=2) <= 10.0 + 1e-9).any(axis=1)
            for some in (one, other)
        ]
        assert (signs[e] == near[0].astype(int) - near[1].astype(int)).all()
    assert set(np.unique(signs[2])) == {-1, 0, 1}


def test_six_experiments_of_one_direction_have_the_smallest_p():
    """All six report the first direction at one place: 2 of 64 patterns reach it, whatever weights are."""
    signs = signs_near(experiments([[20.0, 20, 20]] * 6), experiments([NONE] * 6), BRAIN, 10.0)
    weights, scheme = [3.0, 4.0, 5.0, 2.0, 4.4, 3.3], SignFlips(6, 1, 10_000)
    maxima = flipped(signs, weights, scheme, threads=2)
    assert mean_sign(signs, weights).max() == pytest.approx(1.0, abs=1e-11)
    assert (maxima >= maxima[0]).mean() == 2 / 64 == scheme.smallest_p
    assert (maxima == flipped(signs, weights, scheme)).all()


def test_every_pattern_is_a_mean_of_signed_experiments():
    """Slow twin: each pattern over all voxels, by numpy's average."""
    rng = np.random.default_rng(3)
    first = experiments([rng.uniform(10, 50, (3, 3)) for _ in range(7)])
    second = experiments([rng.uniform(10, 50, (2, 3)) for _ in range(7)])
    signs, weights = signs_near(first, second, BRAIN, 10.0), rng.uniform(3, 6, 7)
    scheme = SignFlips(7, 4, 50)
    maxima = flipped(signs, weights, scheme)
    expected = [np.abs(np.average(signs * row[:, None], axis=0, weights=weights)).max() for row in scheme.draw(0, 50)]
    assert maxima == pytest.approx(expected, abs=1e-10)
    assert maxima[0] == np.abs(mean_sign(signs, weights)).max()


def test_directions_by_a_coin_pass_as_often_as_they_should():
    """Each experiment reports its foci as one direction or the other by a coin: p ≤ .0625 in a sixteenth or fewer."""
    rng, small = np.random.default_rng(8), 0
    scheme = SignFlips(8, 1, 256)
    for _ in range(200):
        foci = [np.full((1, 3), 30.0) + rng.normal(0, 6, (2, 3)) for _ in range(8)]
        coins = rng.random(8) < 0.5
        first = experiments([one if coin else NONE for one, coin in zip(foci, coins, strict=True)])
        second = experiments([NONE if coin else one for one, coin in zip(foci, coins, strict=True)])
        maxima = flipped(signs_near(first, second, BRAIN, 10.0), [1.0] * 8, scheme)
        small += (maxima >= maxima[0]).mean() <= 0.0625
    assert small <= 25  # binomial(200, .0625): the 99.9 % limit
