"""Scales, intervals and packed maps of the pages."""

from __future__ import annotations

import base64
import gzip
import io

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from scipy import stats

from bids_app.report import viewer
from bids_app.report.drawing import charts, glass_brain
from bids_app.report.drawing.template import template
from bids_app.vocabulary.grid import Grid

GRID = Grid((40, 48, 40), np.array([[4.0, 0, 0, -80], [0, 4, 0, -112], [0, 0, 4, -60], [0, 0, 0, 1]]))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.037, 0.012), (1234, 98765), (5.5, 5.6)])
def test_ticks_are_few_round_and_inside(low, high):
    scale = charts.Scale(low, high, 100, 0)
    values = [float(text.replace("\u2212", "-")) for _, text in scale.ticks]
    assert 2 <= len(values) <= 6
    assert all(low <= value <= high for value in values)
    assert [float(pixel) for pixel, _ in scale.ticks] == pytest.approx(scale(values), abs=0.06)


def test_the_mean_has_the_limits_of_the_t_distribution():
    values = [1.0, 2, 4, 8, np.nan]
    known = values[:4]
    expected = stats.t.interval(0.95, 3, np.mean(known), stats.sem(known))
    assert charts.mean_and_limits(values) == pytest.approx((3.75, *expected))
    assert charts.mean_and_limits([2.0]) == (2.0, 2.0, 2.0)


def test_a_histogram_counts_everything_inside_it():
    across = charts.Scale(0, 10, 0, 100)
    bars = charts.histogram([0.1, 0.2, 9.9], across, 90, bins=10)
    assert [float(bar["height"]) for bar in bars] == pytest.approx([90] + [0] * 8 + [45])


def _unpacked(text):
    raw = base64.b64decode(text)
    return nib.Nifti1Image.from_bytes(__import__("gzip").decompress(raw))


def test_a_packed_map_keeps_values_within_half_a_step_and_hides_the_rest():
    rng = np.random.default_rng(1)
    values = rng.standard_normal(GRID.shape) * 3
    where = np.abs(values) > 2
    image = _unpacked(viewer.overlay(values, GRID, where))
    found = image.get_fdata()
    assert np.abs(found - np.where(where, values, 0)).max() <= np.abs(values).max() / viewer.STEPS / 2 + 1e-6
    assert np.array_equal(found != 0, where)
    assert image.affine == pytest.approx(GRID.affine)


def test_a_view_opens_at_the_peak_of_what_survives():
    values = np.zeros(GRID.shape)
    values[10, 10, 10], values[20, 30, 20] = 9.0, 5.0
    survives = np.zeros(GRID.shape, dtype=bool)
    survives[20, 30, 20] = True
    view = viewer.view(values, GRID, (2.0, 8.0), {"id": "a", "title": "", "unit": "t", "note": ""}, survives)
    assert view.peak == [0, 8, 20]
    assert np.count_nonzero(_unpacked(view.corrected).get_fdata()) == 1
    assert np.count_nonzero(_unpacked(view.data).get_fdata()) == 2


def test_the_program_of_the_viewer_is_there_with_its_licence():
    """It comes with nilearn; if a release of nilearn moves it, this says so."""
    found = viewer.program()
    assert found["version"]
    assert "Copyright (c) 2021, Niivue" in found["licence"]
    assert f'version:"{found["version"]}"' in gzip.decompress(base64.b64decode(found["program"])).decode()


def test_the_glass_brain_shows_what_survives_on_the_right_side():
    values = np.zeros(GRID.shape)
    values[30:33, 24:27, 20:23] = 6.0  # x from 40 mm on: the right
    png = glass_brain.glass(values, GRID, (3.0, 6.0), values > 0)
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    bright = np.argwhere((image[..., 0] > 200) & (image[..., 2] < 200))
    front = bright[(bright[:, 1] >= 106) & (bright[:, 1] < 195)]
    assert len(front)
    assert front[:, 1].mean() > 106 + 40


def test_the_template_is_that_of_nilearn():
    from nilearn.datasets import load_mni152_template

    values, grid = template()
    image = load_mni152_template(resolution=2)
    assert values.shape == image.shape
    assert grid.affine == pytest.approx(image.affine)
    assert np.corrcoef(values.ravel(), np.asarray(image.dataobj).ravel())[0, 1] > 0.9999
