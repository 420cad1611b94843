"""Dual regression on the reference values that were computed outside (M12), and against plain least squares."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from bids_app.dataset.atlases import network_templates as templates
from bids_app.derivatives.files import write_table
from bids_app.errors import UsageError, WrongDataError
from bids_app.measures import network_maps
from bids_app.signals import dual_regression as dr
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.signals import Region, Signals

MAPS = np.array([[1, 0], [0.8, 0.1], [0.2, 0.9], [0, 1], [0.5, 0.5]])
COURSES = np.array([[1, 0], [0, 1], [1, 1], [2, -1], [-1, 0.5], [0, -1]])
NOISE = np.array([[0.1, -0.1, 0, 0.05, 0], [0, 0.1, -0.05, 0, 0.1], [-0.1, 0, 0.1, 0, 0], [0, 0, 0, 0.1, -0.1],
                  [0.05, 0, 0, -0.1, 0.1], [0, -0.1, 0, 0, 0.05]])  # fmt: skip


def in_basis(series):
    """Return a basis orthogonal to the constant, and the coordinates of series, (frames, voxels), in it."""
    frames = len(series)
    basis = np.linalg.svd(np.eye(frames) - 1 / frames)[0][:, : frames - 1]
    return basis, (basis.T @ series).astype(np.float64)


def test_courses_and_maps_are_those_that_were_computed_outside():
    basis, coordinates = in_basis(COURSES @ MAPS.T + NOISE)
    courses = basis @ dr.courses_of(coordinates, MAPS)
    assert courses[0] == pytest.approx([1.075, 0.4416667], abs=1e-6)
    assert courses[-1] == pytest.approx([-0.125, -0.7083333], abs=1e-6)
    found = dr.dual_regression(coordinates, coordinates, MAPS, frames=6)
    assert found.effect[0] == pytest.approx([0.7377884, 0.5232439, -0.0400722, -0.2010717, 0.1941637], abs=1e-6)
    assert found.effect[1] == pytest.approx([-0.2610797, -0.1477519, 0.5456134, 0.6056271, 0.2117118], abs=1e-6)


def test_everything_equals_plain_least_squares_on_the_series():
    """Both regressions as they are written, on series; standard errors by the textbook."""
    rng = np.random.default_rng(0)
    maps = np.abs(rng.standard_normal((60, 3)))
    series = rng.standard_normal((80, 3)) @ maps.T + rng.standard_normal((80, 60))
    series -= series.mean(axis=0)
    _, coordinates = in_basis(series)
    found = dr.dual_regression(coordinates, coordinates, maps, frames=80)
    space = np.column_stack([np.ones(60), maps])
    courses = np.linalg.lstsq(space, series.T, rcond=None)[0][1:].T
    courses = (courses - courses.mean(axis=0)) / courses.std(axis=0)
    beta, residual, *_ = np.linalg.lstsq(courses, series, rcond=None)
    df = 80 - 1 - 3
    error = np.sqrt(np.outer(np.diag(np.linalg.inv(courses.T @ courses)), residual / df))
    assert found.df == df
    assert found.effect == pytest.approx(beta, abs=1e-9)
    assert found.variance == pytest.approx(error**2, rel=1e-9)


def test_maps_that_are_alike_have_a_large_condition_number():
    rng = np.random.default_rng(1)
    maps = rng.standard_normal((500, 2))
    alike = np.column_stack([maps[:, 0], maps[:, 0] + 0.1 * maps[:, 1]])
    assert dr.condition(maps) < 1.5
    assert dr.condition(alike) > 100
    assert dr.condition(maps[:, :1]) == 1


def test_files_of_template_maps_are_checked_before_any_work(tmp_path):
    grid = Grid((4, 5, 6), np.diag([4.0, 4, 4, 1]))
    values = np.random.default_rng(0).random((4, 5, 6, 2)).astype(np.float32)
    values[0] = 0
    path = tmp_path / "networks.nii.gz"
    nib.save(nib.Nifti1Image(values, grid.affine), path)
    assert templates.network_names(path) == ["1", "2"]
    usable = np.ones(grid.shape, dtype=bool)
    usable[1] = False
    first, second = templates.network_regions(path, grid, usable)
    assert (len(first.columns), first.expected, second.expected) == (2 * 30, 3 * 30, 3 * 30)
    assert first.coverage == pytest.approx(values[usable][:, 0].sum() / values[..., 0].sum(), rel=1e-6)
    assert first.weights == pytest.approx(values[..., 0][usable][first.columns])
    write_table(tmp_path / "networks.tsv", {"index": [1, 2], "name": ["default mode", "salience"]})
    assert templates.network_names(path) == ["default mode", "salience"]
    write_table(tmp_path / "networks.tsv", {"index": [1], "name": ["default mode"]})
    with pytest.raises(WrongDataError, match="has 1 names"):
        templates.network_names(path)
    write_table(tmp_path / "networks.tsv", {"index": [1, 2], "name": ["a b", "aB"]})
    with pytest.raises(WrongDataError, match="one file name"):
        templates.network_names(path)
    flat = tmp_path / "flat.nii.gz"
    nib.save(nib.Nifti1Image(values[..., 0], grid.affine), flat)
    with pytest.raises(WrongDataError, match="has 3 dimensions; expected four"):
        templates.network_names(flat)
    with pytest.raises(UsageError, match=r"measures.network_maps.maps names no file"):
        templates.template_maps_file("", "MNI152NLin2009cAsym")


def test_maps_on_another_grid_are_interpolated(tmp_path):
    fine = np.zeros((16, 16, 16, 1), dtype=np.float32)
    fine[..., 0] = np.arange(16)[:, None, None]
    path = tmp_path / "networks.nii.gz"
    nib.save(nib.Nifti1Image(fine, np.diag([2.0, 2, 2, 1])), path)
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = 1.0
    (region,) = templates.network_regions(path, Grid((7, 7, 7), affine), np.ones((7, 7, 7), dtype=bool))
    whole = np.zeros(343)
    whole[region.columns] = region.weights
    assert whole.reshape(7, 7, 7)[:, 3, 3] == pytest.approx(2 * np.arange(7) + 0.5, abs=1e-5)


def test_coverage_goes_by_the_values_of_a_map_and_not_by_voxels_that_hold_next_to_nothing(tmp_path):
    """An unthresholded template whose core lies outside of the mask is not covered."""
    values = np.full((8, 8, 8, 1), 0.001, dtype=np.float32)
    values[6:, :, :, 0] = 5
    path = tmp_path / "networks.nii.gz"
    nib.save(nib.Nifti1Image(values, np.diag([3.0, 3, 3, 1])), path)
    usable = np.ones((8, 8, 8), dtype=bool)
    usable[6:] = False
    (region,) = templates.network_regions(path, Grid((8, 8, 8), np.diag([3.0, 3, 3, 1])), usable)
    assert region.coverage == pytest.approx(0.001 * 6 / (0.001 * 6 + 5 * 2), rel=1e-4)


def test_what_a_map_does_not_know_is_zero_before_it_is_interpolated(tmp_path):
    values = np.zeros((10, 10, 10, 1), dtype=np.float32)
    values[2:8, 2:8, 2:5] = 1
    values[2:8, 2:8, 5:8] = 2
    unknown = np.where(values > 0, values, np.nan)
    grid, usable = Grid((9, 9, 9), np.diag([4.5, 4.5, 4.5, 1])), np.ones((9, 9, 9), dtype=bool)
    found = []
    for name, data in (("zero", values), ("nan", unknown)):
        nib.save(nib.Nifti1Image(data.astype(np.float32), np.diag([4.0, 4, 4, 1])), tmp_path / f"{name}.nii.gz")
        found += templates.network_regions(tmp_path / f"{name}.nii.gz", grid, usable)
    assert np.array_equal(found[0].columns, found[1].columns)
    assert found[0].weights == pytest.approx(found[1].weights)


def run(gain=1.0, seed=0):
    """Return signals of 200 voxels in which two networks go up and down, and their template maps as regions."""
    rng = np.random.default_rng(seed)
    maps = np.abs(rng.standard_normal((200, 2)))
    series = gain * (500 + 5 * (rng.standard_normal((80, 2)) @ maps.T + rng.standard_normal((80, 200))))
    mean = series.mean(axis=0)
    basis, coordinates = in_basis(series)
    mask = np.ones((200, 1, 1), dtype=bool)
    signals = Signals(
        basis=basis, coordinates=coordinates.astype(np.float32), kept=np.ones(80, dtype=bool), mask=mask,
        grid=Grid(mask.shape, np.diag([3.0, 3, 3, 1])), mean=mean.astype(np.float32),
        deviation=series.std(axis=0).astype(np.float32), repetition_time=2.0,
    )  # fmt: skip
    names = enumerate(("first", "second"))
    return signals, [
        Region(name=name, columns=np.arange(200), weights=maps[:, i], expected=200, total=float(maps[:, i].sum()))
        for i, name in names
    ]


def maps_of(features):
    return {(f.label, f.output.name): np.asarray(f.value, dtype=float) for f in features if f.output.is_map}


def test_the_gain_of_a_scanner_does_not_count():
    one, other = (maps_of(network_maps.measure(*run(gain), network_maps.Options())) for gain in (1.0, 1.3))
    assert one.keys() == other.keys()
    for key, values in one.items():
        assert other[key] == pytest.approx(values, rel=2e-4, abs=1e-4), key


def test_t_of_a_session_is_that_of_its_runs_together():
    """Two runs of one precision: t is (t1 + t2) / root 2, and degrees of freedom add up."""
    runs = [list(network_maps.measure(*run(seed=seed), network_maps.Options())) for seed in (1, 2)]
    session = list(network_maps.combine(runs, [77, 77], network_maps.Options()))
    both, (one, two) = maps_of(session), map(maps_of, runs)
    key = "netFirst"
    weights = [1 / part[key, "variance"] for part in (one, two)]
    effect = (weights[0] * one[key, "effect"] + weights[1] * two[key, "effect"]) / sum(weights)
    assert both[key, "effect"] == pytest.approx(effect, rel=1e-4)
    assert both[key, "t"] == pytest.approx(effect * np.sqrt(sum(weights)), rel=1e-4)
    assert next(f for f in session if f.output.name == "t").metadata["DegreesOfFreedom"] == 2 * (79 - 2)
