"""Whatever versions of fMRIPrep write in names means the same: order, zeros, compression, entities of tomorrow."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bids_app.dataset.filters import series_filter
from bids_app.dataset.fmriprep import choose_space, find_series
from bids_app.dataset.fmriprep_runs import complete, recordings_of
from bids_app.errors import NothingSelectedError, UsageError
from bids_app.plan.discovery import analysed_apart
from bids_app.plan.inputs import template_label
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.selection import Selection

SPACE = "MNI152NLin2009cAsym"
ENTITIES = {"ses": "pre", "task": "rest", "acq": "mb", "run": "1", "hash": "1a2b", "part": "mag"}


def name(entities, tail, order):
    """Return a name whose entities stand in any order after the subject."""
    pairs = [f"{key}-{value}" for key, value in entities.items() if key != "sub"]
    random.Random(order).shuffle(pairs)
    return "_".join([f"sub-{entities['sub']}", *pairs, tail])


def read(root, raw, runs, *, with_events=False):
    search = Search(roots={"fmriprep": root}, bids_dir=raw, selection=Selection(), with_events=with_events)
    return recordings_of(Found(runs={"fmriprep": runs}), search)


def padded(value, width):
    return value.zfill(width) if value.isdecimal() else value


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(sorted(ENTITIES))), st.integers(0, 99), st.integers(1, 3), st.sampled_from(["", ".gz"]),
    st.sampled_from(["", "2", "02"]),
)  # fmt: skip
def test_a_run_finds_what_belongs_to_it(tmp_path_factory, some, order, width, packed, resolution):
    root = tmp_path_factory.mktemp("fmriprep")
    own = {"sub": "01", "task": "rest", **{key: ENTITIES[key] for key in some}}
    folder = root / "sub-01" / (f"ses-{own['ses']}" if "ses" in own else "") / "func"
    folder.mkdir(parents=True)
    spatial = {"space": SPACE, **({"res": resolution} if resolution else {})}
    other = {**own, "run": padded(own.get("run", "1"), width)} if "run" in own else own
    made = {
        "series": name({**own, **spatial, "desc": "preproc"}, f"bold.nii{packed}", order),
        "mask": name({**other, **spatial, "desc": "brain"}, f"mask.nii{packed}", order + 1),
        "confounds": name({**other, "desc": "confounds"}, "timeseries.tsv", order + 2),
        "events": name(other, "events.tsv", order + 3),
    }
    decoys = [name({**own, "task": "other", "desc": "confounds"}, "timeseries.tsv", 0),
              name({**own, **spatial, "desc": "aseg"}, "dseg.nii.gz", 0)]  # fmt: skip
    for file in (*made.values(), *decoys):
        (folder / file).write_text("x")
    (folder / made["series"].replace(f".nii{packed}", ".json")).write_text('{"RepetitionTime": 2}')
    series, problems = find_series(root, ["01"], Selection())
    assert not problems
    runs, incomplete = complete(series, *choose_space(series, Selection()))
    assert not incomplete
    (run,) = read(root, root, runs, with_events=True)
    found = {"series": run.series, **run.companions, "events": run.events}
    assert {key: path.name for key, path in found.items()} == made
    assert run.metadata == {"RepetitionTime": 2}
    assert run.entities.get("res", "") == resolution.lstrip("0")


def series_in(root, *names):
    folder = root / "sub-01" / "func"
    folder.mkdir(parents=True)
    for one in names:
        (folder / one).write_text("x")
    return find_series(root, ["01"], Selection())


def test_a_series_that_is_there_twice_is_read_once(tmp_path):
    plain = f"sub-01_task-rest_space-{SPACE}_desc-preproc_bold.nii"
    found, said = series_in(tmp_path, plain, f"{plain}.gz")
    assert [one.name for one in found] == [f"{plain}.gz"]
    assert plain in said[0].text


@pytest.mark.parametrize(
    ("word", "resolution", "expected"),
    [("", "", UsageError), ("", "native", None), ("", "2", "2"), ("", "3", NothingSelectedError)],
)
def test_every_resolution_can_be_chosen(tmp_path, word, resolution, expected):
    stem = f"sub-01_task-rest_space-{SPACE}"
    found, _ = series_in(tmp_path, f"{stem}_desc-preproc_bold.nii.gz", f"{stem}_res-02_desc-preproc_bold.nii.gz")
    selection = Selection(resolution=resolution)
    if isinstance(expected, type):
        with pytest.raises(expected, match=r"native.*res-2|native, 2|2, native|res-native"):
            choose_space(found, selection)
    else:
        assert choose_space(found, selection) == (SPACE, expected)


@pytest.mark.parametrize(
    ("word", "pair"),
    [("res-02", ("res", "2")), ("res-native", ("res", "native")), ("native", ("res", "native")),
     ("cohort-5", ("cohort", "5")), ("2", ("res", "2"))],
)  # fmt: skip
def test_modifiers_of_spaces_are_those_of_fmriprep(word, pair):
    assert template_label(word, f"{SPACE}:{word}") == pair
    with pytest.raises(UsageError, match="no modifier"):
        template_label("fine", f"{SPACE}:fine")


@pytest.mark.parametrize(
    ("query", "fits"),
    [({"run": 1}, True), ({"run": "01"}, True), ({"run": [2, "1"]}, True), ({"run": 2}, False), ({"run": None}, False),
     ({"echo": None}, True), ({"part": ["mag", None]}, True), ({"run": "*"}, True), ({"res": 2}, True),
     ({"session": "01"}, False), ({"session": "1"}, True)],
)  # fmt: skip
def test_filters_compare_indices_as_numbers_and_labels_as_text(tmp_path, query, fits):
    (tmp_path / "f.json").write_text(json.dumps({"bold": query}))
    file = tmp_path / f"sub-01/ses-1/func/sub-01_ses-1_task-rest_run-01_space-{SPACE}_res-02_desc-preproc_bold.nii.gz"
    assert series_filter(tmp_path / "f.json")(file) is fits


def test_the_repetition_time_of_old_versions_stands_in_the_raw_dataset(tmp_path):
    stem = f"sub-01_task-rest_space-{SPACE}_desc"
    root, raw = tmp_path / "fmriprep", tmp_path
    found, _ = series_in(root, f"{stem}-preproc_bold.nii.gz", f"{stem}-brain_mask.nii.gz",
                         "sub-01_task-rest_desc-confounds_timeseries.tsv")  # fmt: skip
    (raw / "task-rest_bold.json").write_text('{"RepetitionTime": 3, "TaskName": "rest"}')
    (raw / "sub-01").mkdir()
    runs, _ = complete(found, SPACE, None)
    (run,) = read(root, raw, runs)
    assert run.metadata == {"RepetitionTime": 3}
    (raw / "sub-01" / "sub-01_task-rest_bold.json").write_text('{"RepetitionTime": 2.5}')  # nearer: it wins
    (run,) = read(root, raw, runs)
    assert run.metadata == {"RepetitionTime": 2.5}
    assert run.uri(run.sidecars[-1]) == "bids:raw:sub-01/sub-01_task-rest_bold.json"


def test_what_is_analysed_apart_is_said_once():
    def scan(**entities):
        return {"ses": "pre", "task": "rest", **entities}

    people = [scan(sub=f"{i}", acq=acq, run="1") for i in range(9) for acq in ("a", "b")]
    (said,) = analysed_apart(people, ("run", "dir"))
    assert "acq a, b are analysed apart" in said
    assert '["run", "dir", "acq"]' in said
    (said,) = analysed_apart([scan(sub="1", dir=way) for way in ("AP", "PA")], ("run", "dir"))
    assert "dir-AP, dir-PA" in said
    assert not analysed_apart([scan(sub="1", run=r) for r in "12"] + [scan(sub="2", acq="a")], ("run", "dir"))


@pytest.mark.parametrize(
    ("name", "fits"),
    [("func/sub-01_task-rest_bold.nii.gz", True), ("func/sub-01_task-nback_bold.nii.gz", False),
     ("pet/sub-01_run-2_pet.json", True), ("pet/sub-01_run-1_pet.json", False),
     ("eeg/sub-01_task-nback_eeg.set", True), ("eeg/sub-01_task-rest_eeg.set", False),
     ("func/sub-01_task-rest_recording-ecg_physio.tsv.gz", False),
     ("eeg/sub-01_task-nback_recording-resp_physio.tsv.gz", True)],
)  # fmt: skip
def test_each_query_of_a_filter_file_is_for_files_of_its_kind(tmp_path, name, fits):
    (tmp_path / "f.json").write_text(
        '{"bold": {"task": "rest"}, "pet": {"run": 2}, "eeg": {"task": "nback"}, "physio": {"recording": "resp"}}'
    )
    assert series_filter(tmp_path / "f.json")(tmp_path / "sub-01" / name) is fits
