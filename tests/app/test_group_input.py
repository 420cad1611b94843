"""What the group level pools: finished maps made alike, of the people and sessions asked for, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAST, ROOT, run_deqi
from pages import group_pages
from synthetic import write_trial

from bids_app.dataset.tables import read_tsv

QUICK = ["--n-permutations", "20"]


@pytest.fixture
def copy(analysed, tmp_path):
    """Return a dataset and the outputs of both levels, to be changed."""
    out, data = tmp_path / "out", tmp_path / "data"
    shutil.copytree(analysed.output, out)
    shutil.copytree(analysed.trial.root, data, symlinks=True)
    return data, out


def flow(out: Path) -> dict[str, dict[str, str]]:
    table = read_tsv(next(out.glob("group/*_flow.tsv")))
    return {row[0]: dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)}


def change_record(out: Path, label: str, change) -> None:
    path = next(out.glob(f"logs/done/{label}_*.json"))
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_one_person_cleaned_otherwise_is_refused_by_name(copy):
    data, out = copy
    words = [*FAST, "--participant-label", "03", "--set", "modalities.fmri.low_pass=0"]
    assert run_deqi(data, out, "participant", *words).code == 0
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 65, ended.err
    assert "modalities.fmri.low_pass is 0.1 for 18 sessions, but 0" in ended.err
    assert "sub-03_ses-post" in ended.err
    rest = [label for label in (f"{i:02d}" for i in range(1, 11)) if label != "03"]
    assert run_deqi(data, out, "group", *QUICK, "--participant-label", *rest).code == 0


def test_a_seed_file_with_other_content_is_refused(copy):
    data, out = copy
    change_record(out, "sub-04_ses-pre", lambda c: c.update(SharedInputs={"PCC.nii.gz": "0"}))
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 65
    assert "the content of PCC.nii.gz" in ended.err


def test_other_coordinates_under_one_name_are_refused(copy):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK, "--seeds", "near:8,4,4:9")
    assert ended.code == 65
    assert "near" in ended.err
    ended = run_deqi(data, out, "group", *QUICK, "--seeds", "PCC")
    assert ended.code == 66
    assert "PCC has no maps; there are near, far" in ended.err


def test_an_option_that_the_maps_contradict_is_refused(copy):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK, "--set", "modalities.fmri.fd_threshold=0.2")
    assert ended.code == 64
    assert "fd_threshold is 0.2 in this call, but the maps on disk were made with 0.5" in ended.err


def test_methods_and_settings_of_the_group_tell_how_maps_were_made(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3)
    out = tmp_path / "out"
    words = ["--set", "modalities.fmri.low_pass=0", "--set", "modalities.fmri.smoothing_fwhm=8"]
    assert run_deqi(trial.root, out, "participant", *FAST, *words).code == 0
    ended = run_deqi(trial.root, out, "group", *QUICK)
    assert ended.code == 0, ended.err
    text = (out / "logs" / "CITATION.md").read_text()
    assert "frequencies above 0.008 Hz" in text
    assert "8 mm FWHM" in text
    settings = (out / "logs" / "settings.toml").read_text()
    assert "low_pass = 0" in settings
    assert '"near:4,4,4:9"' in settings
    assert "n_permutations = 20" in settings


def test_a_session_that_failed_to_be_renewed_does_not_take_part(copy):
    data, out = copy
    sidecar = next(data.rglob("sub-05_ses-post*_desc-preproc_bold.json"))
    sidecar.write_text("{}")
    assert run_deqi(data, out, "participant", *FAST, "--participant-label", "05").code == 1
    assert list(out.glob("sub-05/ses-post/func/*stat-fisherz_statmap.nii.gz"))
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 0, ended.err
    lost = flow(out)["sub-05"]
    assert lost["stage"] == "post"
    assert "participant level failed" in lost["reason"]
    assert "RepetitionTime" in lost["reason"]


def test_a_killed_participant_has_a_record_until_it_is_done(copy, monkeypatch):
    data, out = copy
    shutil.rmtree(out / "logs" / "done")
    for path in data.rglob("sub-0[67]*_bold.nii.gz"):
        path.write_bytes(b"")
    ended = run_deqi(data, out, "participant", *FAST, "--participant-label", "06", "07", "08", "--nprocs", "2")
    assert ended.code == 1
    assert {p.stem for p in out.glob("logs/failed/*")} == {"sub-06", "sub-07"}
    assert "sub-06" in (out / "index.html").read_text()
    for name in ("06", "07"):
        for session in ("pre", "post"):
            stem = f"sub-{name}_ses-{session}_task-rest_space-MNI152NLin2009cAsym_res-8_desc-preproc_bold.nii.gz"
            shutil.copy(next(data.rglob("sub-08_ses-pre*_bold.nii.gz")), next(data.rglob(stem)))
    assert run_deqi(data, out, "participant", *FAST, "--participant-label", "06", "07").code == 0
    assert not list(out.glob("logs/failed/*"))


def test_a_failure_is_forgotten_when_the_work_turns_out_done(copy):
    data, out = copy
    record = next(out.glob("logs/done/sub-01_ses-pre*"))
    (out / "logs" / "failed").mkdir(exist_ok=True)
    stale = out / "logs" / "failed" / record.name
    stale.write_text('{"Message": "no longer true"}')
    assert run_deqi(data, out, "participant", *FAST, "--participant-label", "01").code == 0
    assert not stale.exists()


def test_one_seed_that_too_few_have_does_not_stop_the_others(copy):
    data, out = copy
    for path in list(out.rglob("*ses-post*seed-far*fisherz_statmap.nii.gz"))[:9]:
        path.unlink()
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 0, ended.err
    assert "seed far is not analysed" in ended.err
    page = group_pages(out)
    assert "seed far is not analysed" in page
    assert list(out.glob("group/*seed-near*_stat-t_*"))
    assert not list(out.glob("group/*seed-far*"))


def test_one_task_that_cannot_be_analysed_does_not_stop_the_others(copy):
    data, out = copy
    for label in ("01", "02"):
        for path in list(data.rglob(f"sub-{label}_*task-rest*")):
            shutil.copy(path, path.with_name(path.name.replace("task-rest", "task-heat")))
    words = [*FAST, "--participant-label", "01", "02", "--task-id", "heat"]
    assert run_deqi(data, out, "participant", *words).code == 0
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 1
    assert "task-heat" in ended.err
    assert "at least 3 of each" in ended.err
    assert list(out.glob("group/*task-rest*seed-near*_stat-t_*"))
    assert run_deqi(data, out, "group", *QUICK, "--task-id", "rest").code == 0


def test_an_old_answer_says_so_when_its_renewal_failed(copy):
    data, out = copy
    next(out.rglob("sub-01_ses-pre*seed-near*fisherz_statmap.nii.gz")).write_bytes(b"broken")
    assert run_deqi(data, out, "group", *QUICK).code == 0  # the other seed is analysed
    next(out.rglob("sub-01_ses-pre*seed-far*fisherz_statmap.nii.gz")).write_bytes(b"broken")
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 1, ended.err
    assert "The last attempt at this analysis failed" in group_pages(out)


def test_sessions_and_filters_hold_at_the_group_level_too(copy, tmp_path):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK, "--session-label", "pre")
    assert ended.code == 65
    assert "left out by --session-label" in ended.err
    filters = tmp_path / "filter.json"
    filters.write_text('{"bold": {"session": "post"}}')
    ended = run_deqi(data, out, "group", *QUICK, "--bids-filter-file", filters)
    assert ended.code == 65
    assert "left out by --bids-filter-file" in ended.err
    filters.write_text('{"bold": {"task": "rest", "desc": "preproc"}}')
    assert run_deqi(data, out, "group", *QUICK, "--bids-filter-file", filters).code == 0


def test_a_missing_covariate_may_be_written_as_spreadsheets_do(copy):
    data, out = copy
    table = data / "participants.tsv"
    lines = table.read_text().splitlines()
    for row, word in ((1, "NA"), (2, "NaN")):
        cells = lines[row].split("\t")
        lines[row] = "\t".join([*cells[:2], word, cells[3]])
    table.write_text("\n".join(lines) + "\n")
    ended = run_deqi(data, out, "group", *QUICK, "--set", 'designs.parallel_prepost.covariates=["age"]')
    assert ended.code == 0, ended.err
    people = flow(out)
    assert people["sub-01"]["reason"] == "age is 'NA'"
    assert people["sub-02"]["reason"] == "age is 'NaN'"
    design = read_tsv(next(out.glob("group/*seed-near_contrast-verumVsShamAdjusted_design.tsv")))
    assert "age" in design
    assert len(design["age"]) == 8


def test_quality_by_arm_is_that_of_the_sessions_compared(copy):
    data, out = copy
    page = group_pages(out)
    for path in list(out.rglob("*ses-post*_desc-fc_qc.tsv")):
        # Another task and a third session must not count.
        text = path.read_text().replace("\t150\t", "\t9999\t")
        path.with_name(path.name.replace("task-rest", "task-other")).write_text(text)
        third = path.parents[2] / "ses-late" / "func"
        third.mkdir(parents=True)
        (third / path.name.replace("ses-post", "ses-late")).write_text(text)
    assert run_deqi(data, out, "group", "--reports-only").code == 0
    assert group_pages(out) == page


def test_native_space_has_no_coordinates_for_seeds(trial, tmp_path):
    for path in list(trial.root.rglob("*space-MNI152NLin2009cAsym_res-8*")):
        path.rename(path.with_name(path.name.replace("space-MNI152NLin2009cAsym_res-8", "space-T1w")))
    ended = run_deqi(trial.root, tmp_path / "out", "participant", *FAST, "--space", "T1w")
    assert ended.code == 64
    assert "not a standard (MNI) space" in ended.err


def test_empty_framewise_displacement_is_computed_from_motion(trial, tmp_path):
    path = trial.file("01", "pre", "confounds")
    header, *rows = path.read_text().splitlines()
    assert header.endswith("framewise_displacement")
    path.write_text("\n".join([header, *(row.rpartition("\t")[0] + "\tn/a" for row in rows)]) + "\n")
    out = tmp_path / "out"
    ended = run_deqi(trial.root, out, "participant", *FAST, "--participant-label", "01")
    assert ended.code == 0, ended.err
    quality = read_tsv(next(out.rglob("*ses-pre*_desc-fc_qc.tsv")))
    table = {name: [float(row.split("\t")[i]) for row in rows] for i, name in enumerate(header.split("\t")[:6])}
    steps = [
        sum(abs(v[t] - v[t - 1]) * (50 if name.startswith("rot") else 1) for name, v in table.items())
        for t in range(1, len(rows))
    ]
    assert float(quality["mean_fd"][0]) == pytest.approx(sum(steps) / len(rows), rel=1e-6)


def test_run_py_serves_several_people_without_an_installed_package(trial, tmp_path):
    # Outside the environment, with its packages on the path, an editable install is not found.
    python = Path(sys.base_prefix) / "bin" / "python3"
    command = [python, ROOT / "run.py", trial.root, tmp_path / "out", "participant", *FAST]
    path = os.pathsep.join(p for p in sys.path if p.endswith("site-packages"))
    clean = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=clean, cwd=tmp_path, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_sides_that_changed_after_the_participant_level_are_refused(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3)
    table = trial.root / "participants.tsv"
    first, *rest = table.read_text().splitlines()
    table.write_text("\n".join([f"{first}\tside", *(f"{row}\tleft" for row in rest[:-1]), f"{rest[-1]}\tright"]))
    out = tmp_path / "out"
    words = ["--set", "modalities.fmri.flip_column=side"]
    assert run_deqi(trial.root, out, "participant", *FAST, *words).code == 0
    assert run_deqi(trial.root, out, "group", *QUICK).code == 0
    changed = table.read_text().replace("left", "right", 1)
    table.write_text(changed)
    ended = run_deqi(trial.root, out, "group", *QUICK)
    assert ended.code == 65
    assert "Left and right of sub-01_ses-post_task-rest" in ended.err


def test_a_task_of_one_session_alone_is_told_and_harms_nothing(copy):
    data, out = copy
    root = data / "derivatives" / "fmriprep"
    for label in ("01", "02"):
        for path in (root / f"sub-{label}" / "ses-post" / "func").iterdir():
            shutil.copy(path, path.with_name(path.name.replace("task-rest", "task-needling")))
    assert run_deqi(data, out, "participant", *FAST, "--participant-label", "01", "02").code == 0
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 0, ended.err
    assert "Not compared: task-needling" in ended.err
    assert "Not compared: task-needling" in (out / "index.html").read_text()
    ended = run_deqi(data, out, "group", *QUICK, "--task-id", "needling")
    assert ended.code == 65


def test_a_participant_who_was_killed_before_any_session_ended_stands_in_the_flow(copy):
    data, out = copy
    for path in out.glob("logs/done/sub-05_*.json"):
        path.unlink()
    (out / "logs" / "failed").mkdir(exist_ok=True)
    (out / "logs" / "failed" / "sub-05.json").write_text(json.dumps({"Message": "killed by signal 9"}))
    assert run_deqi(data, out, "group", *QUICK).code == 0
    assert "participant level failed: killed by signal 9" in flow(out)["sub-05"]["reason"]
