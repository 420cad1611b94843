"""Light: which channels cannot be used, pathlengths, and slow waves."""

import numpy as np
import pytest

from bids_app.statistics.optics.light import drift_cutoff, pathlength_factor, slow_waves, unusable


@pytest.mark.parametrize(("change", "said"), [
    (lambda light: light, ""), (lambda light: _with(light, 5, -0.3), "1 samples are 0 or below"),
    (lambda light: _with(light, 5, np.nan), "1 samples are no number"),
    (lambda light: np.minimum(light, np.quantile(light, 0.9)), "the detector is saturated"),
    (lambda light: np.stack([light[0], np.full(1000, 2.0)]), "it is constant"),
])  # fmt: skip
def test_channels_that_cannot_be_used(change, said):
    """Values at or below 0, at the largest for more than 1 %, constant, or none (specification, 4.2)."""
    light = 1 + 0.01 * np.random.default_rng(1).standard_normal((2, 1000))
    found = unusable(change(light.copy()))
    assert said in found
    assert bool(found) == bool(said)


def _with(light, at, value):
    light[0, at] = value
    return light


def test_pathlength_factor():
    """Formula of Scholkmann 2013, written out for two wavelengths and ages."""
    for wave, age in ((690.0, 20.0), (830.0, 55.0)):
        expected = 223.3 + 0.05624 * age**0.8493 - 5.723e-7 * wave**3 + 0.001245 * wave**2 - 0.9025 * wave
        assert pathlength_factor(wave, age) == pytest.approx(expected)
    assert 4.5 < pathlength_factor(807.0, 30.0) < 7.0


def test_drift():
    """Blocks every 40 s: waves below 1/80 Hz; as many cosines as fit, orthogonal to each other."""
    assert drift_cutoff(np.array([90.0, 10.0, 50.0])) == 1 / 80
    assert drift_cutoff(np.array([3.0])) == 0.0
    waves = slow_waves(2000, 5.0, 1 / 80)
    assert waves.shape == (2000, 10)
    assert waves.T @ waves == pytest.approx(1000 * np.eye(10), abs=1e-8)
    assert slow_waves(2000, 5.0, 0.0).shape == (2000, 0)
