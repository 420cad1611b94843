"""Sliding windows: values of the specification, which windows count, and how often stationary series pass."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.signals.projection import drift, nested_basis, stop_band
from bids_app.statistics import dynamics

FRAMES, TR = 240, 2.0
GAPS = [40, 41, 90, 150, 151, 152, 153]


def test_windowed_correlations_are_those_of_the_specification():
    """M13: sin t beside cos .7 t + .1 t over windows of five."""
    t = np.arange(12.0)
    series = np.column_stack([np.sin(t), np.cos(0.7 * t) + 0.1 * t])
    kept = np.ones(12, dtype=bool)
    z, amplitude = dynamics.windowed(series, kept, dynamics.windows_of(kept, 5))
    assert np.tanh(z).ravel() == pytest.approx(
        [0.60756915, 0.89913884, 0.85641080, 0.86436226, 0.98303788, 0.86703525, 0.21015361, -0.03035025], abs=1e-8
    )
    assert z.std(ddof=1) == pytest.approx(0.7669753094, abs=1e-9)
    assert amplitude[3] == pytest.approx(np.log(series[3:8].std(axis=0)))


def test_no_window_crosses_a_gap_of_more_than_two_frames():
    kept = np.ones(60, dtype=bool)
    kept[[10, 11, 30, 31, 32]] = False
    windows = dynamics.windows_of(kept, 15)
    for start, stop in windows:
        runs = "".join("x" if there else "." for there in kept[start:stop])
        assert "..." not in runs
        assert kept[start:stop].mean() >= 0.8
    assert len(windows) == sum(
        "..." not in "".join("x" if there else "." for there in kept[s : s + 15]) and kept[s : s + 15].mean() >= 0.8
        for s in range(46)
    )


def cleaned(kept):
    slow = drift(FRAMES, 1)
    basis, ranks = nested_basis([slow[:, :1], slow[:, 1:], stop_band(FRAMES, TR, 0.01, 0.1)], kept)
    return basis[:, : ranks[0]]


def test_waves_of_the_band_are_told_from_the_basis():
    kept = np.ones(FRAMES, dtype=bool)
    waves = dynamics.passed_waves(cleaned(kept), kept, TR)
    assert waves.lowest == pytest.approx(5 / (FRAMES * TR))  # the first multiple of 1/480 Hz above .01
    assert waves.columns.shape[0] == FRAMES
    assert dynamics.passed_waves(np.ones((FRAMES, 1)) / np.sqrt(FRAMES), kept, TR) is None


def test_surrogates_keep_the_correlation_of_the_whole_run():
    kept = np.ones(FRAMES, dtype=bool)
    basis, rng = cleaned(kept), np.random.default_rng(1)
    series = basis @ (basis.T @ (rng.standard_normal((FRAMES, 2)) @ np.array([[1, 0.5], [0, 1]])))
    waves = dynamics.passed_waves(basis, kept, TR)
    for one in dynamics.surrogates(series, basis, kept, waves, 5, 0):
        assert one.std(axis=0) == pytest.approx(series.std(axis=0), rel=0.05)
        assert np.corrcoef(one.T)[0, 1] == pytest.approx(np.corrcoef(series.T)[0, 1], abs=0.05)
        assert not np.allclose(one, series, atol=0.1)


@pytest.mark.parametrize("gaps", [(), GAPS])
def test_series_that_do_not_change_pass_as_often_as_they_should(gaps):
    """True r .4 throughout: the SD of z over windows is large, and no larger than that of surrogates."""
    kept = np.ones(FRAMES, dtype=bool)
    kept[list(gaps)] = False
    basis, rng = cleaned(kept), np.random.default_rng(2)
    waves, windows = dynamics.passed_waves(basis, kept, TR), dynamics.windows_of(kept, 30)
    root = np.linalg.cholesky(np.array([[1, 0.4], [0.4, 1]]))
    scores, spreads = [], []
    for i in range(150):
        series = basis @ (basis.T @ (rng.standard_normal((FRAMES, 2)) @ root.T)[kept])
        observed = dynamics.spread(series, kept, windows)
        made = dynamics.surrogates(series, basis, kept, waves, 60, i)
        null = np.stack([dynamics.spread(one, kept, windows) for one in made])
        scores.append((observed - null.mean(axis=0)) / null.std(axis=0, ddof=1))
        spreads.append(observed[0])
    assert np.mean(spreads) == pytest.approx(0.289, abs=0.02)  # of the specification
    assert np.mean(scores, axis=0) == pytest.approx([0, 0, 0], abs=0.27)  # 3.3 standard errors
    assert (np.array(scores) > 1.645).mean() == pytest.approx(0.055, abs=0.04)


def test_connectivity_that_switches_every_two_minutes_is_found():
    kept = np.ones(FRAMES, dtype=bool)
    basis, rng = cleaned(kept), np.random.default_rng(3)
    waves, windows = dynamics.passed_waves(basis, kept, TR), dynamics.windows_of(kept, 30)
    found = []
    for i in range(15):
        first, second = rng.standard_normal((2, FRAMES))
        r = np.where(np.arange(FRAMES) * TR // 120 % 2 == 0, 0.8, -0.2)
        series = basis @ (basis.T @ np.column_stack([first, r * first + np.sqrt(1 - r**2) * second]))
        observed = dynamics.spread(series, kept, windows)[0]
        made = dynamics.surrogates(series, basis, kept, waves, 60, i)
        null = [dynamics.spread(one, kept, windows)[0] for one in made]
        found.append(np.mean(np.array(null) >= observed) < 0.05)
    assert np.mean(found) >= 0.8
