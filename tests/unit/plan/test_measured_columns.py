"""Values of sessions as columns of participants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bids_app.errors import WrongDataError
from bids_app.plan.completed_sessions import finished_sessions
from bids_app.plan.measured_columns import with_measured as joined
from bids_app.plan.participants_table import People
from bids_app.settings import resolve

VALUES = {"theta": "1.2", "alpha": "1.8", "beta": "1", "alphaRelative": "0.1", "alphaCorrected": "0.9",
          "exponent": "n/a", "iaf": "9.7", "paf": "10"}  # fmt: skip


def finished(out, label, session, *, acq="", values=VALUES, left_out=""):
    stem = f"sub-{label}_ses-{session}_task-EC" + (f"_acq-{acq}" if acq else "")
    folder = out / f"sub-{label}" / f"ses-{session}" / "eeg"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}_meas-region_stat-summary_statmap.tsv"
    path.write_text("\t".join(values) + "\n" + "\t".join(values.values()) + "\n")
    record = out / "logs" / "done" / f"{stem}_eeg.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "Version": "0", "Outputs": [str(path.relative_to(out))], "Options": {}, "Inputs": {}, "LeftOut": left_out,
        "Fingerprint": "", "Runs": [],
    }  # fmt: skip
    record.write_text(json.dumps(content))


def people(**columns):
    return People(table=Path("participants.tsv"), rows={"01": {"group": "verum", **columns}, "02": {"group": "sham"}})


def with_measured(out, settings, people):
    return joined(finished_sessions(out), settings, people)


@pytest.fixture
def settings():
    return resolve({"modalities": {"eeg": {}}})


def test_each_value_is_a_column_of_task_and_session(tmp_path, settings):
    finished(tmp_path, "01", "pre")
    finished(tmp_path, "01", "post", values={**VALUES, "alpha": "2.5"})
    found = with_measured(tmp_path, settings, people())
    assert (found.rows["01"]["alpha_EC_pre"], found.rows["01"]["alpha_EC_post"]) == ("1.8", "2.5")
    assert found.rows["01"]["exponent_EC_pre"] == "n/a"
    assert found.rows["02"] == {"group": "sham"}
    assert found.sources["alpha_EC_post"] == "eeg_spectrum"
    assert found.described["iaf_EC_pre"]["Units"] == "Hz"


def test_sessions_that_are_excluded_and_other_modalities_give_nothing(tmp_path, settings):
    finished(tmp_path, "01", "pre", left_out="too short")
    assert with_measured(tmp_path, settings, people()).rows == people().rows
    finished(tmp_path, "01", "pre")
    assert with_measured(tmp_path, resolve({}), people()).rows == people().rows


def test_what_else_tells_recordings_apart_stands_between_task_and_session(tmp_path, settings):
    finished(tmp_path, "01", "pre", acq="cap2")
    assert "alpha_EC_cap2_pre" in with_measured(tmp_path, settings, people()).rows["01"]


def test_a_column_of_that_name_must_agree(tmp_path, settings):
    finished(tmp_path, "01", "pre")
    assert with_measured(tmp_path, settings, people(alpha_EC_pre="1.80")).rows["01"]["alpha_EC_pre"] == "1.8"
    with pytest.raises(WrongDataError, match=r"alpha_EC_pre = 3 in participants.tsv and 1.8 by eeg_spectrum"):
        with_measured(tmp_path, settings, people(alpha_EC_pre="3"))
