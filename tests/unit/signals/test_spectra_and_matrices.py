"""Spectra, concordance and matrices against closed forms, plain loops and independent programs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nilearn.connectome import ConnectivityMeasure
from scipy import stats
from sklearn.covariance import LedoitWolf

from bids_app.signals.kendall_w import concordance
from bids_app.signals.projection import drift, nested_basis, remaining_basis, stop_band
from bids_app.signals.roi import eigenvariate
from bids_app.signals.spectrum import amplitudes, fourier, least_squares
from bids_app.statistics.correlation import given_others, global_correlation
from bids_app.statistics.matrices import coherence, combine_matrices, first_component, partial, pearson

T, TR = 256, 2.0
SINE = 2 * np.sin(2 * np.pi * 24 * np.arange(T) / T)


def alff(series, basis, spectrum, band=(0.01, 0.08), step=TR):
    """Return ALFF and fALFF as they are defined, from our products."""
    where = spectrum.band(step, *band)
    (inside,), total = amplitudes(spectrum, [where], basis, (basis.T @ series).astype(np.float32))
    return inside, inside * (where.stop - where.start) / total


def test_a_sine_has_the_amplitude_of_the_definition():  # T20
    spectrum = fourier(T)
    band = spectrum.band(TR, 0.01, 0.08)
    assert (band.start + 2, band.stop + 1) == (7, 41)  # counted from 1, the constant first
    value, share = alff(SINE[:, None], np.eye(T), spectrum)
    assert value[0] == pytest.approx(2 / 35, abs=1e-6)
    assert share[0] == pytest.approx(1.0, abs=1e-4)


def test_linear_detrending_leaks_a_pure_sine():  # T20
    basis = remaining_basis(drift(T, 1), np.ones(T, dtype=bool))
    value, share = alff(SINE[:, None], basis, fourier(T))
    assert value[0] == pytest.approx(0.0598594, abs=1e-6)
    assert share[0] == pytest.approx(0.9208462, abs=1e-5)


def test_white_noise_has_the_share_of_its_band():  # T20
    noise = np.random.default_rng(1).standard_normal((T, 4000))
    _, share = alff(noise, np.eye(T), fourier(T))
    assert share.mean() == pytest.approx(0.2749, abs=0.003)


def test_fourier_pads_to_a_power_of_two_as_dpabi_does():
    frames = 200
    series = np.random.default_rng(2).standard_normal((frames, 6))
    series -= series.mean(axis=0)
    spectrum = fourier(frames)
    assert spectrum.length == 256
    heights = 2 * np.abs(np.fft.fft(series, 256, axis=0)) / frames
    first, last = int(np.ceil(0.01 * 256 * TR + 1)), int(0.08 * 256 * TR + 1)
    expected = heights[first - 1 : last].mean(axis=0)
    value, share = alff(series, np.eye(frames), spectrum)
    assert value == pytest.approx(expected, rel=1e-4)
    assert share == pytest.approx(heights[first - 1 : last].sum(axis=0) / heights[1:129].sum(axis=0), rel=1e-4)


@pytest.mark.parametrize("frames", [200, 201])
def test_least_squares_without_gaps_is_the_transform_without_padding(frames):
    series = np.random.default_rng(3).standard_normal((frames, 5))
    spectrum = least_squares(np.ones(frames, dtype=bool))
    heights = 2 * np.abs(np.fft.rfft(series, axis=0))[1:] / frames
    ours = np.hypot(spectrum.cosine @ series, spectrum.sine @ series)
    assert ours == pytest.approx(heights, abs=1e-10)


def test_least_squares_with_gaps_fits_each_frequency():
    rng = np.random.default_rng(4)
    kept = rng.random(150) > 0.15
    series = rng.standard_normal((int(kept.sum()), 3))
    spectrum = least_squares(kept)
    ours = np.hypot(spectrum.cosine @ series, spectrum.sine @ series)
    times = np.flatnonzero(kept)
    for k in (1, 7, 40, 74):
        angle = 2 * np.pi * k * times / 150
        fitted = np.linalg.lstsq(np.column_stack([np.cos(angle), np.sin(angle)]), series, rcond=None)[0]
        assert ours[k - 1] == pytest.approx(np.linalg.norm(fitted, axis=0), abs=1e-10)


def test_concordance_of_the_worked_example():  # T20
    example = np.array([[1, 2, 3], [2, 1, 4], [3, 4, 1], [4, 3, 2], [5, 5, 5]], dtype=np.float64)
    mask = np.zeros((3, 3, 3), dtype=bool)
    mask[:, 1, 1] = True
    w = concordance(np.eye(5), example.astype(np.float32), mask, 7)
    assert np.isnan(w).all()  # three of seven voxels are fewer than half
    mask = np.zeros((2, 2, 1), dtype=bool)
    mask[[0, 0, 1], [0, 1, 0], 0] = True
    w = concordance(np.eye(5), example.astype(np.float32), mask, 7)
    assert np.isnan(w[1:]).all()
    assert kendall(example) == pytest.approx(0.5555556)


def kendall(series: np.ndarray) -> float:
    """Return Kendall's W of (n, k) series by its definition, ranks from scipy."""
    n, k = series.shape
    total = stats.rankdata(series, axis=0).sum(axis=1)
    return 12 * (np.sum(total**2) - n * total.mean() ** 2) / (k**2 * (n**3 - n))


def neighbours_of(voxel: np.ndarray, where: np.ndarray, kind: int) -> np.ndarray:
    step = np.abs(where - voxel)
    near = step.max(axis=1) <= 1
    reach = {7: 1, 19: 2, 27: 3}[kind]
    return np.flatnonzero(near & (step.sum(axis=1) <= reach))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from([7, 19, 27]), ties=st.booleans())
def test_regional_homogeneity_equals_a_plain_loop(seed, kind, ties):
    rng = np.random.default_rng(seed)
    mask = rng.random((5, 4, 6)) < 0.8
    series = rng.standard_normal((21, int(mask.sum()))).astype(np.float32)
    if ties:
        series = np.round(series)
    ours = concordance(np.eye(21), series, mask, kind)
    where = np.argwhere(mask)
    for i, voxel in enumerate(where):
        near = neighbours_of(voxel, where, kind)
        if len(near) >= kind / 2:
            assert ours[i] == pytest.approx(kendall(series[:, near].astype(np.float64)), abs=1e-6)
        else:
            assert np.isnan(ours[i])


def test_identical_series_agree_wholly_and_independent_ones_by_chance():  # T20
    rng = np.random.default_rng(5)
    mask = np.ones((9, 9, 9), dtype=bool)
    same = np.repeat(rng.standard_normal((40, 1)), 729, axis=1).astype(np.float32)
    assert np.nanmax(np.abs(concordance(np.eye(40), same, mask) - 1)) < 1e-6
    noise = concordance(np.eye(200), rng.standard_normal((200, 729)).astype(np.float32), mask).reshape(mask.shape)
    assert noise[1:-1, 1:-1, 1:-1].mean() == pytest.approx(1 / 27, abs=0.002)


@pytest.mark.slow
def test_kinds_of_cleaning_are_nested_and_each_is_the_projection_of_its_own_model():
    rng = np.random.default_rng(6)
    kept = np.ones(120, dtype=bool)
    kept[[3, 4, 77]] = False
    confounds = rng.standard_normal((120, 5))
    confounds[:, 4] = confounds[:, 3]  # one column twice costs one degree of freedom
    parts = [drift(120, 1)[:, :1], np.column_stack([drift(120, 1)[:, 1:], confounds]), stop_band(120, 2.0, 0.01, 0.1)]
    basis, ranks = nested_basis(parts, kept)
    assert basis.T @ basis == pytest.approx(np.eye(basis.shape[1]), abs=1e-10)
    for rank, model in zip(ranks, (np.hstack(parts), np.hstack(parts[:2]), parts[0]), strict=True):
        n = model[kept]
        projection = np.eye(len(n)) - n @ np.linalg.pinv(n, rcond=1e-9)
        assert basis[:, :rank] @ basis[:, :rank].T == pytest.approx(projection, abs=1e-8)
        assert rank == len(n) - np.linalg.matrix_rank(n)


def test_eigenvariate_of_identical_voxels_is_their_mean():
    series = np.random.default_rng(7).standard_normal(50)
    assert eigenvariate(np.repeat(series[:, None], 9, axis=1).astype(np.float32)) == pytest.approx(series, abs=1e-6)
    assert eigenvariate(-np.repeat(series[:, None], 9, axis=1).astype(np.float32)) == pytest.approx(-series, abs=1e-6)


def test_eigenvariate_is_that_of_the_series_whatever_the_basis():
    rng = np.random.default_rng(8)
    series = rng.standard_normal((60, 12))
    u, s, vt = np.linalg.svd(series, full_matrices=False)
    expected = np.sign(vt[0].sum()) * u[:, 0] * s[0] / np.sqrt(12)
    turned, _ = np.linalg.qr(rng.standard_normal((60, 60)))
    ours = turned @ eigenvariate((turned.T @ series).astype(np.float32))
    assert ours == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("both", [True, False])
def test_partial_correlation_given_other_seeds_is_that_of_regression(both):
    rng = np.random.default_rng(9)
    seeds = rng.standard_normal((40, 3)) @ rng.standard_normal((3, 3))
    targets = rng.standard_normal((40, 7)) + seeds[:, :1]
    ours = given_others(seeds, targets.astype(np.float32), both=both)
    for k in range(3):
        others = np.delete(seeds, k, axis=1)

        def rest(y, others=others):
            return y - others @ np.linalg.lstsq(others, y, rcond=None)[0]

        own = rest(seeds[:, k])
        for v in range(7):
            y = rest(targets[:, v]) if both else targets[:, v]
            assert ours[k, v] == pytest.approx(own @ y / np.linalg.norm(own) / np.linalg.norm(y), abs=1e-5)
    if both:
        # The t of the whole regression gives the same partial correlation: r = t / sqrt(t² + df).
        model = np.column_stack([seeds, targets[:, 0]])[:, :3]
        beta, rss, *_ = np.linalg.lstsq(model, targets[:, 0], rcond=None)
        df = 40 - 3
        t = beta[0] / np.sqrt(rss[0] / df * np.linalg.inv(model.T @ model)[0, 0])
        assert ours[0, 0] == pytest.approx(t / np.sqrt(t**2 + df), abs=1e-5)


def test_partial_correlation_of_t_and_df():
    t, df = 2.1, 37
    assert t / np.sqrt(t**2 + df) == pytest.approx(0.326337, abs=1e-6)


def test_matrices_equal_nilearn_and_leave_out_what_does_not_vary():
    rng = np.random.default_rng(10)
    series = rng.standard_normal((90, 6)) @ rng.standard_normal((6, 6))
    series -= series.mean(axis=0)
    scaled = series / series.std(axis=0)
    measure = ConnectivityMeasure(kind="partial correlation", cov_estimator=LedoitWolf(), standardize=False)
    assert partial(series) == pytest.approx(measure.fit_transform([scaled])[0], abs=1e-10)
    assert pearson(series) == pytest.approx(np.corrcoef(series.T), abs=1e-12)
    broken = np.insert(np.insert(series, 2, 0.0, axis=1), 5, np.nan, axis=1)
    keep = [0, 1, 3, 4, 6, 7]
    for matrix, whole in ((pearson(broken), pearson(series)), (partial(broken), partial(series))):
        assert np.isnan(matrix[[2, 5]]).all()
        assert matrix[np.ix_(keep, keep)] == pytest.approx(whole, abs=1e-12)


def test_matrices_of_runs_are_averaged_in_fisher_z():
    first, second = np.array([[1, 0.3], [0.3, 1]]), np.array([[1, 0.7], [0.7, 1]])
    ours = combine_matrices([first, second], [22, 12])
    assert ours[0, 1] == pytest.approx(np.tanh((20 * np.arctanh(0.3) + 10 * np.arctanh(0.7)) / 30))
    assert np.diag(ours).tolist() == [1, 1]


def test_coherence_is_the_mean_over_the_pairs_that_are_known():
    r = np.array([[1, 0.5, 0.1, 0.2], [0.5, 1, 0.3, 0.4], [0.1, 0.3, 1, np.nan], [0.2, 0.4, np.nan, np.nan]])
    found = coherence(r, ["A", "A", "B", "B"])
    assert found["A", "A"] == (1, pytest.approx(np.arctanh(0.5)))
    assert found["A", "B"] == (4, pytest.approx(np.mean(np.arctanh([0.1, 0.2, 0.3, 0.4]))))
    assert found["B", "B"][0] == 0
    assert np.isnan(found["B", "B"][1])


def test_global_correlation_is_the_mean_over_all_pairs():
    """NumPy: every correlation of every series with every other, more of them than fit into a tile."""
    series = np.random.default_rng(3).standard_normal((12, 9001)) + np.linspace(-1, 1, 12)[:, None]
    assert global_correlation(series.astype(np.float32)) == pytest.approx(_mean_cosine(series), rel=1e-6)


def _mean_cosine(series):
    unit = series / np.sqrt((series**2).sum(axis=0))
    return sum((unit[:, i : i + 500].T @ unit).sum() for i in range(0, 9001, 500)) / 9001**2


def test_first_component_of_two_nodes_is_half_and_half_their_correlation():
    rng = np.random.default_rng(11)
    series = rng.standard_normal((500, 2)) @ np.array([[1, 0.6], [0, 0.8]])
    series -= series.mean(axis=0)
    r = np.corrcoef(series.T)[0, 1]
    assert first_component(series, ["A", "A"])["A"] == pytest.approx((1 + abs(r)) / 2)


@pytest.mark.parametrize("both", [False, True])
def test_a_seed_that_another_seed_repeats_has_no_partial_correlation(both):
    rng = np.random.default_rng(10)
    seeds = rng.standard_normal((40, 2))
    found = given_others(
        np.column_stack([seeds, seeds[:, 1]]), rng.standard_normal((40, 5)).astype(np.float32), both=both
    )
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1:]).all()
