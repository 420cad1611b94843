"""Homotopic connectivity and centrality, on the reference values that were computed outside (M10, M11, M20)."""

from __future__ import annotations

from itertools import pairwise

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bids_app.measures import centrality
from bids_app.measures import homotopy as homotopy_measure
from bids_app.signals import connectome, homotopy
from bids_app.statistics.degrees import degrees
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.signals import Signals

MOTION = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
PCC, PARIETAL, OCCIPITAL, INSULA = (0, -52, 26), (-46, -66, 32), (4, -88, 2), (38, 4, 2)


class Real:
    """Residuals of a real run after constant, linear trend and motion: unit columns on its voxels."""

    def __init__(self, folder):
        image = nib.load(next(folder.glob("*_desc-preproc_bold.nii.gz")))
        self.mask = np.asarray(nib.load(next(folder.glob("*_desc-brain_mask.nii.gz"))).dataobj) > 0
        self.grid = Grid(self.mask.shape, np.asarray(image.affine))
        table = pd.read_csv(next(folder.glob("*_timeseries.tsv")), sep="\t", na_values="n/a")
        model = np.column_stack([np.ones(len(table)), np.arange(len(table)), table[MOTION].to_numpy()])
        series = np.asarray(image.dataobj, dtype=np.float64)[self.mask].T
        self.series = series - model @ np.linalg.lstsq(model, series, rcond=None)[0]
        self.unit = connectome.unit_columns(self.series.astype(np.float32))
        self.places = np.argwhere(self.mask) @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3]

    def at(self, values, place):
        return float(values[np.argmin(((self.places - place) ** 2).sum(axis=1))])


@pytest.fixture(scope="module")
def real(real_data):
    return Real(real_data / "fmriprep_tree" / "sub-forrest02" / "func")


@pytest.mark.real
def test_homotopic_connectivity_of_real_voxels(real):
    mirror = homotopy.partners(real.mask, real.grid)
    r = homotopy.correlations(real.series.astype(np.float32), mirror.partner)
    assert (np.isfinite(r).sum(), mirror.own) == (23_552, 879)
    assert (mirror.partner < 0).sum() - mirror.own == 1_437
    assert mirror.left.sum() * 2 == 23_552
    assert mirror.shift == pytest.approx(1.0, abs=0.01)
    for place, value in ((PARIETAL, 0.1129357820), ((46, -66, 32), 0.0950572438), (OCCIPITAL, -0.5253918),
                         (INSULA, 0.3550547), ((-38, 4, 2), 0.3574052), ((40, -20, 54), 0.2720178),
                         ((-40, -20, 54), 0.2720178)):  # fmt: skip
        assert real.at(r, place) == pytest.approx(value, abs=2e-6)
    bins = [(mirror.apart > low) & (mirror.apart <= high) for low, high in pairwise([0, 9, 25, 50, 200])]
    means = [np.nanmean(r[inside], dtype=float) for inside in bins]
    assert means == pytest.approx([0.26179, 0.25577, 0.20887, 0.17822], abs=2e-5)


@pytest.mark.real
def test_mean_correlations_of_real_voxels(real):
    r, square = connectome.mean_correlation(real.unit), connectome.mean_square_correlation(real.unit)
    assert r.mean() == pytest.approx(0.0181659505, abs=1e-8)
    assert real.at(r, PCC) == pytest.approx(0.0362300002, abs=1e-7)
    assert real.at(r, PARIETAL) == pytest.approx(0.0673412552, abs=1e-7)
    assert square.mean() == pytest.approx(0.0161685553, abs=1e-8)
    assert real.at(square, PCC) == pytest.approx(0.0170776583, abs=1e-7)
    x = connectome.eigenvector(real.unit)
    assert [real.at(x, place) for place in (PCC, PARIETAL, OCCIPITAL)] == pytest.approx(
        [1.01800609, 1.04921673, 0.96980374], abs=1e-6
    )
    assert np.corrcoef(x, r)[0, 1] == pytest.approx(0.99993428, abs=1e-7)


@pytest.mark.real
def test_degrees_of_real_voxels(real):
    """Single precision moves a handful of the 334 million correlations over the threshold."""
    found = degrees(real.unit, 0.25, real.places, 75.0, threads=2)
    assert found.count.mean() == pytest.approx(883.80640, abs=2e-3)
    assert found.weight.mean() == pytest.approx(289.92272, abs=2e-3)
    assert found.count.sum() / (len(found.count) * (len(found.count) - 1)) == pytest.approx(0.03416733, abs=1e-7)
    for place, count in ((PCC, 1330), (PARIETAL, 1885), (OCCIPITAL, 801), (INSULA, 1239)):
        assert real.at(found.count, place) == pytest.approx(count, abs=1)
    assert real.at(found.weight, PCC) == pytest.approx(413.15535, abs=0.3)
    assert real.at(found.weight, PARIETAL) == pytest.approx(615.76138, abs=0.3)
    assert [real.at(found.far, place) for place in (PCC, PARIETAL)] == pytest.approx([268, 829], abs=1)
    z = (found.count - found.count.mean()) / found.count.std()
    assert real.at(z, PCC) == pytest.approx(0.63581, abs=2e-3)


def drawn(voxels=2500, rows=12, seed=0):
    unit = connectome.unit_columns(np.random.default_rng(seed).standard_normal((rows, voxels)).astype(np.float32))
    return unit, np.random.default_rng(seed + 1).uniform(-60, 60, (voxels, 3))


def test_everything_equals_the_whole_matrix():
    unit, places = drawn(voxels=1100)
    r = unit.astype(float).T @ unit.astype(float)
    np.fill_diagonal(r, 0)
    others = len(r) - 1
    assert connectome.mean_correlation(unit) == pytest.approx(r.sum(axis=0) / others, abs=1e-7)
    assert connectome.mean_square_correlation(unit) == pytest.approx((r**2).sum(axis=0) / others, abs=1e-7)
    found = degrees(unit, 0.25, places, 40.0)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert np.abs(found.count - (r > 0.25).sum(axis=0)).max() <= 1
    assert found.weight == pytest.approx((r * (r > 0.25)).sum(axis=0), abs=0.3)
    assert np.abs(found.far - ((r > 0.25) & (apart > 40)).sum(axis=0)).max() <= 1
    np.fill_diagonal(r, 1)
    vectors = np.linalg.eigh(r + 1)[1]
    leading = vectors[:, -1] * np.sign(vectors[:, -1].sum()) * np.sqrt(len(r))
    assert connectome.eigenvector(unit) == pytest.approx(leading, abs=1e-5)


def test_threads_change_no_bit():
    unit, places = drawn()
    one, two = (degrees(unit, 0.3, places, 50.0, threads=n) for n in (1, 2))
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in ("count", "weight", "far"))


@pytest.mark.parametrize(("d", "share"), [(40, 0.0574639), (60, 0.0259993), (100, 0.0058450), (150, 0.0009813)])
def test_noise_has_the_degree_that_its_degrees_of_freedom_give(d, share):
    """M20: two random directions; fewer degrees of freedom make hubs everywhere."""
    closed = stats.t.sf(0.25 * np.sqrt((d - 1) / (1 - 0.25**2)), d - 1)
    assert closed == pytest.approx(share, abs=1e-7)
    unit, places = drawn(voxels=3000, rows=d)
    count = degrees(unit, 0.25, places).count
    assert count.mean() / (len(count) - 1) == pytest.approx(share, rel=0.05)


def test_a_voxel_in_the_middle_is_its_own_mirror_and_has_no_value():
    mask = np.ones((5, 2, 2), dtype=bool)
    mask[0, 0, 0] = False
    mirror = homotopy.partners(
        mask, Grid(mask.shape, np.array([[4.0, 0, 0, -8], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]]))
    )
    assert mirror.own == 4
    assert (mirror.partner < 0).sum() == 4 + 1
    assert mirror.left.sum() == 7
    has = np.flatnonzero(mirror.partner >= 0)
    assert np.array_equal(mirror.partner[mirror.partner[has]], has)
    series = np.random.default_rng(0).standard_normal((30, int(mask.sum()))).astype(np.float32)
    series -= series.mean(axis=0)
    r = homotopy.correlations(series, mirror.partner)
    assert r[has] == pytest.approx(
        [np.corrcoef(series[:, v], series[:, mirror.partner[v]])[0, 1] for v in has], abs=1e-6
    )
    assert np.array_equal(r[has], r[mirror.partner[has]])


def signals(frames=60, seed=2, fwhm=0.0):
    rng = np.random.default_rng(seed)
    mask = np.ones((6, 4, 4), dtype=bool)
    affine = np.diag([4.0, 4, 4, 1])
    affine[0, 3] = -10
    series = rng.standard_normal((frames, 96))
    series -= series.mean(axis=0)
    basis = np.linalg.svd(np.eye(frames) - 1 / frames)[0][:, : frames - 1]
    return Signals(
        basis=basis, coordinates=(basis.T @ series).astype(np.float32), kept=np.ones(frames, dtype=bool),
        grid=Grid(mask.shape, affine), mask=mask, mean=np.full(96, 500, np.float32), deviation=np.ones(96, np.float32),
        repetition_time=2.0, fwhm=fwhm,
    )  # fmt: skip


def named(features):
    return {(f.label, f.output.name): f for f in features}


def test_fisher_z_goes_to_the_group_for_one_hemisphere():
    found = named(homotopy_measure.measure(signals(), (), homotopy_measure.Options()))
    r, z = found["vmhc", "r"].value, found["vmhc", "fisherz"].value
    left = np.argwhere(signals().mask)[:, 0] < 3
    assert np.array_equal(np.isfinite(z), left)
    assert z[left] == pytest.approx(np.arctanh(r[left]), abs=1e-6)
    assert np.isfinite(r).all()


def test_runs_are_combined_as_fisher_z_by_their_degrees_of_freedom():
    runs = [list(homotopy_measure.measure(signals(seed=n), (), homotopy_measure.Options())) for n in (1, 2)]
    both = named(homotopy_measure.combine(runs, [20, 50], homotopy_measure.Options()))
    one, two = (named(run)["vmhc", "r"].value.astype(float) for run in runs)
    expected = (18 * np.arctanh(one) + 48 * np.arctanh(two)) / 66
    z = both["vmhc", "fisherz"].value
    assert np.nanmax(np.abs(z - expected)[np.isfinite(z)]) < 1e-6
    assert both["vmhc", "r"].value == pytest.approx(np.tanh(expected), abs=1e-6)


def test_centrality_writes_what_options_ask_for():
    given = signals()
    r = np.corrcoef((given.basis @ given.coordinates).T)
    np.fill_diagonal(r, 0)
    found = named(centrality.measure(given, (), centrality.Options(threshold=0.1, long_range=10.0)))
    assert {label for label, _ in found} == {"meanr", "meanr2", "degree", "strength", "degreeLong"}
    assert found["degree", "raw"].value == pytest.approx((r > 0.1).sum(axis=0), abs=1)
    assert found["degree", "raw"].metadata["Density"] == pytest.approx((r > 0.1).sum() / (96 * 95), abs=1e-3)
    z = found["meanr", "zscore"].value
    plain = r.mean(axis=0)
    assert z == pytest.approx((plain - plain.mean()) / plain.std(ddof=1), abs=1e-4)
    fewer = centrality.Options(threshold=0.0, eigenvector=True)
    assert {label for label, _ in named(centrality.measure(given, (), fewer))} == {"meanr", "meanr2", "eigenvector"}


def test_a_distance_that_is_the_limit_is_no_longer_than_it():
    """On a lattice of 3 mm many voxels are exactly 75 mm apart."""
    places = np.argwhere(np.ones((30, 6, 6), dtype=bool)) * 3.0
    unit = connectome.unit_columns(np.ones((4, len(places)), dtype=np.float32))
    far = degrees(unit, 0.25, places, 75.0).far
    squares = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    assert (squares == 75**2).sum() > 100
    assert np.array_equal(far, (squares > 75**2).sum(axis=1))


def test_a_voxel_without_variance_has_no_value_and_is_nobody_elses():
    given = signals()
    given.coordinates[:, 7] = 0
    found = named(centrality.measure(given, (), centrality.Options(threshold=0.1)))
    others = np.delete(np.arange(96), 7)
    alone = np.corrcoef((given.basis @ given.coordinates[:, others]).T)
    np.fill_diagonal(alone, 0)
    assert np.isnan([f.value[7] for f in found.values()]).all()
    assert found["meanr", "raw"].value[others] == pytest.approx(alone.sum(axis=0) / 94, abs=1e-6)
    assert found["meanr2", "raw"].value[others] == pytest.approx((alone**2).sum(axis=0) / 94, abs=1e-6)
