"""Segments of one run as the stages of a design: to the last bit what the same volumes give as runs of their own."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from pages import group_pages
from synthetic import AFFINE, FRAMES, SEEDS, SHAPE, SPACE, TR, brain, confounds, write_confounds, write_trial

from bids_app.dataset.tables import read_tsv

MEASURES = ("seed_correlation", "parcel_correlation", "alff", "reho", "peraf", "task_glm")
WORDS = ["--seeds", *SEEDS, "--measures", *MEASURES, "--set", "measures.alff.bands=slow-5"]
NEEDLING = 30
"""Volumes between rest and rest."""

SETTINGS = """[dataset]
stage = "segment"
[segments.before]
until = "needling"
[segments.after]
from = "needling:end"
[designs.parallel_prepost]
pre = "before"
post = "after"
"""
TAPS = [10.0, 60.0, 130.0, 200.0]
"""Seconds within each half at which something else happens, so that a task model has something to model."""


@pytest.fixture(scope="module")
def by_session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("halves")
    trial = write_trial(folder / "data", per_arm=4)
    for label in trial.people:
        for session in ("pre", "post"):
            raw = trial.root / f"sub-{label}" / f"ses-{session}" / "func"
            raw.mkdir(parents=True)
            write_events(raw / f"sub-{label}_ses-{session}_task-rest_events.tsv", [("tap", t, 4) for t in TAPS])
    for level, more in (("participant", ()), ("group", ("--n-permutations", "50"))):
        ended = run_deqi(trial.root, folder / "out", level, *WORDS, *more)
        assert ended.code == 0, ended.text
    return trial, folder / "out"


@pytest.fixture(scope="module")
def scanned_once(by_session, tmp_path_factory):
    """The same volumes in one run of each participant, with needling between them."""
    trial, _ = by_session
    root = tmp_path_factory.mktemp("once") / "data"
    write_once(trial, root)
    (root.parent / "a.toml").write_text(SETTINGS)
    out = root.parent / "out"
    for level, more in (("participant", ()), ("group", ("--n-permutations", "50"))):
        ended = run_deqi(root, out, level, *WORDS, "--config", root.parent / "a.toml", *more)
        assert ended.code == 0, ended.text
    return root, out, ended


def write_events(path, rows):
    lines = ["onset\tduration\ttrial_type", *(f"{onset:g}\t{duration:g}\t{kind}" for kind, onset, duration in rows)]
    path.write_text("\n".join(lines) + "\n")


def write_once(trial, root):
    """Write a dataset in which the two sessions of a trial are the ends of one run."""
    rng = np.random.default_rng(7)
    for path in ("dataset_description.json", "participants.tsv", "derivatives/fmriprep/dataset_description.json"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(trial.root / path, root / path)
    for label in trial.people:
        halves = [trial.file(label, session, "bold") for session in ("pre", "post")]
        tables = [read_tsv(trial.file(label, session, "confounds")) for session in ("pre", "post")]
        folder = root / "derivatives" / "fmriprep" / f"sub-{label}" / "func"
        folder.mkdir(parents=True)
        stem = f"sub-{label}_task-rest"
        between = np.where(brain()[..., None], 500 + 30 * rng.standard_normal((*SHAPE, NEEDLING)), 0)
        parts = [np.asarray(nib.load(half).dataobj) for half in halves]
        whole = np.concatenate([parts[0], between.astype(np.float32), parts[1]], axis=-1)
        nib.save(
            nib.Nifti1Image(whole, AFFINE, nib.load(halves[0]).header),
            folder / f"{stem}_{SPACE}_desc-preproc_bold.nii.gz",
        )
        (folder / f"{stem}_{SPACE}_desc-preproc_bold.json").write_text(json.dumps({"RepetitionTime": TR}))
        shutil.copy(trial.file(label, "pre", "mask"), folder / f"{stem}_{SPACE}_desc-brain_mask.nii.gz")
        write_confounds(folder / f"{stem}_desc-confounds_timeseries.tsv", confounds(rng, NEEDLING))
        middle = read_tsv(folder / f"{stem}_desc-confounds_timeseries.tsv")
        rows = [list(middle), *(zip(*table.values(), strict=True) for table in (tables[0], middle, tables[1]))]
        lines = ["\t".join(rows[0]), *("\t".join(row) for part in rows[1:] for row in part)]
        (folder / f"{stem}_desc-confounds_timeseries.tsv").write_text("\n".join(lines) + "\n")
        raw = root / f"sub-{label}" / "func"
        raw.mkdir(parents=True)
        begin, end = FRAMES * TR, (FRAMES + NEEDLING) * TR
        events = [("needling", begin, end - begin), *(("tap", start + t, 4) for start in (0, end) for t in TAPS)]
        write_events(raw / f"{stem}_events.tsv", events)


def values_of(folder, pattern):
    """Return maps, and tables as text, by what tells them apart besides session and segment."""
    found = {}
    for path in sorted(folder.glob(pattern)):
        name = "_".join(word for word in path.name.split("_") if word.partition("-")[0] not in ("ses", "segment"))
        found[name] = np.asarray(nib.load(path).dataobj) if name.endswith(".nii.gz") else path.read_text()
    return found


def test_a_segment_is_to_the_bit_the_same_volumes_as_a_run_of_its_own(by_session, scanned_once):
    (_, expected), (_, out, _) = by_session, scanned_once
    for session, segment in (("pre", "before"), ("post", "after")):
        for ending in ("*.nii.gz", "*_relmat.tsv", "*_timeseries.tsv", "*_outliers.tsv"):
            own = values_of(out / "sub-03" / "func", f"*_segment-{segment}_{ending}")
            other = values_of(expected / "sub-03" / f"ses-{session}" / "func", ending)
            assert own.keys() == other.keys()
            assert own
            for name, values in own.items():
                np.testing.assert_array_equal(values, other[name], err_msg=name)
    for pattern in ("*_statmap.nii.gz", "*_clusters.tsv", "*_edges.tsv", "*_characteristics.tsv"):
        own, other = (values_of(folder / "group", pattern) for folder in (out, expected))
        assert own.keys() == other.keys()
        for name, values in own.items():
            np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_files_say_which_part_of_the_run_they_are_of(scanned_once):
    _, out, _ = scanned_once
    about = json.loads(next(out.glob("sub-01/func/*_segment-after_*stat-fisherz_statmap.json")).read_text())
    assert about["Segment"] == {
        "Name": "after", "Rule": "from needling:end until the last volume", "FirstVolume": FRAMES + NEEDLING,
        "LastVolume": 2 * FRAMES + NEEDLING - 1, "Begin": 360.0, "End": 660.0, "Units": "s from the first volume",
    }  # fmt: skip
    assert about["VolumesTotal"] == FRAMES
    flow = json.loads(next(out.glob("group/*_flow.json")).read_text())
    assert (flow["Stage"], flow["Sessions"]) == ("segment", {"pre": "before", "post": "after"})
    assert validate_bids(out).returncode == 0
    person, group = (out / "sub-01.html").read_text(), group_pages(out)
    assert "segment-before" in person
    assert "residual df" in group
    assert "habituation" in group


def test_a_run_without_the_event_is_told_and_the_others_go_on(by_session, tmp_path):
    root, out = tmp_path / "data", tmp_path / "out"
    write_once(by_session[0], root)
    events = root / "sub-01" / "func" / "sub-01_task-rest_events.tsv"
    write_events(events, [("tap", 10, 4)])
    (root / "sub-02" / "func" / "sub-02_task-rest_events.tsv").unlink()
    write_events(root / "sub-03" / "func" / "sub-03_task-rest_events.tsv", [("needling", 30, 20)])
    words = ["--seeds", SEEDS[0], "--measures", "seed_correlation", "--config", tmp_path / "a.toml"]
    (tmp_path / "a.toml").write_text(SETTINGS)
    ended = run_deqi(root, out, "participant", *words)
    assert ended.code == 1
    assert (
        "trial type 'needling', which its events do not have (sub-01_task-rest_events.tsv; trial types: tap)"
        in ended.err
    )
    assert "there is no events file; trial types: none" in ended.err
    assert "sub-03_task-rest_segment-before" in ended.err
    assert "0.5 minutes" in ended.err
    ended = run_deqi(root, out, "group", *words, "--n-permutations", "20")
    assert ended.code == 65  # three of eight are too many: the message tells of each
    assert "Both sessions are there for 2 verum and 3 sham participants" in ended.err
    for label in ("sub-01: session before: participant level failed", "sub-02: session", "sub-03: session before: "):
        assert label in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[segments.before]\nuntil = 'x'\n", "Segments of runs need both"),
        ("[dataset]\nstage = 'segment'\n", "Segments of runs need both"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\n", "cut by events (from, until) or by seconds"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nuntil='x'\nseconds=[0, 3]\n", "or by seconds, one of both"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nseconds=[300, 0]\n", "begin and end"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nfrom=':end'\n", "names no trial type"),
        ("[dataset]\nstage = 'segment'\n[segments.a_b]\nuntil='x'\n", "letters and digits alone"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nseconds=[0, inf]\n", "begin and end"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nfrom='x:end + 6'\n", "without blanks"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nuntil='x'\n[segments.A]\nfrom='x'\n", "differ by case alone"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nform='x'\n", "did you mean"),
        ("[dataset]\nstage = 'segment'\n[segments.a]\nuntil='x'\n[modalities.eeg]\n", "eeg is not cut"),
    ],
)
def test_rules_that_cannot_be_are_refused(by_session, tmp_path, text, said):
    (tmp_path / "a.toml").write_text(text)
    ended = run_deqi(by_session[0].root, tmp_path / "out", "participant", "--config", tmp_path / "a.toml")
    assert ended.code == 64
    assert said.lower() in ended.text.lower()


def test_another_rule_is_other_work_and_the_group_says_so(scanned_once, tmp_path):
    root, made, _ = scanned_once
    out = tmp_path / "out"
    shutil.copytree(made, out)
    (tmp_path / "a.toml").write_text(SETTINGS.replace("needling:end", "needling:end+20"))
    words = [*WORDS, "--config", tmp_path / "a.toml"]
    ended = run_deqi(root, out, "group", *words)
    assert ended.code == 64
    assert "from needling:end until the last volume. Run the participant level with it first" in ended.text
    ended = run_deqi(root, out, "participant", *words, "--participant-label", "01")
    assert ended.code == 0
    about = json.loads(next(out.glob("sub-01/func/*_segment-after_*stat-fisherz_statmap.json")).read_text())
    assert (about["Segment"]["FirstVolume"], about["VolumesTotal"]) == (190, 140)
    status = run_deqi(root, out, "participant", *words, "--status")
    assert "16 of 16 sessions are done" in status.out
    (tmp_path / "b.toml").write_text(SETTINGS)
    missing = run_deqi(root, out, "participant", *WORDS, "--config", tmp_path / "b.toml", "--missing", "--status")
    assert missing.out.split() == ["01"]


def test_one_segment_of_all_can_be_asked_for_and_a_dry_run_names_its_files(scanned_once, tmp_path):
    root, _, _ = scanned_once
    (tmp_path / "a.toml").write_text(SETTINGS)
    words = [*WORDS, "--config", tmp_path / "a.toml", "--session-label", "after", "--participant-label", "02"]
    planned = run_deqi(root, tmp_path / "out", "participant", *words, "--dry-run")
    names = {line.split()[-1] for line in planned.out.splitlines() if line.strip().startswith("writes")}
    ended = run_deqi(root, tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.text
    assert names
    assert names <= {str(path) for path in (tmp_path / "out").rglob("*")}
    assert not list((tmp_path / "out").rglob("*segment-before*"))


def test_a_segment_that_is_called_otherwise_now_takes_no_part(scanned_once, tmp_path):
    """Its old files stay; the group compares the segments that there are now, and the overview shows each."""
    root, made, _ = scanned_once
    out = tmp_path / "out"
    shutil.copytree(made, out)
    (tmp_path / "a.toml").write_text(SETTINGS.replace("segments.after", "segments.later").replace('"after"', '"later"'))
    words = [*WORDS, "--config", tmp_path / "a.toml"]
    for level, more in (("participant", ()), ("group", ("--n-permutations", "20"))):
        ended = run_deqi(root, out, level, *words, *more)
        assert ended.code == 0, ended.text
    assert "8 results of segment after are there, and this call has no such stage: not compared" in ended.text
    flow = json.loads(next(out.glob("group/*_flow.json")).read_text())
    assert flow["Sessions"] == {"pre": "before", "post": "later"}
    index = (out / "index.html").read_text()
    assert "task-rest segment-before" in index
    assert "task-rest segment-later" in index
    ratings = tmp_path / "ratings.tsv"
    ratings.write_text("participant_id\tsession_id\trating\nsub-01\tlater\texclude\n")
    ended = run_deqi(root, out, "group", *words, "--n-permutations", "20", "--exclusions", ratings)
    assert ended.code == 0, ended.text
    assert "sub-01" in read_tsv(next(out.glob("group/*_flow.tsv")))["participant_id"]
