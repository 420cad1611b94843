"""Spectra, bands, aperiodic part and alpha peak: closed forms, and values computed with scipy, MNE and others."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import signal

from bids_app.errors import UsageError
from bids_app.signals.alpha import alpha_peak
from bids_app.signals.aperiodic import aperiodic_line
from bids_app.signals.oscillations import BANDS, Spectra, logit
from bids_app.signals.periodogram import band_power, density
from bids_app.signals.segments import covered, peak_to_peak, untouched, windows

RATE, LENGTH = 250.0, 1000
BINS = slice(4, 181)
GRID = np.arange(4, 181) / 4


def welch(data, rate=RATE, length=LENGTH, bins=BINS):
    return density(data, windows(data.shape[1], length, length // 2), length, rate, bins)


def tone(amplitude, frequency, seconds=120):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)


def powers(data):
    return {name: value[0] for name, value in Spectra(density=welch(data[None]), frequencies=GRID).power().items()}


def test_two_tones_have_the_power_of_their_amplitudes():
    found = powers(tone(2, 10) + tone(1, 20))  # A² / 2 each
    assert found["alpha"] == pytest.approx(2.0, rel=1e-12)
    assert found["beta"] == pytest.approx(0.5, rel=1e-12)
    assert found["total"] == pytest.approx(2.5, rel=1e-12)


@pytest.mark.parametrize("length", [500, 1000])
def test_a_tone_on_the_edge_of_a_band_leaks_a_sixth(length):
    # Hann spreads a line over three bins in the ratio 1/6, 4/6, 1/6.
    bins = slice(length // 250, 45 * length // 250 + 1)
    grid = np.arange(bins.start, bins.stop) * RATE / length
    found = band_power(welch(tone(2, 8)[None], length=length, bins=bins), grid, BANDS)
    assert found["theta"][0] == pytest.approx(1 / 3, rel=1e-9)
    assert found["alpha"][0] == pytest.approx(5 / 3, rel=1e-9)


def test_a_tone_between_bins_keeps_its_power():
    assert powers(tone(2, 10.1))["alpha"] == pytest.approx(2.0, abs=1e-6)


def test_white_noise_has_the_density_of_its_variance():
    noise = 3 * np.random.default_rng(0).standard_normal((1, int(600 * RATE)))
    found = Spectra(density=welch(noise), frequencies=GRID)
    assert found.density.mean() == pytest.approx(2 * 9 / RATE, rel=0.01)
    assert found.power()["alpha"][0] == pytest.approx(0.36, rel=0.02)


def test_bands_add_to_the_whole():
    found = powers(np.random.default_rng(1).standard_normal(30_000))
    assert sum(found[name] for name in BANDS) == pytest.approx(found["total"], rel=1e-14)


@pytest.mark.parametrize(("length", "bins"), [(1000, slice(0, 501)), (501, slice(0, 251)), (64, slice(3, 20))])
def test_density_equals_that_of_scipy(length, bins):
    data = np.random.default_rng(2).standard_normal((18, 5000)).cumsum(axis=1)
    step = length - length // 2
    found = density(data, windows(5000, length, step), length, 200.0, bins)
    _, expected = signal.welch(data, 200.0, "hann", length, length // 2, detrend="constant")
    assert found == pytest.approx(expected[:, bins], rel=1e-9)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_windows_cross_no_cut_and_start_anew_after_it(most):
    rng = np.random.default_rng(most)
    cuts = sorted(int(cut) for cut in rng.integers(1, 500, most))
    found = windows(500, 40, 20, cuts)
    parts = [0, *cuts, 500]
    expected = [s for a, b in pairwise(parts) for s in range(a, b, 20) if s + 40 <= b]
    assert found.tolist() == sorted(set(expected))


def test_windows_that_touch_something_bad_are_found_one_by_one():
    rng = np.random.default_rng(3)
    bad, starts = rng.random(2000) < 0.004, windows(2000, 100, 30)
    assert untouched(starts, 100, bad).tolist() == [not bad[s : s + 100].any() for s in starts]
    data = rng.standard_normal((5, 2000))
    ranges = [(data[:, s : s + 100].max(axis=1) - data[:, s : s + 100].min(axis=1)).max() for s in starts]
    assert peak_to_peak(data, starts, 100) == pytest.approx(ranges)
    kept = starts[untouched(starts, 100, bad)]
    assert covered(kept, 100, 2000) == len({i for s in kept for i in range(s, s + 100)})


def test_a_line_is_found_exactly_and_around_a_peak():
    pure = 3 * GRID**-1.5
    line = aperiodic_line(pure[None], GRID)
    assert line.exponent[0] == pytest.approx(1.5, abs=1e-8)
    assert line.offset[0] == pytest.approx(0.477121, abs=1e-6)
    assert (line.r2[0], line.spread[0]) == pytest.approx((1.0, 0.0), abs=1e-9)
    peaked = pure * 10 ** (0.8 * np.exp(-((GRID - 10) ** 2) / 2))
    assert aperiodic_line(peaked[None], GRID).exponent[0] == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(("exponent", "reference"), [(1.0, 1.015), (1.5, 1.514), (2.0, 2.007)])
def test_exponents_of_series_agree_with_specparam(exponent, reference):
    rng, count = np.random.default_rng(20260101), int(300 * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum[1:] *= np.fft.rfftfreq(count, 1 / RATE)[1:] ** (-exponent / 2)
    found = aperiodic_line(welch(np.fft.irfft(spectrum, count)[None]), GRID)
    assert found.exponent[0] == pytest.approx(reference, abs=0.05)
    assert found.straight()[0]


def test_an_offset_and_a_steeper_line_change_total_power_and_not_what_rises_above():
    bump = 10 ** (0.7 * np.exp(-((GRID - 10) ** 2) / 3))
    one, other = (Spectra(density=(GRID**-e * bump)[None], frequencies=GRID) for e in (1.0, 1.5))
    assert other.power()["alpha"] / one.power()["alpha"] == pytest.approx(0.317, abs=0.005)  # the line turns at 1 Hz
    assert other.above(BANDS["alpha"]) == pytest.approx(one.above(BANDS["alpha"]), abs=0.01)
    shares = [s.power()["alpha"][0] / s.power()["total"][0] for s in (one, other)]
    assert logit(np.array(shares))[1] < logit(np.array(shares))[0] - 0.3


def pink(rng, exponent, seconds, peak=None):
    count = int(seconds * RATE)
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    gain = np.zeros(len(frequencies))
    gain[1:] = frequencies[1:] ** (-exponent / 2)
    if peak:
        gain *= np.sqrt(1 + 9 * np.exp(-((frequencies - peak) ** 2) / (2 * 0.9**2)))
    return np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * gain, count)


@pytest.mark.parametrize(("planted", "gravity"), [(8.5, 8.54), (9.5, 9.42), (10.0, 9.90), (11.2, 11.04)])
def test_planted_alpha_peaks_are_found(planted, gravity):
    found = Spectra(density=welch(pink(np.random.default_rng(7), 1.2, 180, planted)[None]), frequencies=GRID).peak()
    assert found.gravity == pytest.approx(gravity, abs=0.2)
    assert found.peak == pytest.approx(planted, abs=0.51)
    assert found.height > 0.7


def test_spectra_without_a_peak_have_none():
    rng = np.random.default_rng(11)
    found = [Spectra(density=welch(pink(rng, 1.2, 180)[None]), frequencies=GRID).peak() for _ in range(60)]
    assert all(np.isnan(peak.gravity) and np.isnan(peak.peak) and peak.reason for peak in found)
    heights = [peak.height for peak in found]
    assert np.median(heights) == pytest.approx(0.060, abs=0.02)
    assert max(heights) < 0.2


def test_a_slope_that_ends_at_the_edge_of_the_window_is_no_peak():
    spectrum = GRID**-1.0
    found = alpha_peak(spectrum * 10 ** (0.1 * (GRID - 7)), np.log10(spectrum), GRID)
    assert "edge" in found.reason
    assert np.isnan(found.peak)


def test_specparam_finds_what_was_made():
    pytest.importorskip("specparam")
    made = 3 * GRID**-1.5 * 10 ** (0.8 * np.exp(-((GRID - 10) ** 2) / 2))
    spectra = Spectra(density=np.stack([made, made]), frequencies=GRID, estimator="specparam")
    assert spectra.line.exponent == pytest.approx([1.5005] * 2, abs=2e-3)
    assert spectra.line.offset == pytest.approx([0.4780] * 2, abs=2e-3)
    assert spectra.line.straight().all()
    assert spectra.of([0]).peak().peak == 10.0


def test_specparam_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr("bids_app.signals.specparam_line.find_spec", lambda name: None)
    spectra = Spectra(density=np.ones((1, len(GRID))), frequencies=GRID, estimator="specparam")
    with pytest.raises(UsageError, match=r"deqi\[eeg-specparam\]"):
        spectra.line  # noqa: B018
