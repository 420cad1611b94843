"""Means of clusters in each person, against plain averages and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from bids_app.dataset.atlases import coordinates
from bids_app.errors import MissingInputError
from bids_app.statistics.clusters.cluster_values import effects, means
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation


def test_means_are_plain_averages_of_each_cluster():
    rng = np.random.default_rng(1)
    maps = rng.standard_normal((7, 30)).astype(np.float32)
    labels = rng.integers(0, 4, 30).astype(np.int32)
    found = means(maps, labels, [3, 1])
    for i, number in enumerate((3, 1)):
        expected = [np.mean([maps[n, v] for v in range(30) if labels[v] == number]) for n in range(7)]
        assert found[:, i] == pytest.approx(expected, abs=1e-6)


def test_effects_have_the_limits_of_statsmodels_with_a_baseline():
    rng = np.random.default_rng(2)
    arm = np.repeat([1.0, 0.0], 11)
    age = rng.standard_normal(22)
    before = rng.standard_normal((22, 3)).astype(np.float32)
    after = (0.6 * before + 0.8 * arm[:, None] + rng.standard_normal((22, 3))).astype(np.float32)
    nuisance = np.column_stack([np.ones(22), age])
    model = linear_model.fit(after, arm[:, None], nuisance, before)
    found = effects(model, Rerandomisation(arm, np.zeros(22, dtype=int), 0, 40))
    for i in range(3):
        fit = sm.OLS(after[:, i].astype(float), np.column_stack([arm, nuisance, before[:, i]])).fit()
        assert found[:, i] == pytest.approx([fit.params[0], *fit.conf_int()[0]], abs=1e-5)


def test_several_columns_have_no_signed_effect():
    rng = np.random.default_rng(3)
    tested = rng.standard_normal((12, 2))
    model = linear_model.fit(rng.standard_normal((12, 4)).astype(np.float32), tested, np.ones((12, 1)))
    found = effects(model, Rerandomisation(np.repeat([0.0, 1], 6), np.zeros(12, dtype=int), 0, 20))
    assert np.isnan(found).all()


def test_places_are_named_by_the_nearest_centre_with_its_distance():
    # Dosenbach 2010 has region 57, thalamus, at -12, -12, 6 and region 7, vmPFC, at 9, 51, 16.
    assert coordinates.nearest(-12, -12, 9) == "thalamusL, 3 mm"
    assert coordinates.nearest(0, 0, 120) == ""
    assert coordinates.nearest(38, 21, -1).startswith("antInsulaR")
    assert len(coordinates.named()) > 160


def test_an_atlas_names_places_by_its_labels(tmp_path):
    import nibabel as nib

    labels = np.zeros((4, 4, 4), dtype=np.int16)
    labels[1, 2, 3], labels[0, 0, 1], labels[0, 1, 1] = 7, 8, 8
    nib.Nifti1Image(labels, np.diag([2.0, 2, 2, 1])).to_filename(tmp_path / "small.nii.gz")
    (tmp_path / "small.tsv").write_text("index\tname\n7\tinsula\n8\tputamen\n")
    name = coordinates.namer(str(tmp_path / "small.nii.gz"), "MNI152NLin2009cAsym")
    assert name(np.array([[2.4, 4, 6]])) == "insula 100 %"
    assert name(np.array([[0.0, 0, 0]])) == ""
    assert name(np.array([[500.0, 0, 0]])) == ""
    cluster = np.array([[2.0, 4, 6], [0, 0, 2], [0, 2, 2], [0, 0, 0], [500, 0, 0]])
    assert name(cluster) == "putamen 40 %, insula 20 %"  # two voxels in five are in no label
    with pytest.raises(MissingInputError):
        coordinates.namer(str(tmp_path / "absent.nii.gz"), "MNI152NLin2009cAsym")
