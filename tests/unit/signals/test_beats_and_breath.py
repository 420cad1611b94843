"""Beats, intervals, breath, skin and pupil: closed forms, planted signals, and published recordings where they are.

The recordings are not in the repository: DEQI_PHYSIOLOGY names a folder with SampleNNISeriesShort.npy and
SampleNNISeriesLong.npy of pyhrv 0.5.0, and mitbih100.npz (first 300 s of lead MLII of record 100 of MIT-BIH: x, beats
in samples, fs).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bids_app.signals.beats import beats
from bids_app.signals.breathing import breathing
from bids_app.signals.intervals import bands, normal, variability
from bids_app.signals.pupil import pupil
from bids_app.signals.skin import skin_conductance


def all_of(intervals):
    return variability(np.asarray(intervals, dtype=float), np.ones(len(intervals), dtype=bool))


def test_values_in_time_by_hand():
    found = all_of([800, 810, 790, 830, 820, 815])
    assert (found.sdnn, found.rmssd, np.log(found.rmssd)) == pytest.approx((14.288690, 21.095023, 3.049037), abs=1e-6)
    pair = [1000.0] * 300
    pair[150:152] = [600.0, 1400.0]
    assert all_of(pair).rmssd == pytest.approx(np.sqrt(960_000 / 299), rel=1e-9)
    assert all_of(pair).sdnn == pytest.approx(32.714, abs=1e-3)
    kept = normal(np.array(pair))
    assert (~kept).sum() == 2
    assert variability(np.array(pair), kept).rmssd == 0


@pytest.mark.parametrize(("frequency", "rmssd"), [(0.25, 30.0), (0.1, 13.110)])
def test_rmssd_of_a_sine_is_its_step(frequency, rmssd):
    # sqrt(2) A |sin(pi f)| for beats one second apart
    assert rmssd == pytest.approx(np.sqrt(2) * 30 * abs(np.sin(np.pi * frequency)), abs=1e-3)
    found = all_of(1000 + 30 * np.sin(2 * np.pi * frequency * np.arange(1, 401)))
    assert found.rmssd == pytest.approx(rmssd, rel=2e-3)


@pytest.mark.parametrize(("frequency", "lf", "hf"), [(0.25, 0.0, 437.0), (0.1, 449.8, 0.0)])
def test_slow_breathing_moves_the_same_variability_to_another_band(frequency, lf, hf):
    times = np.arange(1, 401.0)
    found = bands(times, 1000 + 30 * np.sin(2 * np.pi * frequency * times), np.ones(400, dtype=bool))
    assert (found.lf, found.hf) == pytest.approx((lf, hf), rel=0.01, abs=0.01)
    if hf:
        assert found.hf_peak == pytest.approx(frequency, abs=0.01)


def test_strong_arrhythmia_of_breathing_is_kept_and_an_ectopic_beat_is_not():
    rng = np.random.default_rng(1)
    times = np.arange(300.0)
    clean = 900 + 100 * np.sin(2 * np.pi * 0.2 * times) + 10 * rng.standard_normal(300)
    ectopic = clean.copy()
    ectopic[150:152] += [-350, 350]
    kept = normal(ectopic)
    assert (~kept).sum() == 2
    assert variability(ectopic, kept).rmssd == pytest.approx(all_of(clean).rmssd, rel=0.01)
    assert all_of(ectopic).rmssd > 1.15 * all_of(clean).rmssd


def recorded(name):
    folder = Path(os.environ.get("DEQI_PHYSIOLOGY", "nowhere"))
    if not (folder / name).exists():
        pytest.skip(f"{name} is not in DEQI_PHYSIOLOGY")
    return np.load(folder / name)


def test_a_published_series_of_intervals():
    short = recorded("SampleNNISeriesShort.npy").astype(float).ravel()
    found = all_of(short)
    assert (len(short), short.mean()) == (337, pytest.approx(888.9555, abs=1e-4))
    assert (found.sdnn, found.rmssd) == pytest.approx((95.6904, 101.3006), abs=1e-4)
    assert found.pnn50 == pytest.approx(100 * 163 / 336)
    kept = normal(short)
    mine = variability(short, kept)
    assert ((~kept).sum(), mine.rmssd, mine.sdnn) == (
        20,
        pytest.approx(78.051, abs=1e-3),
        pytest.approx(78.797, abs=1e-3),
    )
    assert bands(short.cumsum() / 1000, short, np.ones(337, dtype=bool)).hf == pytest.approx(4724.1, abs=0.1)
    long = all_of(recorded("SampleNNISeriesLong.npy").astype(float).ravel())
    assert (long.sdnn, long.rmssd, long.pnn50) == pytest.approx((85.3572, 60.5235, 28.5714), abs=1e-4)


def test_annotated_beats_of_a_published_recording():
    held = recorded("mitbih100.npz")
    rate = float(held["fs"])
    reference = held["beats"] / rate
    intervals = 1000 * np.diff(reference)
    assert all_of(intervals).rmssd == pytest.approx(55.716, abs=1e-3)
    kept = normal(intervals)
    found = variability(intervals, kept)
    assert ((~kept).sum(), found.rmssd, found.sdnn) == (
        8,
        pytest.approx(25.899, abs=1e-3),
        pytest.approx(25.372, abs=1e-3),
    )
    times = beats(held["x"], rate, "ecg")
    hits = [np.abs(times - one).min() <= 0.05 for one in reference]
    assert np.mean(hits) >= 0.995
    own = 1000 * np.diff(times)
    assert variability(own, normal(own)).rmssd == pytest.approx(25.899, rel=0.02)


def pulse(times, rate, seconds, width):
    grid = np.arange(int(seconds * rate)) / rate
    return sum(np.exp(-((grid - one) ** 2) / (2 * width**2)) for one in times)


@pytest.mark.parametrize(("kind", "rate", "width", "worst"), [("ecg", 250.0, 0.012, 2.0), ("ppg", 100.0, 0.08, 6.0)])
def test_planted_beats_are_found_where_they_are(kind, rate, width, worst):
    rng = np.random.default_rng(2)
    times = np.cumsum(0.85 + 0.04 * rng.standard_normal(100)) + 0.5
    signal = pulse(times, rate, times[-1] + 1, width) + 0.3 * np.sin(np.arange(int((times[-1] + 1) * rate)) / rate)
    found = beats(signal + 0.02 * rng.standard_normal(len(signal)), rate, kind)
    assert len(found) == 100
    assert 1000 * np.abs(found - times - np.median(found - times)).max() < worst


def test_breaths_are_counted():
    rng, rate = np.random.default_rng(0), 50.0
    times = np.arange(int(300 * rate)) / rate
    found = breathing(np.sin(2 * np.pi * 0.25 * times) + 0.1 * rng.standard_normal(len(times)), rate)
    assert (len(found.peaks), found.rate) == (75, pytest.approx(15.0, abs=0.05))
    assert found.depth == pytest.approx(2.0, rel=0.05)
    assert np.isnan(breathing(np.zeros(3000), rate).rate)


def test_responses_of_the_skin_rise_out_of_its_level():
    rate = 50.0
    times = np.arange(int(300 * rate)) / rate
    signal = 5 + 0.002 * times
    for k in range(20):
        since = np.clip(times - (10 + 14 * k), 0, None)
        response = np.exp(-since / 2.0) - np.exp(-since / 0.75)
        signal = signal + 0.3 * response / response.max()
    found = skin_conductance(signal, rate)
    assert len(found.responses) == 20
    assert (found.per_minute, found.amplitude, found.level) == pytest.approx((4.0, 0.277, 5.372), abs=2e-3)


def test_blinks_and_what_surrounds_them_do_not_make_a_pupil_smaller():
    rate = 250.0
    times = np.arange(int(120 * rate)) / rate
    size = np.full(len(times), 4.0)
    for k in range(30):
        start = 2 + 3.9 * k
        size[(times >= start) & (times < start + 0.15)] = 0
        falling, rising = (times >= start - 0.04) & (times < start), (times >= start + 0.15) & (times < start + 0.19)
        size[falling] = 4 - 3 * (times[falling] - start + 0.04) / 0.04
        size[rising] = 1 + 3 * (times[rising] - start - 0.15) / 0.04
    found = pupil(size, rate)
    assert found.mean == pytest.approx(4.0, abs=1e-3)
    assert size.mean() < 3.85
    assert size[size > 0].mean() < 3.98
    assert 0.08 < found.missing < 0.2
    assert np.isnan(pupil(np.where(times < 60, 0.0, 4.0), rate).mean)
