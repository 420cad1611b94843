"""Dual regression on the reference values that were computed outside (M12), and against plain least squares."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from bids_app.dataset.atlases import network_templates as templates
from bids_app.derivatives.files import write_table
from bids_app.errors import UsageError, WrongDataError
from bids_app.signals import dual_regression as dr
from bids_app.vocabulary.grid import Grid

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
    assert found.t == pytest.approx(beta / error, rel=1e-9)


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
