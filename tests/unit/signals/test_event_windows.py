"""A slow signal around an event: closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.signals.event_windows import windowed

RATE = 10.0


def test_a_step_has_the_area_of_its_height_times_its_length():
    signal = np.full(1000, 2.0)
    signal[300:600] += 0.5
    found = windowed(signal, RATE, (30.0, 60.0))
    assert found["before"] == pytest.approx((2.0, 0.0))
    assert found["during"] == pytest.approx((2.5, 0.5 * 30))
    assert found["after"] == pytest.approx((2.0, 0.0))


def test_a_drift_that_goes_on_is_no_response():
    signal = 2 + 0.01 * np.arange(1000) / RATE
    plain, straight = (windowed(signal, RATE, (30.0, 60.0), drift=drift)["after"].area for drift in (False, True))
    # The mean before lies at 15 s, that after at 80 s, on a line of .01 a second, for 40 s.
    assert plain == pytest.approx(0.01 * (79.95 - 14.95) * 40, rel=1e-6)
    assert straight == pytest.approx(0, abs=1e-9)


def test_missing_samples_do_not_count_and_a_window_without_any_is_nan():
    signal = np.full(1000, 1.0)
    signal[300:600] = 3.0
    signal[400:500] = np.nan
    assert windowed(signal, RATE, (30.0, 60.0))["during"] == pytest.approx((3.0, 2.0 * 30))
    assert np.isnan(windowed(signal, RATE, (0.0, 60.0))["after"].area)
    assert np.isnan(windowed(signal, RATE, (30.0, 100.0))["after"].mean)
