"""Which recordings of EEG are taken: the best form of each, in one version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bids_app.dataset import eeg_recordings
from bids_app.errors import MissingInputError, NothingSelectedError, UsageError
from bids_app.vocabulary.found import Search
from bids_app.vocabulary.selection import Selection


def touched(root, *names, derivative=True):
    root.mkdir(parents=True, exist_ok=True)
    about = {"Name": "x", "BIDSVersion": "1.9.0", **({"DatasetType": "derivative"} if derivative else {})}
    (root / "dataset_description.json").write_text(json.dumps(about))
    for name in names:
        path = root / name.split("_")[0] / "eeg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def search(raw, *, people=("01",), with_events=False, tasks=(), **roots):
    return Search(
        roots={"raw": raw, **roots}, bids_dir=raw, selection=Selection(tasks=tasks), people=people,
        with_events=with_events,
    )  # fmt: skip


def taken(asked):
    return sorted(one.series.name for own in eeg_recordings.find(asked).runs.values() for one in own)


@pytest.fixture
def raw(tmp_path):
    return touched(tmp_path / "raw", "sub-01_task-EC_eeg.vhdr", "sub-01_task-EC_eeg.eeg", derivative=False)


def test_clean_epochs_win_and_for_events_the_continuous_recording(tmp_path, raw):
    clean = touched(
        tmp_path / "mnebids", "sub-01_task-EC_proc-clean_epo.fif", "sub-01_task-EC_proc-clean_raw.fif",
        "sub-01_task-EC_proc-ica_epo.fif", "sub-01_task-EC_proc-clean_split-02_epo.fif", "sub-01_task-EC_ave.fif",
    )  # fmt: skip
    assert taken(search(raw, mnebids=clean)) == ["sub-01_task-EC_proc-clean_epo.fif"]
    assert taken(search(raw, mnebids=clean, with_events=True)) == ["sub-01_task-EC_proc-clean_raw.fif"]


def test_any_derivative_wins_over_the_raw_recording_and_each_task_for_itself(tmp_path, raw):
    touched(raw, "sub-01_task-EO_eeg.edf", derivative=False)
    other = touched(tmp_path / "eeglab", "sub-01_task-EC_desc-clean_eeg.set")
    assert taken(search(raw, eeglab=other)) == ["sub-01_task-EC_desc-clean_eeg.set", "sub-01_task-EO_eeg.edf"]
    assert taken(search(raw, eeglab=other, tasks=("EO",))) == ["sub-01_task-EO_eeg.edf"]
    touched(other, "sub-01_task-EC_desc-ica_eeg.set")
    with pytest.raises(UsageError, match=r"several versions \(desc clean, ica\)"):
        taken(search(raw, eeglab=other))


def test_runs_of_one_task_are_all_taken_and_files_beside_belong_to_them(tmp_path):
    raw = touched(
        tmp_path / "raw", "sub-01_task-EC_run-1_eeg.set", "sub-01_task-EC_run-1_eeg.fdt",
        "sub-01_task-EC_run-2_eeg.set", "sub-01_task-EC_run-2_channels.tsv", derivative=False,
    )  # fmt: skip
    runs = eeg_recordings.find(search(raw)).runs["raw"]
    assert [sorted(one.companions) for one in runs] == [["samples"], ["channels"]]
    assert {one.entities["run"] for one in runs} == {"1", "2"}


def test_nothing_and_only_raw_are_told(tmp_path, raw):
    with pytest.raises(NothingSelectedError, match="No recording of EEG"):
        taken(search(touched(tmp_path / "empty", derivative=False)))
    asked = search(raw)
    found = eeg_recordings.find(asked)
    with pytest.raises(MissingInputError, match=r"only raw.*Such recordings: 1\."):
        eeg_recordings.recordings_of(found, asked, take_raw=False)
    (one,) = eeg_recordings.recordings_of(found, asked, take_raw=True)
    assert (one.modality, one.dataset) == ("eeg", "raw")
    assert Path(one.companions["samples"]).name == "sub-01_task-EC_eeg.eeg"


def test_a_recording_from_inside_the_scanner_is_known_by_the_name_of_its_series(raw):
    (raw / "sub-01" / "func").mkdir()
    (raw / "sub-01" / "func" / "sub-01_task-EC_bold.json").touch()
    asked = search(raw)
    (one,) = eeg_recordings.recordings_of(eeg_recordings.find(asked), asked, take_raw=True)
    assert eeg_recordings.scanned_with(one).name == "sub-01_task-EC_bold.json"
