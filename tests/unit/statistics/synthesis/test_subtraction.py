"""Two contrasts of the same trials: labels exchanged within trials, and sign flips of pooled maps."""

import itertools

import numpy as np
import pytest

from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.published_claims import chance_of_report
from bids_app.statistics.synthesis.coordinates import Brain, Experiment
from bids_app.statistics.synthesis.pooling import pool
from bids_app.statistics.synthesis.sign_flips import flipped
from bids_app.statistics.synthesis.subtraction import between_trials, difference, subtracted, within_trials
from bids_app.vocabulary.grid import Grid


def pairs(count=6, shift=0.0, seed=0):
    """Trials whose first contrast has its focus away from the second one's by a shift."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        first, second = (np.array([[40.0 + add, 40, 40]]) + rng.normal(0, 2, (1, 3)) for add in (shift, 0.0))
        found.append(tuple(Experiment(name=f"t{i}", foci=foci, people=20.0) for foci in (first, second)))
    return found


BRAIN = Brain(grid=Grid((40, 40, 40), np.diag([2.0, 2, 2, 1])), mask=np.ones((40, 40, 40), dtype=bool))


def test_all_patterns_are_listed():
    """Six trials have 64 patterns, of which each has its mirror: the smallest two-sided p is 2 / 64."""
    own, scheme = pairs(shift=24.0), SignFlips(6, 1, 10_000)
    maxima = subtracted(within_trials(own, scheme), 64, BRAIN, threads=2)
    expected = []
    for turned in itertools.product((False, True), repeat=6):
        both = [pair[::-1] if turn else pair for pair, turn in zip(own, turned, strict=True)]
        expected.append(float(np.abs(difference(tuple(zip(*both, strict=True)), BRAIN)).max()))
    expected.sort()
    assert np.sort(maxima) == pytest.approx(expected, rel=1e-6)
    assert (maxima >= maxima[0]).sum() / 64 == scheme.smallest_p == 0.03125
    assert (maxima == subtracted(within_trials(own, scheme), 64, BRAIN)).all()


def test_exchanged_labels_change_the_sign():
    """The difference of all labels exchanged is the negative one."""
    sides = tuple(zip(*pairs(shift=10.0), strict=True))
    assert (difference(sides, BRAIN) == -difference(sides[::-1], BRAIN)).all()


def test_experiments_of_different_trials_change_sides():
    """Four against three have 35 ways; the observed one is first, and each contrast keeps how many it has."""
    own = [
        side for pair, side in zip(pairs(7, shift=24.0), (0, 0, 0, 0, 1, 1, 1), strict=True) for side in [pair[side]]
    ]
    scheme = Rerandomisation(np.array([0.0] * 4 + [1.0] * 3), np.zeros(7, dtype=np.intp), 1, 1000)
    maxima = subtracted(between_trials(own, scheme), scheme.total, BRAIN)
    expected = []
    for chosen in itertools.combinations(range(7), 4):
        sides = [own[i] for i in chosen], [own[i] for i in range(7) if i not in chosen]
        expected.append(float(np.abs(difference(sides, BRAIN)).max()))
    assert len(maxima) == 35
    assert np.sort(maxima) == pytest.approx(sorted(expected), rel=1e-6)
    assert maxima[0] == np.abs(difference((own[:4], own[4:]), BRAIN)).max() == maxima.max()


def test_contrasts_alike_do_not_differ():
    """Over draws of trials without any difference p is below .1 in about a tenth."""
    scheme = SignFlips(6, 1, 64)
    small = []
    for seed in range(60):
        maxima = subtracted(within_trials(pairs(seed=seed), scheme), 64, BRAIN, threads=2)
        small.append((maxima >= maxima[0] - 1e-9).mean() <= 0.1)
    assert np.sum(small) <= 14  # binomial(60, .09): the 99.9 % limit


def test_sign_flips_are_those_of_pooling():
    """Slow twin: every pattern by the general engine, with studies that have no value at some elements."""
    rng = np.random.default_rng(5)
    y, v = rng.normal(0.3, 0.4, (6, 50)), rng.uniform(0.02, 0.2, (6, 50))
    y[2, ::7], v[4, ::9] = np.nan, 0.0
    scheme = SignFlips(6, 1, 5000)
    maxima = flipped(y, v, scheme, threads=2)
    assert len(maxima) == 64
    for k, signs in enumerate(scheme.draw(0, 64)):
        expected = np.nanmax(np.abs(pool(y * signs[:, None], v, "DL").t))
        assert maxima[k] == pytest.approx(expected, rel=1e-5)
    assert (maxima == flipped(y, v, scheme)).all()


def test_chances_of_a_report():
    """Closed form, one sample (specification) and two arms (power of a t test, by simulation)."""
    expected = {0.5: (0.026, 0.052, 0.087, 0.211), 0.8: (0.126, 0.260, 0.416, 0.752)}
    for effect, chances in expected.items():
        found = [chance_of_report(effect, n) for n in (12, 16, 20, 30)]
        assert found == pytest.approx(chances, abs=6e-4)
    assert chance_of_report(0.3, 20) == pytest.approx(0.017, abs=6e-4)
    rng = np.random.default_rng(0)
    one, two = rng.normal(0.8, 1, (40_000, 20)), rng.normal(0, 1, (40_000, 20))
    t = (one.mean(1) - two.mean(1)) / np.sqrt((one.var(1, ddof=1) + two.var(1, ddof=1)) / 20)
    assert chance_of_report(0.8, 40, arms=2) == pytest.approx((np.abs(t) > 3.566).mean(), abs=0.01)
