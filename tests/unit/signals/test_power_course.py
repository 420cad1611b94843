"""Power of a band over time and the BOLD signal that would follow it: closed forms, and values of scipy and nilearn."""

from __future__ import annotations

import numpy as np
import pytest
from real_data import real

from bids_app.signals.effective_df import independent_values
from bids_app.signals.power_course import GRID, expected_bold, power_course, standardised
from bids_app.signals.segments import within_parts
from bids_app.statistics.task_design import response_functions

POST13 = ["P3", "Pz", "P4", "PO3", "POz", "PO4", "O1", "Oz", "O2", "PO7", "PO8", "P7", "P8"]
(SPM,) = response_functions("spm", GRID)


def clean(count):
    return np.zeros(count, dtype=bool)


def test_a_tone_has_the_power_of_its_amplitude_at_all_times():
    tone = 3 * np.sin(2 * np.pi * 10 * np.arange(20 * 250) / 250)
    found = power_course(tone[None], 250.0, (8, 13), clean(len(tone)))
    assert found.power == pytest.approx(4.5, rel=1e-9)  # A² / 2
    assert found.times[[0, 1]] == pytest.approx([1.0, 1.25], abs=0.01)
    assert len(found.times) == (5000 - 500) // 62 + 1  # a quarter of a second is 62 samples here


def test_windows_that_touch_a_bad_sample_or_cross_a_cut_are_not_clean():
    data, bad = np.random.default_rng(0).standard_normal((2, 2000)), clean(2000)
    bad[1000] = True
    found = power_course(data, 100.0, (8, 13), bad, cuts=[500])
    starts = np.round(found.times * 100).astype(int) - 100
    assert found.clean.tolist() == [not (s <= 1000 < s + 200) and not (s < 500 < s + 200) for s in starts]
    assert within_parts(np.array([300, 301, 500]), 200, [500]).tolist() == [True, False, True]


def test_what_is_not_clean_is_filled_by_a_line_and_counted():
    data = np.random.default_rng(1).standard_normal((1, 6000)) * np.linspace(1, 3, 6000)
    whole = power_course(data, 100.0, (8, 13), clean(6000))
    gap = whole._replace(clean=(whole.times < 20) | (whole.times > 26))
    z = standardised(gap, 10.0, 50.0)
    inside = (whole.times >= 10) & (whole.times <= 50)
    assert z.filled == pytest.approx((~gap.clean & inside).sum() / inside.sum())
    known = z.values[inside & gap.clean]
    assert (known.mean(), known.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    assert np.diff(z.values[~gap.clean], 2) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="0 windows of power are clean"):
        standardised(gap._replace(clean=clean(len(gap.times))), 10.0, 50.0)


def test_the_response_to_a_block_is_that_of_the_canonical_function():  # E13: 20 s from 20 s on
    assert len(SPM) == 256
    assert SPM.sum() == pytest.approx(1)
    times = np.arange(0.0, 80.0, GRID)
    block = ((times >= 20) & (times < 40)).astype(float)
    at = 2.0 * np.arange(40)
    found = expected_bold(times, block, SPM, at)
    expected = [0.0176, 0.2492, 0.6578, 0.9658, 1.1091, 1.1447, 1.1275, 1.0918]
    assert found[11:19] == pytest.approx(expected, abs=1e-4)
    assert at[found.argmax()] == 32
    assert found[26] == pytest.approx(-0.1447, abs=1e-4)


def test_values_that_repeat_count_less():
    rng = np.random.default_rng(4)
    white = rng.standard_normal(2000)
    assert independent_values(white) == pytest.approx(2000, rel=0.15)
    slow = np.zeros(20_000)
    for i in range(1, len(slow)):
        slow[i] = 0.8 * slow[i - 1] + rng.standard_normal()
    assert independent_values(slow) == pytest.approx(20_000 * (1 - 0.64) / (1 + 0.64), rel=0.15)  # (1 - r²) / (1 + r²)


def recorded():
    """Return the posterior channels of EEGLAB's sample, referenced to the average, µV."""
    mne = pytest.importorskip("mne")
    path = real("eeg_eeglab/eeglab_data.set")
    raw = mne.io.read_raw_eeglab(path, preload=True, verbose="error").drop_channels(["EOG1", "EOG2"])
    data = raw.get_data() * 1e6
    return (data - data.mean(axis=0))[[raw.ch_names.index(name) for name in POST13]]


@pytest.mark.real
def test_the_regressor_of_a_real_recording():  # E13: scipy and nilearn
    data = recorded()
    course = power_course(data, 128.0, (8, 13), clean(data.shape[1]))
    assert len(course.times) == 946
    assert course.times[0] == 1.0
    assert course.power.mean() == pytest.approx(69.61654, abs=1e-4)
    assert np.log10(course.power).std() == pytest.approx(0.2441008, abs=1e-6)
    z = standardised(course, 0.0, 238.0)
    found = expected_bold(course.times, z.values, SPM, 2.0 * np.arange(119) + 1)
    expected = [-0.0005, -0.0946, -0.3657, -0.6138, -0.8833, -1.0589, -0.9931, -0.5225, -0.2551, -0.2839, -0.5252,
                -1.1132]  # fmt: skip
    assert found[:12] == pytest.approx(expected, abs=1e-3)
    assert found.std() == pytest.approx(0.6531288, abs=1e-3)
    planted = -0.5 * found[:, None] + noise(2000, 119)
    slopes = [np.polyfit(found, one, 1)[0] for one in planted.T]
    assert np.mean(slopes) == pytest.approx(-0.501, abs=0.02)


@pytest.mark.real
def test_a_wrong_clock_takes_from_the_slope_and_what_was_not_convolved_hardly_correlates():  # eeg.md 8
    data = recorded()
    course = power_course(data, 128.0, (8, 13), clean(data.shape[1]))
    values = standardised(course, 0.0, 238.0).values
    at = 2.0 * np.arange(5, 113) + 1
    true = expected_bold(course.times, values, SPM, at)
    slopes = [np.polyfit(expected_bold(course.times, values, SPM, at + shift), true, 1)[0] for shift in (2, 4, 6)]
    assert slopes == pytest.approx([0.89, 0.65, 0.43], abs=0.04)
    assert np.corrcoef(np.interp(at, course.times, values), true)[0, 1] == pytest.approx(0.19, abs=0.02)


def noise(series, count):
    """Return autoregressive noise, (count, series), of coefficient .3 and variance 1."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((count, series))
    for i in range(1, count):
        values[i] = 0.3 * values[i - 1] + np.sqrt(1 - 0.09) * values[i]
    return values
