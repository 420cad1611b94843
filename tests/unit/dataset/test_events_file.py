"""Times of events are in seconds, whatever unit the JSON beside the table declares."""

from __future__ import annotations

import json

import pytest

from bids_app.dataset.events import events_of
from bids_app.errors import WrongDataError
from bids_app.vocabulary.recording import Recording


def run(folder, about=None, rows=("10\t5\tneedle", "n/a\t0.5\tneedle")):
    table, sidecar = folder / "task-rest_events.tsv", folder / "task-rest_events.json"
    table.write_text("\n".join(["onset\tduration\ttrial_type", *rows]) + "\n")
    sidecar.write_text(json.dumps(about or {}))
    return Recording(
        modality="fmri", entities={"sub": "01"}, series=folder, root=folder, dataset="raw", events=table,
        event_sidecars=(sidecar,),
    )  # fmt: skip


@pytest.mark.parametrize("unit", ["", "s", "Seconds", "sec"])
def test_seconds_stay_as_they_are_written(tmp_path, unit):
    table = events_of(run(tmp_path, {"onset": {"Units": unit}, "duration": {"LongName": "how long"}}))
    assert table == {"onset": ["10", "n/a"], "duration": ["5", "0.5"], "trial_type": ["needle"] * 2}


@pytest.mark.parametrize("unit", ["ms", "Milliseconds", "msec"])
def test_milliseconds_that_are_declared_become_seconds_column_by_column(tmp_path, unit):
    table = events_of(run(tmp_path, {"onset": {"Units": unit}}, ("10000\t5\tneedle", "n/a\t0.5\tneedle")))
    assert table["onset"] == ["10.0", "n/a"]
    assert table["duration"] == ["5", "0.5"]


def test_a_unit_that_is_none_of_time_is_refused(tmp_path):
    with pytest.raises(WrongDataError, match=r"duration is said to be in 'TR'.*expected s"):
        events_of(run(tmp_path, {"duration": {"Units": "TR"}}))


def test_a_run_without_events_has_none(tmp_path):
    own = run(tmp_path)
    silent = Recording(modality="fmri", entities=own.entities, series=tmp_path, root=tmp_path, dataset="")
    assert events_of(silent) == {}
