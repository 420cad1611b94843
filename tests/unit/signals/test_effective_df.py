"""What degrees of freedom of an unfiltered band are worth for a correlation."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.signals.effective_df import effective_df
from bids_app.signals.projection import stop_band
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.signals import Signals

FRAMES, TR, VOXELS = 240, 2.0, 1000


def noise(phi, number, frames=FRAMES):
    """Return AR(1) series of variance 1, (frames, voxels)."""
    rng = np.random.default_rng(number)
    e = rng.standard_normal((frames, VOXELS)) * np.sqrt(1 - phi**2)
    x = np.empty_like(e)
    x[0] = e[0] / np.sqrt(1 - phi**2)
    for t in range(1, frames):
        x[t] = phi * x[t - 1] + e[t]
    return x


def cleaned(series, kept=None, high_pass=0.0):
    """Return series without their mean, and without slow waves where a high-pass filter is asked for."""
    kept = np.ones(len(series), dtype=bool) if kept is None else kept
    out = [np.ones((len(series), 1)), *([stop_band(len(series), TR, high_pass, 0.0)] if high_pass else [])]
    nuisance = np.column_stack(out)[kept]
    whole = np.linalg.svd(nuisance, full_matrices=True)[0]
    basis = whole[:, np.linalg.matrix_rank(nuisance) :]
    grid = Grid((VOXELS, 1, 1), np.eye(4))
    one = np.ones(VOXELS, dtype=np.float32)
    coordinates = (basis.T @ series[kept]).astype(np.float32)
    return Signals(
        basis=basis,
        coordinates=coordinates,
        kept=kept,
        grid=grid,
        mask=np.ones((VOXELS, 1, 1), dtype=bool),
        mean=one,
        deviation=one,
        repetition_time=TR,
    ), basis.shape[1]


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6, 0.8])
def test_of_first_order_noise_it_is_the_closed_form(phi):
    """1 + 2 sum phi^2k = (1 + phi^2) / (1 - phi^2)."""
    signals, df = cleaned(noise(phi, 1, frames=1200))
    assert effective_df(signals, df) == pytest.approx(df * (1 - phi**2) / (1 + phi**2), rel=0.03)


@pytest.mark.parametrize("lost", [0, 60])
def test_the_variance_of_fisher_z_is_one_over_it_with_a_high_pass_filter_alone(lost):
    """By counting, z of noise with an autocorrelation of .6 would vary half as much as it does."""
    kept = np.ones(FRAMES, dtype=bool)
    kept[np.random.default_rng(5).choice(FRAMES, lost, replace=False)] = False
    signals, df = cleaned(noise(0.6, 2), kept, high_pass=0.01)
    unit = signals.coordinates / np.linalg.norm(signals.coordinates, axis=0)
    z = np.arctanh((unit[:, : VOXELS // 2] * unit[:, VOXELS // 2 :]).sum(axis=0))
    more = np.arctanh((unit[:, : VOXELS // 2] * np.roll(unit[:, VOXELS // 2 :], 1, axis=1)).sum(axis=0))
    variance = np.concatenate([z, more]).var()
    assert variance * (df - 2) > 1.4
    assert variance * (effective_df(signals, df) - 2) == pytest.approx(1, abs=0.12)


def test_it_is_never_more_than_was_counted_and_series_of_nothing_have_what_was_counted():
    signals, df = cleaned(noise(0.0, 3), high_pass=0.01)
    assert effective_df(signals, df) <= df
    signals.coordinates[:] = 0
    assert effective_df(signals, df) == df
