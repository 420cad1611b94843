"""Confounds and series of other programs: physiology, ICA-AROMA outside fMRIPrep, denoised series."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, run_deqi
from synthetic import FRAMES, brain, describe, write_confounds, write_trial

from bids_app.dataset.further_confounds import check_pattern, paths_of
from bids_app.errors import UsageError

PULSE = np.sin(np.arange(FRAMES) / 3.1) + 0.3 * np.cos(np.arange(FRAMES) / 7.7)


@pytest.fixture
def pulsing(tmp_path):
    """A trial in which the whole brain of one participant follows a pulse that no column of fMRIPrep has."""
    trial = write_trial(tmp_path / "data", per_arm=1, sessions=("pre",))
    path = trial.file("01", "pre", "bold")
    image = nib.load(path)
    data = np.asarray(image.dataobj) + 600 * PULSE * brain()[..., None]
    nib.save(nib.Nifti1Image(data.astype(np.float32), image.affine, image.header), path)
    return trial


def seed_map(out):
    (path,) = out.glob("sub-01/ses-pre/func/*seed-far_stat-r_statmap.nii.gz")
    return np.asarray(nib.load(path).dataobj)


def shared(out) -> float:
    return float(np.nanmedian(seed_map(out)))


def physio(folder, name, rows=FRAMES):
    folder.mkdir(parents=True, exist_ok=True)
    write_confounds(folder / name, {"pulse_phase": PULSE[:rows]})


def test_physiology_is_joined_by_run(pulsing, tmp_path):
    for label in ("01", "02"):
        physio(pulsing.root / "derivatives" / "physio", f"sub-{label}_ses-pre_task-rest_physio.tsv")
    words = [*FAST, "--set", 'modalities.fmri.confounds=["24P+csf+wm", "pulse_*"]']
    assert run_deqi(pulsing.root, tmp_path / "before", "participant", *FAST).code == 0
    asked = "derivatives/physio/sub-{sub}[_ses-{ses}]_task-{task}[_run-{run}]_physio.tsv"
    ended = run_deqi(pulsing.root, tmp_path / "after", "participant", *words,
                     "--set", f'modalities.fmri.more_confounds=["{asked}"]')  # fmt: skip
    assert ended.code == 0, ended.text
    assert shared(tmp_path / "before") > 0.99
    assert shared(tmp_path / "after") < 0.95  # what the brain shares without the pulse
    (sidecar,) = (tmp_path / "after").glob("sub-01/ses-pre/func/*seed-far_stat-r_statmap.json")
    about = json.loads(sidecar.read_text())
    assert "pulse_phase" in about["Confounds"]
    assert "bids:raw:derivatives/physio/sub-01_ses-pre_task-rest_physio.tsv" in about["Sources"]


def test_a_table_that_lacks_or_does_not_fit_costs_its_run(pulsing, tmp_path):
    folder = pulsing.root / "derivatives" / "physio"
    physio(folder, "sub-01_physio.tsv", rows=FRAMES - 1)
    words = [*FAST, "--set", 'modalities.fmri.more_confounds=["derivatives/physio/sub-{sub}_physio.tsv"]']
    ended = run_deqi(pulsing.root, tmp_path / "out", "participant", *words)
    assert ended.code == 1
    assert f"has {FRAMES - 1} rows, the series has {FRAMES} volumes" in ended.text
    assert "it has no table sub-02_physio.tsv" in ended.text


def test_aroma_from_a_dataset_of_its_own(pulsing, tmp_path):
    own = tmp_path / "aroma"
    describe(own, "derivative")
    for label in ("01", "02"):
        folder = own / f"sub-{label}" / "ses-pre" / "func"
        folder.mkdir(parents=True)
        write_confounds(folder / f"sub-{label}_ses-pre_task-rest_desc-confounds_timeseries.tsv",
                        {"aroma_motion_01": PULSE})  # fmt: skip
    words = [*FAST, "--set", "modalities.fmri.confounds=aroma", "-d", f"fmriprep={pulsing.fmriprep}", f"aroma={own}"]
    ended = run_deqi(pulsing.root, tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.text
    assert shared(tmp_path / "out") < 0.95


def test_another_series_is_taken_by_its_name(pulsing, tmp_path):
    for label in ("01", "02"):
        path = pulsing.file(label, "pre", "bold")
        shutil.copy(path, path.with_name(path.name.replace("desc-preproc", "desc-nonaggrDenoised")))
        path.unlink()
    words = [*FAST, "--set", "dataset.desc=nonaggrDenoised"]
    ended = run_deqi(pulsing.root, tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.text
    assert np.isfinite(seed_map(tmp_path / "out")).any()


def test_two_tables_that_disagree_in_a_column_are_refused(pulsing, tmp_path):
    folder = pulsing.root / "derivatives" / "physio"
    for label in ("01", "02"):
        folder.mkdir(exist_ok=True)
        write_confounds(folder / f"sub-{label}.tsv", {"csf": PULSE})
    words = [*FAST, "--set", 'modalities.fmri.more_confounds=["derivatives/physio/sub-{sub}.tsv"]']
    ended = run_deqi(pulsing.root, tmp_path / "out", "participant", *words)
    assert ended.code == 1
    assert "both have a column 'csf', with other values" in ended.text


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("physio/sub-{subj}.tsv", "'subj'|subj.*no entity of BIDS; did you mean"), ("all.tsv", "has no {sub}")],
)
def test_patterns_that_cannot_be_meant(pattern, message):
    with pytest.raises(UsageError, match=message):
        check_pattern(pattern)


def test_what_may_be_absent_stands_in_brackets():
    pattern = "{subject}/p_{sub}[_ses-{ses}][_run-{run}].tsv"
    assert list(paths_of(pattern, {"sub": "01"})) == ["01/p_01.tsv"]
    assert list(paths_of(pattern, {"sub": "01", "run": "02"})) == ["01/p_01_run-02.tsv", "01/p_01_run-2.tsv"]
    assert not list(paths_of("p_{sub}_run-{run}.tsv", {"sub": "01"}))
