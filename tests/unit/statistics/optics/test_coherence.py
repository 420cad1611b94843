"""Coherence of two series and pairings: reference values of the specification (N15-N19), closed forms, levels."""

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from bids_app.statistics.optics.coherence import (
    FOURIER,
    OMEGA,
    BandWavelet,
    cleaned,
    coherence,
    coherence_matrix,
    transformed,
)
from bids_app.statistics.optics.pairings import pairing_test, too_few

RATE, BAND = 5.0, (10.0, 20.0)


def noise(rng, samples, phi=0.95):
    return lfilter([1], [1, -phi], rng.standard_normal(samples + 300))[300:]


def level(one, other, wavelet):
    return coherence(transformed(wavelet, one), transformed(wavelet, other)).level


WAVELET = BandWavelet(3000, RATE, BAND)


def test_transform_of_a_sine_is_that_of_the_wavelet():
    """Closed form: π^-1/4 √(2 s rate) times half a sine's amplitude where scale and frequency meet (Torrence 1998)."""
    frequency = OMEGA / (2 * np.pi * WAVELET.scales[20])
    values = np.sin(2 * np.pi * frequency * np.arange(3000) / RATE)
    found = np.abs(WAVELET.transform(values))[20, 1500]
    expected = np.pi**-0.25 * np.sqrt(2 * np.pi * WAVELET.scales[20] * RATE) * 0.5 / values.std()
    assert found == pytest.approx(expected, rel=1e-4)
    assert WAVELET.periods / WAVELET.scales == pytest.approx(FOURIER)
    assert pytest.approx(1.033043648, abs=1e-8) == FOURIER


def test_level_of_independent_series():
    """Mean .348, SD .041 over 200 pairs of 600 s (N15); shorter recordings vary more."""
    rng = np.random.default_rng(1)
    found = [level(noise(rng, 3000), noise(rng, 3000), WAVELET) for _ in range(80)]
    assert np.mean(found) == pytest.approx(0.348, abs=0.02)
    assert np.std(found) == pytest.approx(0.041, abs=0.012)
    short = BandWavelet(600, RATE, BAND)
    assert np.std([level(noise(rng, 600), noise(rng, 600), short) for _ in range(60)]) == pytest.approx(0.095, abs=0.03)


def test_series_that_are_alike():
    """Identical 1, antiphase 1, a lag of 2 s .976, shared variance .5 and .75: .475 and .647 (N16)."""
    rng = np.random.default_rng(2)
    one = noise(rng, 3020)
    own = transformed(WAVELET, one[:3000])
    assert coherence(own, own).level == pytest.approx(1.0, abs=1e-9)
    opposite = coherence(own, transformed(WAVELET, -one[:3000]))
    assert opposite.level == pytest.approx(1.0, abs=1e-9)
    assert abs(opposite.phase) == pytest.approx(np.pi, abs=1e-6)
    ahead = coherence(transformed(WAVELET, one[10:3010]), own)
    assert ahead.level == pytest.approx(0.976, abs=0.01)
    assert ahead.phase > 0
    for share, expected in ((0.5, 0.475), (0.75, 0.647)):
        found = []
        for _ in range(50):
            common, a, b = (one / one.std() for one in (noise(rng, 3000) for _ in range(3)))
            first, second = (np.sqrt(share) * common + np.sqrt(1 - share) * other for other in (a, b))
            found.append(level(first, second, WAVELET))
        assert np.mean(found) == pytest.approx(expected, abs=0.025)


def test_swapped_roles_transpose_the_matrix():
    rng = np.random.default_rng(3)
    first, second = ([noise(rng, 1500) for _ in range(2)] for _ in range(2))
    wavelet = BandWavelet(1500, RATE, BAND)
    assert coherence_matrix(first, second, wavelet) == pytest.approx(coherence_matrix(second, first, wavelet).T)


def test_what_is_too_short_is_refused_and_parts_count():
    with pytest.raises(ValueError, match="20 s are too short for periods of 10 to 20 s"):
        BandWavelet(100, RATE, BAND)
    rng = np.random.default_rng(4)
    one = noise(rng, 3000)
    other = np.where(np.arange(3000) < 1500, one, noise(rng, 3000))
    ones, others = transformed(WAVELET, one), transformed(WAVELET, other)
    during = np.arange(3000) < 1200
    assert coherence(ones, others, during).level > coherence(ones, others, ~during).level + 0.3
    assert np.isnan(coherence(ones, others, np.zeros(3000, dtype=bool)).level)


def test_cleaning_takes_out_what_the_scalp_explains():
    rng = np.random.default_rng(5)
    scalp = np.column_stack([np.ones(2000), noise(rng, 2000)])
    own = rng.standard_normal((2000, 2))
    found, rate = cleaned(own + 5 * scalp[:, 1:], scalp, 10.0, 5.0)
    assert (len(found), rate) == (1000, 5.0)
    plain, _ = cleaned(own, scalp, 10.0, 5.0)
    assert found == pytest.approx(plain, abs=1e-8)


def test_shared_blocks_alone_are_no_tie():
    """Twenty dyads that do the same blocks: a t test against noise finds them, pairings do not (N17)."""
    rng = np.random.default_rng(6)
    samples, rate = 1200, 2.0
    box = ((np.arange(samples) / rate) % 60 < 30).astype(float)
    wavelet = BandWavelet(samples, rate, (40.0, 64.0))
    people = [[transformed(wavelet, noise(rng, samples) / 3.2 + 1.5 * box) for _ in range(12)] for _ in range(2)]
    alike = np.array([[coherence(one, other).level for other in people[1]] for one in people[0]])
    free = [level(noise(rng, samples), noise(rng, samples), wavelet) for _ in range(40)]
    assert stats.ttest_1samp(np.diag(alike), np.mean(free)).pvalue < 1e-4
    assert pairing_test(alike[None], np.zeros(12, dtype=int), 2000, 1).p > 0.05


def test_levels_of_pairings():
    """People who differ: .05 (N18: .048); arms with other tasks: pooled .90, within arms .038."""
    rng = np.random.default_rng(7)
    one, pooled, within = [], [], []
    arm = np.repeat([0, 1], 7)
    for _ in range(150):
        alike = 0.35 + 0.05 * rng.standard_normal((14, 1)) + 0.05 * rng.standard_normal((1, 14))
        alike = alike + 0.03 * rng.standard_normal((14, 14))
        nobody = np.zeros(14, dtype=int)
        one.append(pairing_test(alike[None], nobody, 300, 1).p <= 0.05)
        shared = alike + 0.06 * (arm[:, None] == arm)
        pooled.append(pairing_test(shared[None], nobody, 300, 1).p <= 0.05)
        within.append(pairing_test(shared[None], arm, 300, 1).p <= 0.05)
    high = stats.binom.ppf(0.995, 150, 0.05) / 150
    assert np.mean(one) <= high
    assert np.mean(within) <= high
    assert np.mean(pooled) > 0.8


def test_all_pairings_of_few_dyads_are_listed():
    """Four dyads have 24 pairings; p is the share of those that are as alike, by writing them out."""
    rng = np.random.default_rng(8)
    alike = rng.random((4, 4)) + np.diag([0.5] * 4)
    found = pairing_test(alike[None], np.zeros(4, dtype=int), 1000, 1)
    means = [alike[range(4), order].mean() for order in itertools.permutations(range(4))]
    assert sorted(found.above[:, 0] + found.expected) == pytest.approx(sorted(means))
    assert found.p == pytest.approx(np.mean(np.array(means) >= found.observed - 1e-12))
    assert (found.possible, found.smallest_p) == (24, 1 / 24)
    assert found.expected == pytest.approx(alike.mean())


def test_p_is_corrected_over_places():
    """Of two places one has a tie; the other's p counts the largest excess of both."""
    rng = np.random.default_rng(9)
    alike = 0.35 + 0.05 * rng.standard_normal((2, 12, 12))
    alike[0] += 0.2 * np.eye(12)
    arm = np.repeat([0, 1], 6)
    alike[:, arm[:, None] != arm] = np.nan
    found = pairing_test(alike, arm, 4000, 1)
    assert found.p[0] == found.smallest_p
    assert found.p[1] > (found.above[:, 1] >= found.above[0, 1]).mean()
    assert found.possible == 720**2
    assert too_few(np.array([0] * 5 + [1] * 3), ["verum", "sham"]) == (
        "3 dyads in sham: their 6 pairings give no p below .17; 5 or more are needed"
    )
