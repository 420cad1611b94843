"""Names, labels and lattices."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import bids_app
from bids_app.vocabulary.entities import join, parse
from bids_app.vocabulary.grid import Grid


@pytest.mark.slow
def test_examples_in_docstrings_hold():
    names = [m.name for m in pkgutil.walk_packages(bids_app.__path__, "bids_app.") if not m.name.endswith("__main__")]
    found = {name: doctest.testmod(importlib.import_module(name)) for name in names}
    assert sum(one.attempted for one in found.values()) > 50
    assert [name for name, one in found.items() if one.failed] == []


@pytest.mark.parametrize(
    "name",
    [
        "sub-01_ses-pre_task-rest_run-01_space-MNI152NLin2009cAsym_res-2_seed-PCC_stat-r_statmap.nii.gz",
        "sub-01_task-rest_space-MNI152NLin2009cAsym_seg-seeds_res-2_stat-mean_timeseries.tsv",
        "task-rest_space-MNI152NLin2009cAsym_res-2_seed-PCC_contrast-shamChange_stat-t_statmap.nii.gz",
        "sub-01_ses-pre_task-rest_desc-denoised_outliers.tsv",
    ],
)
def test_names_of_the_decisions_go_round(name):
    assert join(*parse(name)) == name


def test_unknown_entities_are_kept_before_the_space():
    name = "sub-01_task-rest_hash-1a2b_space-T1w_desc-preproc_bold.nii.gz"
    assert join(*parse(name)) == name


def test_lattices_match_within_a_hundredth_of_a_millimetre():
    affine = np.diag([2.0, 2, 2, 1])
    grid = Grid((10, 10, 10), affine)
    near, far = affine.copy(), affine.copy()
    near[0, 3], far[0, 0] = 0.009, 2.01
    assert grid.matches(Grid((10, 10, 10), near))
    assert not grid.matches(Grid((10, 10, 10), far))
    assert grid.displacement(far) == pytest.approx(0.09)
    assert not grid.matches(Grid((10, 10, 11), affine))
