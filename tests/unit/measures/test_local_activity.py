"""Bands of ALFF and fluctuation in percent, on the reference values that were computed outside (M8 of the design)."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from bids_app.errors import NotMeasurableError
from bids_app.measures import alff, peraf
from bids_app.signals.fluctuation import mean_deviation
from bids_app.signals.projection import drift, nested_basis, stop_band
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.signals import Signals

BANDS = ("slow-5", "slow-4", "slow-3", "slow-2")
BINS = {"": (7, 41), "Slow5": (7, 14), "Slow4": (15, 38), "Slow3": (39, 102), "Slow2": (103, 129)}
"""First and last bin of a series of 156 frames of 2 s, counted from 1 with the constant first."""

MEAN = {"": 0.677797, "Slow5": 0.728853, "Slow4": 0.666916, "Slow3": 0.604525, "Slow2": 0.548076}
POSTERIOR = {"": 0.927413, "Slow5": 1.047603, "Slow4": 0.956015, "Slow3": 0.896857, "Slow2": 1.156320}
OCCIPITAL = {"": 1.801553, "Slow5": 2.913161, "Slow4": 1.490828}
"""ALFF over its mean in the mask at (0, -52, 26) and (4, -88, 2)."""


def signals_of(series, mask, grid, step=2.0, drift=1):
    """Return signals whose polynomial of an order is out and nothing else, (frames, voxels) series."""
    frames = len(series)
    out = np.linalg.qr(np.vander(np.linspace(-1, 1, frames), drift + 1))[0]
    basis = np.linalg.svd(np.eye(frames) - out @ out.T)[0][:, : frames - drift - 1]
    return Signals(
        basis=basis, coordinates=(basis.T @ series).astype(np.float32), kept=np.ones(frames, dtype=bool), grid=grid,
        mask=mask, mean=series.mean(axis=0).astype(np.float32), deviation=series.std(axis=0).astype(np.float32),
        repetition_time=step,
    )  # fmt: skip


@pytest.fixture(scope="module")
def forrest_series(real_data):
    folder = real_data / "fmriprep_tree" / "sub-forrest02" / "func"
    image = nib.load(next(folder.glob("*_desc-preproc_bold.nii.gz")))
    mask = np.asarray(nib.load(next(folder.glob("*_desc-brain_mask.nii.gz"))).dataobj) > 0
    return np.asarray(image.dataobj, dtype=np.float64)[mask].T, mask, Grid(mask.shape, np.asarray(image.affine))


@pytest.fixture(scope="module")
def forrest(forrest_series):
    return signals_of(*forrest_series)


def at(signals, values, place):
    """Return the value of the voxel at a place in mm."""
    index = np.rint(np.linalg.inv(signals.grid.affine) @ [*place, 1])[:3].astype(int)
    whole = np.full(signals.mask.shape, np.nan)
    whole[signals.mask] = values
    return float(whole[tuple(index)])


@pytest.mark.real
def test_bands_of_real_voxels_are_those_that_were_computed_outside(forrest):
    options = alff.Options(bands=BANDS, estimator="fourier")
    found = {(f.label, f.output.name): f for f in alff.measure(forrest, (), options)}
    assert set(alff.labels_of(alff.GROUP, options)) == {label for label, _ in found}
    for name, (first, last) in BINS.items():
        raw = found[f"alff{name}", "raw"]
        assert raw.metadata["Band"]["Frequencies"] == last - first + 1
        assert raw.value.mean(dtype=float) == pytest.approx(MEAN[name], abs=2e-6)
        ratio = found[f"alff{name}", "ratio"].value
        assert at(forrest, ratio, (0, -52, 26)) == pytest.approx(POSTERIOR[name], abs=5e-6)
        if name in OCCIPITAL:
            assert at(forrest, ratio, (4, -88, 2)) == pytest.approx(OCCIPITAL[name], abs=5e-6)


def small(frames=120, step=2.0):
    rng = np.random.default_rng(3)
    mask = np.ones((3, 3, 3), dtype=bool)
    return signals_of(500 + rng.standard_normal((frames, 27)), mask, Grid(mask.shape, np.diag([4.0, 4, 4, 1])), step)


def test_the_band_of_the_options_stays_as_it_is_beside_others():
    alone = {f.output.name + f.label: f.value for f in alff.measure(small(), (), alff.Options())}
    beside = {f.output.name + f.label: f.value for f in alff.measure(small(), (), alff.Options(bands=BANDS))}
    assert all(np.array_equal(values, beside[name]) for name, values in alone.items())


def test_a_band_above_the_highest_frequency_is_left_out_with_the_reason():
    given, options = small(step=3.0), alff.Options(bands=("slow-4", "slow-2"))
    assert {f.label for f in alff.measure(given, (), options)} == {"alff", "falff", "alffSlow4", "falffSlow4"}
    (slow3,) = {
        f.metadata["Band"]["High"]
        for f in alff.measure(given, (), alff.Options(bands=("slow-3",)))
        if f.label == "alffSlow3"
    }
    assert slow3 == pytest.approx(1 / 6)
    assert alff.refusals(given, (), options) == {
        "meas alffSlow2": "no frequency of this run lies between 0.198 and 0.25 Hz"
    }
    with pytest.raises(NotMeasurableError, match="no frequency lies between"):
        list(alff.measure(given, (), alff.Options(low=0.3, high=0.4)))


def test_bands_have_names_or_edges():
    found = alff.bands_of(alff.Options(bands=("slow-4", "0.05-0.1", "0.0125-0.02")))
    assert found == {"": (0.01, 0.08), "Slow4": (0.027, 0.073), "50To100mHz": (0.05, 0.1),
                     "12p5To20mHz": (0.0125, 0.02)}  # fmt: skip
    for words in (("slow-6",), ("0.1-0.05",), ("slow-4", "slow-4"), ("0.01-0.08",), ("0.01-0.027", "slow-5")):
        with pytest.raises(ValueError, match="band"):
            alff.Options(bands=words)


PERAF = {(0, -52, 26): 0.896445, (0, 52, -2): 0.859215, (-46, -66, 32): 0.794480, (4, -88, 2): 1.356345,
         (38, 4, 2): 1.019343}  # fmt: skip
"""PerAF of the uncleaned series; its mean is 1.2159265, its median 0.9490123."""


@pytest.mark.real
def test_fluctuation_of_real_voxels_is_that_which_was_computed_outside(forrest_series):
    series, mask, grid = forrest_series
    signals = signals_of(series, mask, grid, drift=0)
    found = {f.output.name: f.value for f in peraf.measure(signals, (), peraf.Options())}
    bright = np.isfinite(found["raw"])
    assert bright.mean() > 0.99
    whole = mean_deviation(signals.basis, 100 * signals.coordinates / signals.mean)
    assert whole.mean(dtype=float) == pytest.approx(1.2159265, abs=2e-5)
    assert np.median(whole) == pytest.approx(0.9490123, abs=2e-5)
    for place, value in PERAF.items():
        assert at(signals, found["raw"], place) == pytest.approx(value, abs=5e-6)
    assert np.nanmean(found["ratio"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.real
def test_fluctuation_within_a_band_is_that_of_the_band_alone(forrest_series):
    """Detrended, then all outside of .01 to .08 Hz set to zero in the spectrum: series are rebuilt plainly here."""
    series, mask, grid = forrest_series
    frames = len(series)
    design = np.column_stack([np.ones(frames), np.arange(frames)])
    series, mean = series - design @ np.linalg.lstsq(design, series, rcond=None)[0], series.mean(axis=0)
    frequencies, spectrum = np.fft.rfftfreq(frames, 2.0), np.fft.rfft(series, axis=0)
    spectrum[(frequencies < 0.01) | (frequencies > 0.08)] = 0
    signals = signals_of(np.fft.irfft(spectrum, frames, axis=0) + mean, mask, grid, drift=0)
    whole = mean_deviation(signals.basis, 100 * signals.coordinates / signals.mean)
    assert whole.mean(dtype=float) == pytest.approx(0.6185448, abs=2e-5)
    assert at(signals, whole, (0, -52, 26)) == pytest.approx(0.468618, abs=5e-6)
    assert at(signals, whole, (4, -88, 2)) == pytest.approx(1.149772, abs=5e-6)


def test_a_sine_of_one_percent_fluctuates_by_two_over_pi():
    """The mean of |sin| is 2 / pi."""
    frames, mask = 400, np.ones((2, 2, 2), dtype=bool)
    wave = np.sin(2 * np.pi * 8 * (np.arange(frames) + 0.5) / frames)
    series = np.outer(wave, np.arange(1.0, 9.0)) + 100 * np.arange(1.0, 9.0)
    signals = signals_of(series, mask, Grid(mask.shape, np.eye(4)), drift=0)
    raw = next(f.value for f in peraf.measure(signals, (), peraf.Options()) if f.output.name == "raw")
    assert raw == pytest.approx(2 / np.pi, rel=1e-3)


def test_series_without_a_mean_have_no_percent_of_it():
    signals = replace(small(), mean=np.zeros(27, dtype=np.float32))
    with pytest.raises(NotMeasurableError, match="no positive mean"):
        list(peraf.measure(signals, (), peraf.Options()))


def censored(share, confounds=26):
    """Return signals of one and the same fluctuation, 1 % of the mean, in which so many frames are censored."""
    rng = np.random.default_rng(5)
    frames, frequencies = 300, np.fft.rfftfreq(300, 2.0)
    spectrum = np.fft.rfft(rng.standard_normal((frames, 400)), axis=0)
    spectrum[(frequencies < 0.01) | (frequencies > 0.08)] = 0
    wave = np.fft.irfft(spectrum, frames, axis=0)
    series = 1000 + 10 * wave / wave.std(axis=0)
    kept = np.ones(frames, dtype=bool)
    kept[rng.choice(frames, round(share * frames), replace=False)] = False
    nuisance = np.column_stack([drift(frames, 1)[:, 1:], rng.standard_normal((frames, confounds))])
    parts = [drift(frames, 1)[:, :1], nuisance, stop_band(frames, 2.0, 0.008, 0.1)]
    basis, ranks = nested_basis(parts, kept)
    mask = np.ones((400, 1, 1), dtype=bool)
    return Signals(
        basis=basis, coordinates=(basis.T @ series[kept]).astype(np.float32), kept=kept, mask=mask,
        grid=Grid(mask.shape, np.diag([4.0, 4, 4, 1])), mean=series[kept].mean(axis=0).astype(np.float32),
        deviation=series[kept].std(axis=0).astype(np.float32), repetition_time=2.0, gaps_possible=True,
        rows=dict(zip(("filtered", "unfiltered", "raw"), map(slice, ranks), strict=True)),
    )  # fmt: skip


def test_fluctuation_does_not_fall_with_the_frames_that_are_censored():
    """In a band that a filter leaves of the kept frames it would: by a quarter."""
    values = {}
    for share in (0.0, 0.1, 0.19):
        given = censored(share)
        raw = next(iter(peraf.measure(given.cleaned(peraf.CLEANING), (), peraf.Options()))).value
        within = given.cleaned("filtered")
        values[share] = raw.mean(), mean_deviation(within.basis, 100 * within.coordinates / within.mean).mean()
    assert values[0.19][0] == pytest.approx(values[0.0][0], rel=0.02)
    assert values[0.1][0] == pytest.approx(values[0.0][0], rel=0.02)
    assert values[0.19][1] < 0.75 * values[0.0][1]
    with pytest.raises(NotMeasurableError, match="25% of the frames are censored"):
        next(iter(peraf.measure(censored(0.25).cleaned(peraf.CLEANING), (), peraf.Options())))
