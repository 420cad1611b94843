"""Sessions of several runs: what is wrong with one costs that one, and what is said of the session is true of all."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, run_deqi
from synthetic import SPACE, describe, hash_of, write_participants, write_run, write_trial

from bids_app.dataset.tables import read_tsv


@pytest.fixture
def two_runs(tmp_path):
    """Two participants with one session of two runs each."""
    trial = write_trial(tmp_path / "data", per_arm=1, sessions=())
    for label in trial.people:
        for run in ("1", "2"):
            write_run(trial.func(label, "pre"), f"sub-{label}_ses-pre_task-rest_run-{run}", seed=hash_of(label, run))
    return trial


def file(trial, label, run, ending):
    return trial.func(label, "pre") / f"sub-{label}_ses-pre_task-rest_run-{run}{ending}"


BOLD, SIDECAR, TABLE = (
    f"_{SPACE}_desc-preproc_bold.nii.gz",
    f"_{SPACE}_desc-preproc_bold.json",
    "_desc-confounds_timeseries.tsv",
)


def cut(path):
    path.write_bytes(path.read_bytes()[:9000])


def one_volume(path):
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[..., 0], image.affine), path)


@pytest.mark.parametrize(
    ("ending", "damage", "reason"),
    [
        (BOLD, one_volume, "It holds one volume: was the scan aborted?"),
        (BOLD, cut, "is damaged"),
        (SIDECAR, lambda path: path.write_text("{}"), "RepetitionTime is None"),
        (TABLE, lambda path: path.write_text("csf\n1\n"), "has 1 rows"),
        (TABLE, lambda path: path.write_text("/annex/objects/MD5E-s1--0.tsv\n"), "pointer to content that is not here"),
        (f"_{SPACE}_desc-brain_mask.nii.gz", lambda path: path.write_bytes(b"x"), "cannot be read as NIfTI"),
    ],
)
def test_one_unusable_run_costs_itself_alone(two_runs, tmp_path, ending, damage, reason):
    damage(file(two_runs, "01", "2", ending))
    ended = run_deqi(two_runs.root, tmp_path / "out", "participant", *FAST, "--set", "modalities.fmri.low_pass=0")
    assert ended.code == 0, ended.text
    line = next(line for line in ended.text.splitlines() if reason in line)
    assert "run-2" in line
    func = tmp_path / "out" / "sub-01" / "ses-pre" / "func"
    quality = read_tsv(next(func.glob("*_desc-fc_qc.tsv")))
    assert quality["decision"] == ["used", "left out"]
    assert reason in quality["reason"][1]
    (sidecar,) = func.glob(f"sub-01_ses-pre_task-rest_{SPACE}_seed-near_stat-r_statmap.json")
    assert json.loads(sidecar.read_text())["RunsCombined"] == 1
    page = (tmp_path / "out" / "sub-01.html").read_text()
    assert "run 2: " in page
    assert len(list((tmp_path / "out").glob("sub-02/ses-pre/func/*seed-near_stat-r_statmap.nii.gz"))) == 3


def test_directions_are_runs_unless_they_are_wanted_apart(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=1, sessions=())
    for label in trial.people:
        for way in ("AP", "PA"):
            write_run(trial.func(label, "pre"), f"sub-{label}_ses-pre_task-rest_dir-{way}", seed=hash_of(label, way))
    ended = run_deqi(trial.root, tmp_path / "out", "participant", *FAST)
    assert ended.code == 0, ended.text
    assert ended.text.count("dir-AP, dir-PA of one session and task are taken together") == 1
    func = tmp_path / "out" / "sub-01" / "ses-pre" / "func"
    about = json.loads((func / f"sub-01_ses-pre_task-rest_{SPACE}_seed-near_stat-r_statmap.json").read_text())
    assert about["RunsCombined"] == 2
    assert read_tsv(next(func.glob("*_desc-fc_qc.tsv")))["run"] == ["dir-AP", "dir-PA"]
    page = (tmp_path / "out" / "sub-01.html").read_text()
    assert "dir-AP: " in page
    apart = run_deqi(trial.root, tmp_path / "apart", "participant", *FAST, "--set", 'dataset.join=["run"]')
    assert apart.text.count("dir AP, PA are analysed apart") == 1
    assert len(list((tmp_path / "apart" / "logs" / "done").glob("sub-01*dir-*"))) == 2


def test_runs_of_other_repetition_times_are_told_one_by_one(two_runs, tmp_path):
    for label in ("01", "02"):
        file(two_runs, label, "2", SIDECAR).write_text('{"RepetitionTime": 0.8}')
    words = [*FAST, "--set", "modalities.fmri.low_pass=0", "--set", "modalities.fmri.min_minutes=1"]
    ended = run_deqi(two_runs.root, tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.text
    name = f"sub-01/ses-pre/func/sub-01_ses-pre_task-rest_{SPACE}_seed-near_stat-r_statmap.json"
    about = json.loads((tmp_path / "out" / name).read_text())
    assert about["RepetitionTime"] == [2.0, 0.8]
    assert about["VolumesTotal"] == 300
    assert isinstance(about["DetrendOrder"], int)


def test_no_session_above_the_gates_ends_with_what_would_help(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=1, sessions=())
    for label in trial.people:
        for session in ("pre", "post"):
            write_run(trial.func(label, session), f"sub-{label}_ses-{session}_task-rest", frames=122)
    write_participants(trial)
    describe(trial.root, "raw")
    for words in (["--dry-run"], []):
        ended = run_deqi(trial.root, tmp_path / "out", "participant", *FAST, *words)
        assert ended.code == 1
        assert "0 of 4 sessions can be used" in ended.text
        assert "With --set modalities.fmri.low_pass=0.0 4 of 4 sessions pass" in ended.text
    group = run_deqi(trial.root, tmp_path / "out", "group", *FAST)
    assert group.code == 65
    assert "0 of 4 sessions can be used, because" in group.text
    assert "Run it first" not in group.text
    config = tmp_path / "analysis.toml"
    assert run_deqi(trial.root, "--init-config", config).code == 0
    assert "modalities.fmri.low_pass=0.0: 4 of 4 sessions pass the gates" in config.read_text()
    helped = run_deqi(trial.root, tmp_path / "out", "participant", *FAST, "--set", "modalities.fmri.low_pass=0.0")
    assert helped.code == 0, helped.text
