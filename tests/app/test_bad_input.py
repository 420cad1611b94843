"""Every fault a user can meet: what was found, what was expected, what to do; the right exit code; no traceback."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, ROOT, run_deqi
from pages import group_pages
from synthetic import AFFINE, SPACE, brain, describe, write_confounds, write_participants, write_run, write_trial

from bids_app.dataset.series_stream import SeriesStream


@pytest.fixture
def run(trial, tmp_path):
    """Run one level on the broken trial; whatever happens there is no traceback."""

    def call(level="participant", *words, out=None):
        ended = run_deqi(trial.root, out or tmp_path / "out", level, *FAST, *words)
        assert "Traceback" not in ended.text
        return ended

    return call


def others_went_on(out: Path, label: str = "02") -> bool:
    return len(list(out.glob(f"sub-{label}/ses-*/func/*seed-near_stat-r_statmap.nii.gz"))) == 2


def rewrite(path: Path, change) -> None:
    """Read a NIfTI file, change its data in place and write it back."""
    image = nib.load(path)
    data = np.asarray(image.dataobj).copy()
    change(data)
    nib.save(nib.Nifti1Image(data, image.affine, image.header), path)


def said(ended, *words: str) -> None:
    for word in words:
        assert word in ended.text, ended.text


def test_no_derivatives_prints_the_command_that_makes_them(trial, run):
    shutil.rmtree(trial.root / "derivatives")
    ended = run()
    assert ended.code == 66
    said(ended, "No fMRIPrep derivatives", f"fmriprep-docker {trial.root}", "--output-spaces MNI152NLin2009cAsym:res-2")


def test_preproc_print_names_only_who_is_missing(trial, run):
    shutil.move(trial.fmriprep / "sub-02", trial.root / "sub-02")
    (trial.root / "sub-01").mkdir()
    ended = run("participant", "--preproc", "print")
    assert ended.code == 0
    said(ended, "--participant-label 02 --output-spaces")


def test_preproc_runs_fmriprep_docker_and_goes_on(trial, tmp_path):
    """A docker that answers and a run that puts the derivatives where they belong stand for the real ones."""
    kept = tmp_path / "kept"
    shutil.move(trial.fmriprep, kept)
    (trial.root / "sub-01").mkdir()
    tools = tmp_path / "bin"
    tools.mkdir()
    (tmp_path / "log").touch()  # it stands for the licence too
    (tools / "docker").write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/log
case "$*" in
  *entrypoint=free*) echo "Mem: 32000" ;;
  run*) cp -r {kept}/. {tmp_path}/fmriprep ;;
  images*) echo id ;;
  version*) echo 99.0 ;;
esac
"""
    )
    (tools / "docker").chmod(0o755)
    ended = run_deqi(trial.root, tmp_path / "out", "participant", *FAST, "--preproc", "fmriprep-docker",
                     env={"PATH": f"{tools}:{os.environ['PATH']}", "FS_LICENSE": str(tmp_path / "log")})  # fmt: skip
    log = (tmp_path / "log").read_text()
    assert ended.code == 0, ended.err
    assert "/data /out participant --participant-label 01" in log
    assert "nipreps/fmriprep" in log


def test_preproc_without_an_engine_says_what_to_run(trial, run, monkeypatch):
    shutil.rmtree(trial.fmriprep)
    (trial.root / "sub-01").mkdir()
    monkeypatch.setenv("PATH", "/nowhere")
    ended = run("participant", "--preproc", "fmriprep-docker")
    assert ended.code == 66
    said(ended, "docker is not installed", "no licence of FreeSurfer", "fmriprep-docker ")


def test_no_dataset_description(trial, run):
    (trial.root / "dataset_description.json").unlink()
    ended = run()
    assert ended.code == 16
    said(ended, "has no dataset_description.json", "--skip-bids-validation")
    assert run("participant", "--skip-bids-validation").code == 0


def test_description_without_a_name(trial, run):
    (trial.root / "dataset_description.json").write_text('{"BIDSVersion": "1.9.0"}')
    ended = run()
    assert ended.code == 16
    said(ended, "lacks 'Name'")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--task-id", "nback"], "matches task nback"),
        (["--session-label", "ses-week9"], "matches session week9"),
        (["--participant-label", "99"], "--participant-label 99: not in the derivatives, which have 01, 02"),
        (["--space", "MNI152NLin6Asym"], "No preprocessed series in space MNI152NLin6Asym; found MNI152NLin2009cAsym"),
    ],
)
def test_filters_that_match_nothing(run, words, message):
    ended = run("participant", *words)
    assert ended.code == 18
    said(ended, message)


def test_filter_file(trial, run, tmp_path):
    path = tmp_path / "filter.json"
    path.write_text('{"bold": {"session": "pre", "acquisition": null}}')
    ended = run("participant", "--bids-filter-file", path, "--dry-run")
    assert ended.code == 0
    said(ended, "2 jobs", "ses-pre")
    path.write_text('{"bold": {"acquisition": "*"}}')
    assert run("participant", "--bids-filter-file", path).code == 18
    path.write_text('{"bold": {"sesion": "pre"}}')
    ended = run("participant", "--bids-filter-file", path)
    assert ended.code == 64
    said(ended, "no entity 'sesion'; did you mean 'session'?")


def test_unknown_level(run):
    ended = run("session")
    assert ended.code == 17
    said(ended, "Expected 'participant', 'group' or 'meta'")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--nprocs", "0"], "expected 1 or more"),
        (["--mem", "lots"], "is not an amount of memory"),
        (["--set", "modalities.fmri.fd_treshold=1"], "did you mean 'fd_threshold'?"),
        (["--set", "modalities.fmri.fd_threshold=far"], "modalities.fmri.fd_threshold = 'far'"),
        (["--set", "modalities.fmri.fd_threshold=-1"], "greater than or equal to 0"),
        (["--set", "measure.seed_correlation.radius=5"], "did you mean 'measures'?"),
        (["--set", "measures.seed_corelation.radius=5"], "did you mean 'seed_correlation'?"),
        (["--set", "nothing"], "expected table.key=value"),
        (["--set", 'modalities.fmri.confounds="37P"'], "No preset '37P'"),
        (["--seeds", "PCCC"], "Seed 'PCCC' is not known; did you mean 'PCC'?"),
        (["--seeds", "a b:1,2,3"], "use letters and digits alone"),
        (["--seeds", "x:1,2,3", "x:4,5,6"], "Two different seeds are called 'x'"),
        (["--config", "/nowhere.toml"], "no such file"),
        (["--derivatives", "fmriprep=/nowhere"], "there is no such folder"),
    ],
)
def test_words_that_cannot_be_understood(run, words, message):
    ended = run("participant", *words)
    assert ended.code == (66 if "--derivatives" in words else 64)
    said(ended, message)


def test_unknown_key_and_wrong_type_in_the_settings_file(run, tmp_path):
    path = tmp_path / "analysis.toml"
    path.write_text("[inference]\nn_permutation = 100\n")
    ended = run("participant", "--config", path)
    assert ended.code == 64
    said(ended, "inference.n_permutation is not an option; did you mean 'n_permutations'?")
    path.write_text("[modalities.fmri]\nlow_pass = 'high'\n")
    ended = run("participant", "--config", path)
    assert ended.code == 64
    said(ended, "modalities.fmri.low_pass = 'high'")
    path.write_text("[inference\n")
    assert run("participant", "--config", path).code == 64


def test_options_before_the_positionals_swallow_them_and_the_message_says_so(trial, tmp_path):
    ended = run_deqi("--participant-label", "01", "02", trial.root, tmp_path / "out", "participant")
    assert ended.code == 64
    said(ended, "come first, options after them")
    ended = run_deqi(trial.root, tmp_path / "out", "participant", "--participant-label", "01", "02", "--dry-run", *FAST)
    assert ended.code == 0
    said(ended, "4 jobs")


def test_output_that_is_the_input(trial):
    ended = run_deqi(trial.root, trial.root, "participant", *FAST)
    assert ended.code == 64
    said(ended, "input is never written to")
    ended = run_deqi(trial.root, trial.fmriprep, "participant", *FAST)
    assert ended.code == 64
    said(ended, "lies in the fMRIPrep derivatives")
    ended = run_deqi(trial.root, trial.root.parent / "o", "participant", "-w", trial.root / "work", *FAST)
    assert ended.code == 64


def test_output_that_cannot_be_written(trial, tmp_path, run):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    ended = run("participant", out=blocked / "out")
    assert ended.code == 73
    said(ended, "cannot be written", "Choose another output folder")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_unknown_arms(trial, run):
    path = trial.root / "participants.tsv"
    run()
    path.write_text(path.read_text().replace("verum", "placebo"))
    ended = run("group")
    assert ended.code == 65
    said(ended, "['placebo', 'sham'], expected 'verum' and 'sham'", "designs.parallel_prepost.active")


def test_absent_column_of_arms(trial, run):
    run()
    write_participants(trial, column="groups")
    ended = run("group")
    assert ended.code == 65
    said(ended, "no column 'group'", "designs.parallel_prepost.column=groups")


def test_group_before_participant(run):
    ended = run("group")
    assert ended.code == 66
    said(ended, "Run it first: deqi ")


def test_no_participants_table(trial, run):
    run()
    (trial.root / "participants.tsv").unlink()
    ended = run("group")
    assert ended.code == 66
    said(ended, "No participants.tsv")


def test_too_few_people_are_explained(run):
    run()
    ended = run("group")
    assert ended.code == 65
    said(ended, "1 verum and 1 sham participants; at least 3 of each")


def test_ids_without_sub_and_a_participant_without_post(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=4)
    shutil.rmtree(trial.func("03", "post"))
    write_participants(trial, prefix="")
    out = tmp_path / "out"
    assert run_deqi(trial.root, out, "participant", *FAST).code == 0
    ended = run_deqi(trial.root, out, "group", *FAST)
    assert ended.code == 0, ended.err
    flow = next(out.glob("group/*_flow.tsv")).read_text()
    assert "sub-03\tverum\tpost\tsession post: not on disk" in flow
    assert flow.count("analysed") == 7
    assert "sub-03: session post" in group_pages(out)


def test_one_session_only(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3, sessions=["pre"])
    out = tmp_path / "out"
    assert run_deqi(trial.root, out, "participant", *FAST).code == 0
    ended = run_deqi(trial.root, out, "group", *FAST)
    assert ended.code == 65
    said(ended, "session post: not on disk")


def read(path: Path):
    header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    values = [[float("nan") if v == "n/a" else float(v) for v in row] for row in rows]
    return header, list(zip(*values, strict=True))


def test_first_rows_without_a_value_are_fine(trial, run, tmp_path):
    path = trial.file("01", "pre", "confounds")
    table = {k: np.array(v) for k, v in zip(*read(path), strict=True)}
    table["csf"][:2] = np.nan
    write_confounds(path, table)
    assert run().code == 0


def test_every_file_empty_ends_before_any_work(trial, run, tmp_path):
    for path in trial.fmriprep.rglob("*_bold.nii.gz"):
        path.write_bytes(b"")
    ended = run()
    assert ended.code == 66
    said(ended, "No run can be read", "is empty (0 bytes)")
    assert not (tmp_path / "out").exists()
    assert run("participant", "--dry-run").code == 0


def voxels_of(out: Path, label="01", session="pre") -> np.ndarray:
    (path,) = out.glob(f"sub-{label}/ses-{session}/func/*seed-near_stat-r_statmap.nii.gz")
    return np.asarray(nib.load(path).dataobj)


def test_broken_and_constant_voxels_have_no_value(trial, run, tmp_path):
    def change(data):
        data[5, 2, 5, 10], data[6, 2, 5, 11], data[5, 11, 5, :] = np.nan, np.inf, 321

    rewrite(trial.file("01", "pre", "bold"), change)
    assert run().code == 0
    r = voxels_of(tmp_path / "out")
    assert np.isnan([r[5, 2, 5], r[6, 2, 5], r[5, 11, 5]]).all()
    assert np.isfinite([r[4, 2, 5], r[5, 3, 5]]).all()
    table = next((tmp_path / "out").glob("sub-01/ses-pre/func/*_qc.tsv")).read_text().splitlines()
    assert dict(zip(table[0].split("\t"), table[1].split("\t"), strict=True))["voxels_unusable"] == "3"


def test_scaled_integers_give_the_same_maps(trial, run, tmp_path):
    path = trial.file("01", "pre", "bold")
    data = np.asarray(nib.load(path).dataobj)
    assert run(out=tmp_path / "first").code == 0
    for name, order in (("little", "<i2"), ("big", ">i2")):
        header = nib.Nifti1Header(endianness="<" if order[0] == "<" else ">")
        image = nib.Nifti1Image(np.round((data - 300) / 0.01).astype(order), AFFINE, header)
        image.header.set_data_dtype(order)
        image.header.set_slope_inter(0.01, 300)
        nib.save(image, path)
        assert run(out=tmp_path / name).code == 0
        assert voxels_of(tmp_path / name) == pytest.approx(voxels_of(tmp_path / "first"), abs=2e-3, nan_ok=True)


def test_uncompressed_series_are_read_too(trial, run, tmp_path):
    assert run(out=tmp_path / "first").code == 0
    path = trial.file("01", "pre", "bold")
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()
    assert run().code == 0
    assert np.array_equal(voxels_of(tmp_path / "out"), voxels_of(tmp_path / "first"), equal_nan=True)


def test_orientations_that_disagree(trial, run, tmp_path):
    path = trial.file("01", "pre", "bold")
    image = nib.load(path)
    flipped = AFFINE.copy()
    flipped[0] *= -1
    image.set_qform(flipped, 1)
    nib.save(image, path)
    ended = run()
    assert ended.code == 1
    said(ended, "sform and qform put voxels up to", "left and right may be exchanged")
    assert others_went_on(tmp_path / "out")


def test_no_repetition_time(trial, run, tmp_path):
    trial.file("01", "pre", "sidecar").write_text("{}")
    ended = run()
    assert ended.code == 1
    said(ended, "RepetitionTime is None in its sidecars")
    assert others_went_on(tmp_path / "out")
    general = trial.fmriprep / "task-rest_bold.json"
    general.write_text('{"RepetitionTime": "2.0"}')
    said(run(), "RepetitionTime is '2.0'", "That is text: leave out the quotation marks")
    general.write_text('{"RepetitionTime": 2.0}')
    assert run().code == 0


def test_seed_outside_the_field_of_view(trial, run, tmp_path):
    ended = run("participant", "--seeds", "near:4,4,4:9", "gone:200,0,0:9", "edge:-44,4,4:9")
    assert ended.code == 0
    said(ended, "seed gone is left out: 0 of its", "seed edge is left out", "at least 50% are needed")
    out = tmp_path / "out"
    assert not list(out.glob("sub-01/*/func/*seed-gone*"))
    assert others_went_on(out)
    assert "seed gone: 0 of its 8 voxels lie in the mask" in (out / "sub-01.html").read_text()


def test_too_few_frames_left(trial, run, tmp_path):
    path = trial.file("01", "pre", "confounds")
    table = {k: np.array(v) for k, v in zip(*read(path), strict=True)}
    table["framewise_displacement"][10::3] = 2.0
    write_confounds(path, table)
    dry = run("participant", "--dry-run")
    said(dry, "will be left out: 0 residual degrees of freedom")
    ended = run()
    assert ended.code == 0
    said(ended, "is left out: 0 residual degrees of freedom (at least 20 needed)", "What would help: high-pass only")
    assert "ses-pre task-rest is left out" in (tmp_path / "out" / "sub-01.html").read_text()
    assert not list((tmp_path / "out").glob("sub-01/ses-pre/func/*_statmap.nii.gz"))


def test_grids_that_differ_between_people(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3)
    moved = AFFINE.copy()
    moved[0, 3] += 2
    for session in ("pre", "post"):
        for kind in ("bold", "mask"):
            path = trial.file("02", session, kind)
            nib.save(nib.Nifti1Image(np.asarray(nib.load(path).dataobj), moved), path)
    out = tmp_path / "out"
    assert run_deqi(trial.root, out, "participant", *FAST).code == 0
    ended = run_deqi(trial.root, out, "group", *FAST)
    assert ended.code == 1
    said(ended, "Grids differ", "sub-02", "--participant-label")
    assert "Traceback" not in ended.text


def test_constant_covariate_and_unknown_covariate(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3)
    out = tmp_path / "out"
    run_deqi(trial.root, out, "participant", *FAST)
    path = trial.root / "participants.tsv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0] + "\tone", *[line + "\t1" for line in lines[1:]]]) + "\n")
    for name, message in [
        ("one", "is 1 for all participants"),
        ("agee", "no column 'agee'"),
        ("group", "combination of the"),
    ]:
        ended = run_deqi(trial.root, out, "group", *FAST, "--set", f'designs.parallel_prepost.covariates=["{name}"]')
        assert ended.code == (1 if name == "group" else 65), ended.err
        said(ended, message)
        assert "Traceback" not in ended.text


def test_missing_covariate_is_flow(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=4)
    out = tmp_path / "out"
    run_deqi(trial.root, out, "participant", *FAST)
    path = trial.root / "participants.tsv"
    path.write_text(path.read_text().replace("sub-05\tverum\t42", "sub-05\tverum\tn/a"))
    ended = run_deqi(trial.root, out, "group", *FAST, "--set", 'designs.parallel_prepost.covariates=["age"]')
    assert ended.code == 0, ended.err
    assert "sub-05\tverum\tcovariate\tage is 'n/a'" in next(out.glob("group/*_flow.tsv")).read_text()


def test_legacy_names_of_fmriprep_are_read(tmp_path):
    root = tmp_path / "data"
    describe(root, "raw")
    folder = root / "derivatives" / "fmriprep" / "sub-01" / "func"
    write_run(folder, "sub-01_task-rest")
    old = "space-MNI152NLin2009cAsym"
    for name, legacy in {
        f"sub-01_task-rest_{SPACE}_desc-preproc_bold.nii.gz": f"sub-01_task-rest_bold_{old}_preproc.nii.gz",
        f"sub-01_task-rest_{SPACE}_desc-brain_mask.nii.gz": f"sub-01_task-rest_bold_{old}_brainmask.nii.gz",
        "sub-01_task-rest_desc-confounds_timeseries.tsv": "sub-01_task-rest_bold_confounds.tsv",
    }.items():
        (folder / name).rename(folder / legacy)
    (folder / f"sub-01_task-rest_{SPACE}_desc-preproc_bold.json").unlink()
    (root / "derivatives" / "fmriprep" / "task-rest_bold.json").write_text('{"RepetitionTime": 2.0}')
    table = folder / "sub-01_task-rest_bold_confounds.tsv"
    text = table.read_text()
    for new, legacy in {"trans_x": "X", "trans_y": "Y", "trans_z": "Z", "rot_x": "RotX", "rot_y": "RotY",
                        "rot_z": "RotZ", "csf": "CSF", "white_matter": "WhiteMatter",
                        "framewise_displacement": "FramewiseDisplacement"}.items():  # fmt: skip
        text = text.replace(new, legacy)
    table.write_text(text)
    ended = run_deqi(root, tmp_path / "out", "participant", *FAST)
    assert ended.code == 0, ended.err
    assert list((tmp_path / "out" / "sub-01" / "func").glob(f"sub-01_task-rest_{old}_seed-near_stat-r_statmap.nii.gz"))


def test_derivatives_can_be_the_dataset_itself(trial, tmp_path):
    """As BABS calls it: the derivative dataset first, participants with `sub-`."""
    ended = run_deqi(trial.fmriprep, tmp_path / "out", "participant", *FAST, "--participant-label", "sub-01")
    assert ended.code == 0, ended.err
    assert (tmp_path / "out" / "sub-01").is_dir()
    assert not (tmp_path / "out" / "sub-02").exists()


def test_derivatives_elsewhere_have_the_name_that_was_given(trial, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.move(trial.fmriprep, elsewhere)
    out = tmp_path / "out"
    assert run_deqi(trial.root, out, "participant", *FAST, "-d", f"prep={elsewhere}").code == 0
    about = json.loads((out / "dataset_description.json").read_text())
    assert set(about["DatasetLinks"]) == {"prep", "raw"}


def test_spaces_that_need_a_choice(trial, run):
    for session in ("pre", "post"):
        folder = trial.func("01", session)
        for path in list(folder.iterdir()):
            if "space-" in path.name:
                shutil.copy(path, folder / path.name.replace("_res-8", "_res-4"))
    ended = run()
    assert ended.code == 64
    said(ended, "choose one: --space MNI152NLin2009cAsym:res-4")
    assert run("participant", "--space", "MNI152NLin2009cAsym:res-8", "--dry-run").code == 0


def test_seed_from_a_mask_and_from_an_atlas_label(trial, run, tmp_path):
    atlas = np.zeros(brain().shape, dtype=np.int16)
    atlas[5:7, 6:8, 4:6] = 3
    path = tmp_path / f"tpl_{SPACE}_dseg.nii.gz"
    nib.save(nib.Nifti1Image(atlas, AFFINE), path)
    path.with_name(path.name.replace(".nii.gz", ".tsv")).write_text("index\tname\n3\tmiddle\n")
    fine = np.kron(atlas, np.ones((2, 2, 2), dtype=np.int16))
    half = AFFINE @ np.diag([0.5, 0.5, 0.5, 1])
    half[:3, 3] -= 2
    nib.save(nib.Nifti1Image(fine, half), tmp_path / "fine.nii.gz")
    ended = run("participant", "--seeds", f"byName={path}#middle", f"byNumber={path}#3", f"fine={tmp_path}/fine.nii.gz")
    assert ended.code == 0, ended.err
    maps = [np.asarray(nib.load(next((tmp_path / "out").glob(f"sub-01/ses-pre/func/*seed-{n}_stat-r*.nii.gz"))).dataobj)
            for n in ("byName", "byNumber", "fine")]  # fmt: skip
    assert np.array_equal(maps[0], maps[1], equal_nan=True)
    assert np.array_equal(maps[0], maps[2], equal_nan=True)
    assert np.isnan(maps[0][atlas == 3]).all()
    wrong = tmp_path / "tpl-MNI152NLin6Asym_atlas-x_dseg.nii.gz"
    shutil.copy(path, wrong)
    ended = run("participant", "--seeds", f"far={wrong}#3", out=tmp_path / "other")
    assert ended.code == 64
    said(ended, "is in space MNI152NLin6Asym, the data in MNI152NLin2009cAsym")


def test_templates_are_never_downloaded(trial, run, tmp_path, monkeypatch):
    home = tmp_path / "templateflow"
    folder = home / "tpl-MNI152NLin2009cAsym"
    folder.mkdir(parents=True)
    (folder / "template_description.json").write_text("{}")
    monkeypatch.setenv("TEMPLATEFLOW_HOME", str(home))
    word = "x=templateflow:atlas-Schaefer2018_desc-100Parcels7Networks#3"
    ended = run("participant", "--seeds", word)
    assert ended.code == 66
    said(ended, "No template file for MNI152NLin2009cAsym", "TEMPLATEFLOW_HOME")
    atlas = np.zeros(brain().shape, dtype=np.int16)
    atlas[5:7, 6:8, 4:6] = 3
    name = "tpl-MNI152NLin2009cAsym_res-02_atlas-Schaefer2018_desc-100Parcels7Networks_dseg.nii.gz"
    nib.save(nib.Nifti1Image(atlas, AFFINE), folder / name)
    ended = run("participant", "--seeds", word)
    assert ended.code == 0, ended.err


def test_read_only_home_and_any_working_folder(trial, tmp_path):
    """As in a container: no HOME to write to, an installed package, a working folder of nobody's."""
    env = {
        "HOME": "/dev/null/home",
        "XDG_CACHE_HOME": "/dev/null/cache",
        "NUMBA_CACHE_DIR": "",
        "PYTHONPATH": str(ROOT),
    }
    big = write_trial(tmp_path / "big", per_arm=3)
    for level in ("participant", "group"):
        words = [big.root, tmp_path / "out", level, *FAST, "--set", "inference.tfce=none"]  # fewer kernels to compile
        ended = run_deqi(*words, env=env, cwd=Path("/"))
        assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    ("active", "control", "names"),
    [
        ("real-needle 1", "Streitberger", ("realNeedle1", "Streitberger")),
        ("1", "0", ("1", "0")),
        ("acu+", "acu-", ("active", "Control")),
    ],
)
def test_arm_names_of_any_kind_and_sessions_with_their_prefix(tmp_path, active, control, names):
    trial = write_trial(tmp_path / "data", per_arm=3)
    path = trial.root / "participants.tsv"
    path.write_text(path.read_text().replace("\tverum", f"\t{active}").replace("\tsham", f"\t{control}"))
    out = tmp_path / "out"
    run_deqi(trial.root, out, "participant", *FAST)
    words = [f"active={active}", f"control={control}", "pre=ses-pre", "post=ses-post"]
    options = [part for word in words for part in ("--set", f"designs.parallel_prepost.{word}")]
    ended = run_deqi(trial.root, out, "group", *FAST, *options)
    assert ended.code == 0, ended.err
    assert list(out.glob(f"group/*_contrast-{names[0]}Vs{names[1]}Adjusted_clusters.tsv"))
    within = names[1].replace("Control", "control")
    assert list(out.glob(f"group/*_contrast-{within}Change_clusters.tsv"))
    assert group_pages(out).count("<b>3 analysed</b>") == 2


def test_group_takes_the_seeds_that_were_asked_for(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3)
    out = tmp_path / "out"
    run_deqi(trial.root, out, "participant", *FAST)
    shutil.rmtree(trial.root / "derivatives")
    ended = run_deqi(trial.root, out, "group", "--seeds", "near:4,4,4:9", "--n-permutations", "50")
    assert ended.code == 0, ended.err
    assert "near" in ended.err
    assert not list(out.glob("group/*seed-far*"))


def test_a_seed_file_that_changes_is_read_again(trial, run, tmp_path):
    path = tmp_path / "mine.nii.gz"
    for where in (slice(4, 6), slice(6, 8)):
        mask = np.zeros(brain().shape, dtype=np.uint8)
        mask[where, 6:8, 4:6] = 1
        nib.save(nib.Nifti1Image(mask, AFFINE), path)
        assert run("participant", "--seeds", f"mine={path}").code == 0
        (found,) = (tmp_path / "out").glob("sub-01/ses-pre/func/*seed-mine_stat-r_statmap.nii.gz")
        assert np.isnan(np.asarray(nib.load(found).dataobj)[mask > 0]).all()


def test_other_seeds_replace_the_maps_of_earlier_ones(trial, run, tmp_path):
    run()
    run("participant", "--seeds", "third:20,4,4:9")
    found = {
        p.name.split("_seed-")[1].split("_")[0] for p in (tmp_path / "out").glob("sub-01/*/func/*_stat-r_*.nii.gz")
    }
    assert found == {"third"}


def test_an_unforeseen_fault_while_reading_ends_the_reading_instead_of_waiting(trial, monkeypatch):
    series = SeriesStream(trial.file("01", "pre", "bold"))

    def fault(self):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(SeriesStream, "_open", fault)
    with pytest.raises(RuntimeError, match="unforeseen"):
        list(series.blocks(brain(), np.ones(series.frames, dtype=bool)))


def test_surfaces_are_refused_in_words(trial, run):
    ended = run("participant", "--space", "fsLR")
    assert ended.code == 64
    said(ended, "--space fsLR", "surfaces (GIFTI, CIFTI) are not read yet", "--output-spaces MNI152NLin2009cAsym:res-2")
    for path in list(trial.root.rglob("*_bold.nii.gz")):
        stem = path.name.replace(SPACE, "hemi-L_space-fsaverage5")
        name = stem.replace("_desc-preproc_bold.nii.gz", "_bold.func.gii")
        path.rename(path.with_name(name))
    ended = run("participant")
    assert ended.code == 18
    said(ended, "There is no volumetric series", "not read yet")
