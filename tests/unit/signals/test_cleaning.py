"""Cleaning, censoring, smoothing and regions against closed forms and independent programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, signal

from bids_app.errors import WrongDataError
from bids_app.signals import censoring, confounds, projection, roi, smoothing
from bids_app.signals.cleaning import nuisance_model
from bids_app.statistics.correlation import combine_runs, correlate, fisher_z
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.options.cleaning import Options

T, TR = 230, 2.0
RNG = np.random.default_rng(17)
MOTION = np.cumsum(RNG.standard_normal((T, 24)), axis=0)


def nuisance(columns, high=0.01, low=0.08, frames=T, order=1):
    parts = [projection.drift(frames, order), projection.stop_band(frames, TR, high, low), columns]
    return np.concatenate(parts, axis=1)


def everything_kept(frames=T):
    return np.ones(frames, dtype=bool)


def test_one_projection_leaves_nothing_of_filtered_motion():  # T17
    basis = projection.remaining_basis(nuisance(MOTION), everything_kept())
    series = MOTION @ RNG.standard_normal(24) + RNG.standard_normal(T)
    cleaned = basis @ (basis.T @ series)
    spectrum = np.fft.rfft(MOTION - MOTION.mean(axis=0), axis=0)
    frequency = np.fft.rfftfreq(T, TR)
    spectrum[(frequency < 0.01) | (frequency > 0.08)] = 0
    filtered = np.fft.irfft(spectrum, T, axis=0)
    fitted = filtered @ np.linalg.lstsq(filtered, cleaned, rcond=None)[0]
    assert (fitted**2).sum() / (cleaned**2).sum() < 1e-10


def test_one_projection_equals_filtering_data_and_regressors_alike():  # T17
    series = RNG.standard_normal((T, 5))
    band = projection.remaining_basis(nuisance(np.empty((T, 0))), everything_kept())
    keep = band @ band.T
    data, regressors = keep @ series, keep @ MOTION
    expected = data - regressors @ np.linalg.lstsq(regressors, data, rcond=None)[0]
    basis = projection.remaining_basis(nuisance(MOTION), everything_kept())
    assert np.abs(basis @ (basis.T @ series) - expected).max() < 1e-10


def test_degrees_of_freedom_are_kept_frames_less_the_rank():
    twice = np.column_stack([MOTION, MOTION[:, :3] * 2 - MOTION[:, 3:6]])
    for columns in (MOTION, twice):
        model = nuisance(columns)
        basis = projection.remaining_basis(model, everything_kept())
        assert basis.shape[1] == T - np.linalg.matrix_rank(model / np.linalg.norm(model, axis=0))
        assert np.abs(basis.T @ basis - np.eye(basis.shape[1])).max() < 1e-10


@pytest.mark.parametrize("censored", [[50], [50, 149], [0, 1, 2, 199]])
def test_any_value_in_censored_frames_changes_nothing(censored):  # T18
    frames = 200
    kept = everything_kept(frames)
    kept[censored] = False
    series, columns = RNG.standard_normal((frames, 6)), RNG.standard_normal((frames, 8))
    results = []
    for value in (0.0, 1000.0):
        data, regressors = series.copy(), columns.copy()
        data[censored], regressors[censored] = value, -value
        basis = projection.remaining_basis(nuisance(regressors, 0.008, 0.1, frames), kept)
        sums = projection.Accumulator(basis, 6)
        sums.add(data[kept].astype(np.float32))
        results.append(sums.coordinates)
    assert np.array_equal(*results)


@pytest.mark.parametrize(("high", "low"), [(0.008, 0.1), (0.008, 0.0), (0.01, 0.08)])
def test_variance_of_fisher_z_follows_the_degrees_of_freedom(high, low):  # T19
    basis = projection.remaining_basis(nuisance(MOTION, high, low), everything_kept())
    rng = np.random.default_rng(1)
    a, b = (basis.T @ rng.standard_normal((T, 20000)) for _ in range(2))
    r = (a * b).sum(axis=0) / np.linalg.norm(a, axis=0) / np.linalg.norm(b, axis=0)
    assert fisher_z(r).var() == pytest.approx(1 / (basis.shape[1] - 2), rel=0.05)


def test_streamed_coordinates_equal_a_double_precision_projection():
    series = 700 + 5 * RNG.standard_normal((T, 40)) + 20 * MOTION[:, :1]
    kept = everything_kept()
    kept[[3, 4, 100]] = False
    basis = projection.remaining_basis(nuisance(MOTION), kept)
    sums = projection.Accumulator(basis, 40)
    for start in range(0, int(kept.sum()), 16):
        sums.add(series[kept][start : start + 16].astype(np.float32))
    exact = basis.T @ series[kept]
    assert np.abs(sums.coordinates - exact).max() < 2e-5 * np.abs(exact).max()
    mean, deviation = sums.moments()
    assert mean == pytest.approx(series[kept].mean(axis=0), rel=1e-6)
    assert deviation == pytest.approx(series[kept].std(axis=0), rel=1e-4)


def test_constant_explained_and_broken_voxels_are_not_valid():
    kept = everything_kept()
    basis = projection.remaining_basis(nuisance(MOTION), kept)
    good = 500 + RNG.standard_normal(T)
    broken, endless = good.copy(), good.copy()
    broken[7], endless[9] = np.nan, np.inf
    explained = 500 + MOTION @ RNG.standard_normal(24)
    columns = [good, np.full(T, 321.0), explained, broken, endless]
    sums = projection.Accumulator(basis, 5)
    sums.add(np.stack(columns, axis=1).astype(np.float32))
    assert sums.valid().tolist() == [True, False, False, False, False]


def test_correlation_of_coordinates_is_that_of_cleaned_series():
    basis = projection.remaining_basis(nuisance(MOTION), everything_kept())
    series = RNG.standard_normal((T, 9))
    cleaned = basis @ (basis.T @ series)
    r = correlate((basis.T @ series)[:, :2], (basis.T @ series).astype(np.float32))
    assert r == pytest.approx(np.corrcoef(cleaned.T)[:2], abs=1e-6)


def test_combined_runs_weigh_by_degrees_of_freedom():
    z = combine_runs([np.array([0.2, np.nan]), np.array([0.5, 0.1])], [32, 12])
    assert z[0] == pytest.approx((30 * 0.2 + 10 * 0.5) / 40)
    assert np.isnan(z[1])


def test_framewise_displacement_of_four_frames():  # T21
    motion = np.array([[0, 0, 0, 0, 0, 0], [0.1, 0, 0, 0, 0, 0], [0.1, 0.2, 0, 0.002, 0, 0],
                       [0.1, 0.2, 0.05, 0.002, 0.001, 0]])  # fmt: skip
    assert censoring.framewise_displacement(motion) == pytest.approx([0, 0.1, 0.3, 0.1])


def test_censoring_takes_frames_after_motion_and_before_steady_state():
    displacement = np.array([np.nan, 0.1, 0.9, 0.1, 0.1, 0.1, 0.6])
    unsteady = np.array([True] + [False] * 6)
    kept = censoring.keep_frames(censoring.above(displacement, 0.5, 7), 0, 1, unsteady)
    assert kept.tolist() == [False, True, False, False, True, True, False]
    assert censoring.keep_frames(censoring.above(displacement, 0.0, 7), 0, 1, unsteady).sum() == 6


def test_smoothing_equals_scipy_inside_the_mask():
    mask = RNG.random((14, 15, 13)) < 0.7
    sizes = np.array([2.0, 3.0, 2.5])
    maps = RNG.standard_normal((11, int(mask.sum()))).astype(np.float32)
    smoothed = smoothing.smooth_in_mask(maps, mask, sizes, 6.0)
    sigma = 6.0 / smoothing.FWHM_PER_SIGMA / sizes
    for one, other in zip(maps, smoothed, strict=True):
        volume = np.zeros(mask.shape)
        volume[mask] = one
        expected = ndimage.gaussian_filter(volume, sigma, mode="constant")
        weight = ndimage.gaussian_filter(mask.astype(float), sigma, mode="constant")
        assert other == pytest.approx((expected / weight)[mask], abs=2e-5)


def test_stop_band_is_that_of_a_discrete_fourier_filter():
    series = RNG.standard_normal(T)
    basis = projection.remaining_basis(nuisance(np.empty((T, 0)), 0.02, 0.1, order=0), everything_kept())
    spectrum = np.fft.rfft(series)
    frequency = np.fft.rfftfreq(T, TR)
    spectrum[(frequency < 0.0199999) | (frequency > 0.1000001)] = 0
    assert basis @ (basis.T @ series) == pytest.approx(np.fft.irfft(spectrum, T), abs=1e-10)
    line = projection.remaining_basis(projection.drift(T, 1), everything_kept())
    assert line @ (line.T @ series) == pytest.approx(signal.detrend(series), abs=1e-10)


GRID = Grid((20, 24, 18), np.array([[2.0, 0, 0, -20], [0, 2, 0, -24], [0, 0, 2, -18], [0, 0, 0, 1]]))


def test_sphere_holds_the_voxels_within_its_radius():
    found = {tuple(v) for v in roi.sphere(GRID, (1.0, 0.0, -1.0), 5.0)}
    places = np.indices(GRID.shape).reshape(3, -1).T
    distance = np.linalg.norm(places @ GRID.affine[:3, :3].T + GRID.affine[:3, 3] - [1, 0, -1], axis=1)
    assert found == {tuple(v) for v in places[distance <= 5.0]}


def test_sphere_without_a_voxel_centre_takes_the_nearest():
    assert roi.sphere(GRID, (1.0, 1.0, 1.0), 0.5).shape == (1, 3)


def test_sphere_outside_the_field_of_view_counts_its_missing_voxels():
    inside = roi.sphere(GRID, (0, 0, 0), 6.0)
    edge = roi.sphere(GRID, (-20, 0, 0), 6.0)
    assert len(edge) == len(inside)
    usable = np.ones(GRID.shape, dtype=bool)
    assert len(roi.columns_of(GRID, edge, usable)) < len(inside)


def test_columns_of_a_region_point_at_its_voxels():
    usable = RNG.random(GRID.shape) < 0.6
    indices = roi.sphere(GRID, (0, 0, 0), 6.0)
    values = np.random.default_rng(0).random(GRID.shape)
    columns = roi.columns_of(GRID, indices, usable)
    expected = sorted(values[tuple(i)] for i in indices if usable[tuple(i)])
    assert sorted(values[usable][columns]) == expected


TABLE = {"trans_x": np.arange(5.0), "csf": np.array([np.nan, 1, 2, 3, 4.0])}


def test_derivatives_and_squares_are_completed():
    full = confounds.complete(TABLE)
    assert full["trans_x_derivative1"][1:].tolist() == [1, 1, 1, 1]
    assert np.isnan(full["trans_x_derivative1"][0])
    assert full["trans_x_power2"].tolist() == [0, 1, 4, 9, 16]
    assert confounds.complete({"X": np.ones(3)}).keys() >= {"trans_x", "trans_x_power2"}


def test_missing_confounds_are_all_named():
    with pytest.raises(WrongDataError, match=r"lacks rot_\[xyz\], white_matter; it has csf, trans_x"):
        confounds.select(TABLE, ["trans_x", "rot_[xyz]", "white_matter"])


def test_leading_gaps_make_no_spike_and_later_ones_are_refused():
    kept = np.ones(5, dtype=bool)
    shifted = {"csf": np.array([np.nan, np.nan, 7, 8, 9.0]), "csf_derivative1": np.array([np.nan, 1, 1, 1, 1.0])}
    assert confounds.matrix(shifted, ["csf"], kept)[:, 0].tolist() == [7, 7, 7, 8, 9]
    assert confounds.matrix(shifted, ["csf_derivative1"], kept)[:, 0].tolist() == [0, 1, 1, 1, 1]
    assert confounds.unknown_at_start(shifted, ["csf", "csf_derivative1"]).tolist() == [True, True, False, False, False]
    assert not confounds.unknown_at_start(shifted, ["csf_derivative1"]).any()
    holes = {"csf": np.array([1, 2, np.nan, 4, 5.0])}
    with pytest.raises(WrongDataError, match="no value in 1 of 5"):
        confounds.matrix(holes, ["csf"], kept)
    kept[2] = False
    assert confounds.matrix(holes, ["csf"], kept).shape == (5, 1)


def test_confounds_that_do_not_vary_are_told_and_not_listed():
    rng = np.random.default_rng(0)
    table = {name: np.cumsum(rng.standard_normal(120)) * 1e-4 for name in confounds.MOTION}
    table |= {"csf": np.zeros(120), "white_matter": rng.standard_normal(120)}
    plan = nuisance_model(table, 120, 2.0, ["trans_x", "csf", "white_matter"], Options(), "table")
    assert plan.flat == ("csf",)
    assert list(plan.regressors) == ["trans_x", "white_matter"]
    table["trans_x"][5] = 1e9
    with pytest.raises(WrongDataError, match="which no head can"):
        nuisance_model(table, 120, 2.0, ["trans_x"], Options(), "table")
