"""Stages of a design that are runs or tasks of one session: the same files, named so, give the same maps."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi
from pages import group_pages
from synthetic import SEEDS, write_trial

from bids_app.dataset.tables import read_tsv

WORDS = ["--seeds", *SEEDS, "--measures", "seed_correlation", "parcel_correlation", "--n-permutations", "50"]
STAGES = {"run": ("1", "2"), "task": ("before", "after")}


@pytest.fixture(scope="module")
def by_session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sessions")
    trial = write_trial(folder / "data", per_arm=4)
    for level in ("participant", "group"):
        ended = run_deqi(trial.root, folder / "out", level, *WORDS)
        assert ended.code == 0, ended.err
    return trial, folder / "out"


def renamed(trial, root, stage):
    """Write the dataset of a trial with its sessions called stages of one session."""
    labels = dict(zip(("pre", "post"), STAGES[stage], strict=True))
    for path in sorted(p for p in trial.root.rglob("*") if p.is_file()):
        place = path.relative_to(trial.root)
        name, folders = path.name, [part for part in place.parent.parts if not part.startswith("ses-")]
        for session, label in labels.items():
            if stage == "task":
                name = name.replace(f"_ses-{session}_task-rest", f"_task-{label}")
            else:
                name = name.replace(f"_ses-{session}_task-rest", f"_task-rest_run-{label}")
        there = root.joinpath(*folders, name)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, there)
    return labels


def values_of(folder, pattern):
    """Return the group's maps, and tables as text, by their names without the task."""
    found = {path.name.partition("space-")[2]: path for path in sorted((folder / "group").glob(pattern))}
    return {name: nib.load(path).get_fdata() if name.endswith(".nii.gz") else path.read_text()
            for name, path in found.items()}  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
def test_stages_within_a_session_give_the_maps_of_the_same_files_as_sessions(by_session, tmp_path, stage):
    trial, expected = by_session
    root, out = tmp_path / "data", tmp_path / "out"
    before, after = renamed(trial, root, stage).values()
    words = [*WORDS, "--set", f"dataset.stage={stage}", "--set", f"designs.parallel_prepost.pre={stage}-{before}"]
    words += ["--set", f"designs.parallel_prepost.post={after}"]
    for level in ("participant", "group"):
        ended = run_deqi(root, out, level, *words)
        assert ended.code == 0, ended.err
        assert "analysed apart" not in ended.err
    for pattern in ("*_statmap.nii.gz", "*_clusters.tsv", "*_edges.tsv", "*_characteristics.tsv"):
        own, other = (values_of(folder, pattern) for folder in (out, expected))
        assert own.keys() == other.keys()
        assert own
        for name, values in own.items():
            np.testing.assert_array_equal(values, other[name], err_msg=name)
    flow = json.loads(next(out.glob("group/*_flow.json")).read_text())
    assert flow["Stage"] == stage
    assert flow["Sessions"] == {"pre": before, "post": after}
    assert set(read_tsv(next(out.glob("group/*_flow.tsv")))["stage"]) == {"analysed"}
    motion = [json.loads(next(folder.glob("group/*_qcfc.json")).read_text()) for folder in (out, expected)]
    assert motion[0]["Counts"] == motion[1]["Counts"]
    assert "tSNR" in group_pages(out)


def test_a_stage_that_one_participant_lacks_is_told_with_its_reason(by_session, tmp_path):
    trial, _ = by_session
    root, out = tmp_path / "data", tmp_path / "out"
    renamed(trial, root, "run")
    for path in root.rglob("sub-01_task-rest_run-2_desc-confounds*"):
        path.unlink()
    words = [*WORDS, "--set", "dataset.stage=run", "--set", "designs.parallel_prepost.pre=1"]
    words += ["--set", "designs.parallel_prepost.post=2"]
    for level in ("participant", "group"):
        ended = run_deqi(root, out, level, *words)
        assert ended.code == 0, ended.err
    flow = read_tsv(next(out.glob("group/*_flow.tsv")))
    (row,) = [i for i, who in enumerate(flow["participant_id"]) if who == "sub-01"]
    assert "confounds" in flow["reason"][row]
    assert "sub-01" in ended.err
