"""Measures on real voxels and real parcel series, against plain loops and against matrices that others published."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from conftest import run_deqi
from nilearn.image import resample_to_img
from scipy import stats

from bids_app.dataset.tables import read_tsv
from bids_app.statistics.matrices import partial, shrunk_covariance

pytestmark = pytest.mark.real

CONFOUNDS = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z", "csf", "white_matter"]
OPEN = ["--set", f"modalities.fmri.confounds={json.dumps(CONFOUNDS)}", "--set", "modalities.fmri.fd_threshold=0",
        "--set", "modalities.fmri.high_pass=0", "--set", "modalities.fmri.low_pass=0"]  # fmt: skip


@pytest.fixture(scope="module")
def forrest(real_data, tmp_path_factory):
    """One real person: ALFF, ReHo and the matrix of a real atlas on another grid than the data."""
    folder = tmp_path_factory.mktemp("forrest")
    source = next((real_data / "atlases" / "schaefer_tian").glob("*100*2009cAsym*.nii*"))
    atlas = folder / f"atlas-schaefertian_dseg.nii{'.gz' if source.name.endswith('.gz') else ''}"
    shutil.copy(source, atlas)
    words = ["--participant-label", "forrest02", "--space", "MNI152NLin2009cAsym", *OPEN]
    words += ["--measures", "alff", "reho", "parcel_correlation"]
    words += ["--set", f"measures.parcel_correlation.atlas={atlas}"]
    ended = run_deqi(real_data / "fmriprep_tree", folder / "out", "participant", *words)
    assert ended.code == 0, ended.err
    return real_data / "fmriprep_tree" / "sub-forrest02" / "func", folder / "out" / "sub-forrest02" / "func", atlas


def cleaned(source) -> tuple[np.ndarray, np.ndarray]:
    """Return series, (frames, voxels), cleaned by plain least squares, and the mask."""
    image = nib.load(next(source.glob("*_desc-preproc_bold.nii.gz")))
    mask = np.asarray(nib.load(next(source.glob("*_desc-brain_mask.nii.gz"))).dataobj) > 0
    table = pd.read_csv(next(source.glob("*_timeseries.tsv")), sep="\t", na_values="n/a")
    model = np.column_stack([np.ones(len(table)), np.arange(len(table)), table[CONFOUNDS].to_numpy()])
    series = np.asarray(image.dataobj, dtype=np.float64)[mask].T
    return series - model @ np.linalg.lstsq(model, series, rcond=None)[0], mask


def test_alff_of_real_voxels_equals_the_transform(forrest):
    source, result, _ = forrest
    series, mask = cleaned(source)
    frames = len(series)
    assert frames == 156
    heights = 2 * np.abs(np.fft.fft(series, 256, axis=0)) / frames
    low, high = int(np.ceil(0.01 * 256 * 2 + 1)), int(0.08 * 256 * 2 + 1)
    ours = np.asarray(nib.load(next(result.glob("*meas-alff_stat-raw_statmap.nii.gz"))).dataobj)
    known = np.isfinite(ours[mask])
    assert known.mean() > 0.95
    assert ours[mask][known] == pytest.approx(heights[low - 1 : high].mean(axis=0)[known], rel=2e-3)
    share = np.asarray(nib.load(next(result.glob("*meas-falff_stat-raw_statmap.nii.gz"))).dataobj)[mask][known]
    expected = heights[low - 1 : high].sum(axis=0) / heights[1:129].sum(axis=0)
    assert share == pytest.approx(expected[known], rel=2e-3)


def test_regional_homogeneity_of_real_voxels_equals_a_plain_loop(forrest):
    source, result, _ = forrest
    series, mask = cleaned(source)
    ours = np.asarray(nib.load(next(result.glob("*meas-reho_stat-raw_statmap.nii.gz"))).dataobj)
    usable = np.isfinite(np.asarray(nib.load(next(result.glob("*stat-mean_statmap.nii.gz"))).dataobj))
    column = np.full(mask.shape, -1)
    column[mask] = np.arange(int(mask.sum()))
    rng = np.random.default_rng(0)
    n = len(series)
    checked = 0
    for voxel in rng.permutation(np.argwhere(usable))[:400]:
        box = tuple(slice(max(v - 1, 0), v + 2) for v in voxel)
        near = column[box][usable[box]]
        if len(near) < 14:
            assert np.isnan(ours[tuple(voxel)])
            continue
        total = stats.rankdata(series[:, near], axis=0).sum(axis=1)
        w = 12 * np.sum((total - total.mean()) ** 2) / (len(near) ** 2 * (n**3 - n))
        assert ours[tuple(voxel)] == pytest.approx(w, abs=2e-5)
        checked += 1
    assert checked > 250


def test_matrix_of_a_real_atlas_equals_one_made_by_hand(forrest):
    source, result, atlas = forrest
    series, mask = cleaned(source)
    image = nib.load(next(source.glob("*_desc-brain_mask.nii.gz")))
    grid = resample_to_img(nib.load(atlas), image, interpolation="nearest", force_resample=True, copy_header=True)
    labels = np.rint(np.asarray(grid.dataobj)).astype(int)[mask]
    table = read_tsv(next(result.glob("*seg-schaefertian*pearsoncorrelation_relmat.tsv")))
    assert len(table["node"]) == 116
    about = json.loads(next(result.glob("*seg-schaefertian*pearsoncorrelation_relmat.json")).read_text())["Regions"]
    ours = np.array([[float("nan" if v == "n/a" else v) for v in table[node]] for node in table["node"]])
    known = ~np.isnan(ours).all(axis=1)
    # Below the field of view there are no voxels: those parcels stay in the table, without a value.
    assert known.sum() >= 90
    usable = np.isfinite(np.asarray(nib.load(next(result.glob("*stat-mean_statmap.nii.gz"))).dataobj))[mask]
    picked = [int(node) for node, k in zip(table["node"], known, strict=True) if k]
    means = np.column_stack([series[:, usable & (labels == number)].mean(axis=1) for number in picked])
    assert ours[np.ix_(known, known)] == pytest.approx(np.corrcoef(means.T), abs=2e-4)
    for number in picked[::10]:
        assert about[str(number)]["Voxels"] == int((usable & (labels == number)).sum())


@pytest.mark.parametrize(("site", "people"), [("bochum", 35), ("essen", None), ("szeged", None)])
def test_partial_correlations_of_real_people_are_those_their_authors_published(real_data, site, people):
    folder = real_data / "rpn_pain_rest"
    reference = np.load(folder / f"{site}_reference_partialcorr_features.npy")
    table = pd.read_csv(folder / f"{site}_participants_included_with_predictions.csv")
    found = np.load(folder / f"{site}_timeseries.npz")
    assert people in (None, len(table))
    below = np.tril_indices(123, -1)
    whole = 0
    for row, (_, person) in zip(reference, table.iterrows(), strict=True):
        series = found[f"ts__{str(person['ts_file']).removesuffix('.tsv')}"]
        moved = np.flatnonzero(found[f"fd__{str(person['ts_file']).removesuffix('.tsv')}"] > 0.15)
        series = np.delete(series, moved[moved < len(series)], axis=0)
        spread = series.std(axis=0)
        scaled = (series - series.mean(axis=0)) / np.where(spread > 0, spread, 1)
        precision = np.linalg.inv(shrunk_covariance(scaled))
        scale = np.sqrt(np.diag(precision))
        assert -(precision / np.outer(scale, scale))[below] == pytest.approx(row, abs=1e-12)
        if (spread > 0).all():
            assert partial(series - series.mean(axis=0))[below] == pytest.approx(row, abs=1e-12)
            whole += 1
        else:
            constant = np.isnan(partial(series - series.mean(axis=0))).all(axis=0)
            assert constant.tolist() == (spread == 0).tolist()
    assert whole > 0


def test_a_slice_one_voxel_thick_says_what_it_cannot_have(real_data, tmp_path):
    words = ["--participant-label", "0050048", "--seeds", "midline:0,-52,26:8"]
    words += ["--set", "modalities.fmri.fd_threshold=0", "--set", 'modalities.fmri.confounds=["global_signal"]']
    ended = run_deqi(real_data / "fmriprep_tree", tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.err
    assert "reho is left out: no voxel has half of its 27 neighbours in the mask" in ended.text
    assert list((tmp_path / "out").rglob("*meas-falff_stat-zscore_statmap.nii.gz"))
