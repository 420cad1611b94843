"""The layout of a trial in raw BIDS: what the validator accepts, and what we read all the same."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import validate_bids

from bids_app.dataset.phenotype import read_phenotype
from bids_app.dataset.sessions import add_sessions, read_sessions
from bids_app.errors import InvalidBidsError, WrongDataError


def write(path: Path, content: str | dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def raw(tmp_path):
    """A trial of two people with arms, repeated scales, needles and scans."""
    root = tmp_path / "raw"
    write(root / "README", "A made-up trial for tests; nobody was treated.\n" * 5)
    write(root / "dataset_description.json", {"Name": "t", "BIDSVersion": "1.10.0", "DatasetType": "raw",
                                              "License": "CC0", "Authors": ["A", "B"]})  # fmt: skip
    write(root / "participants.tsv", "participant_id\tage\tsex\tgroup\nsub-01\t40\tF\tverum\nsub-02\t41\tM\tsham\n")
    arms = {"Description": "Arm", "Levels": {"verum": "real needles", "sham": "devices"}}
    write(root / "participants.json", {"group": arms})
    write(root / "phenotype" / "vas.tsv", "participant_id\tvas_pre\tvas_post\nsub-01\t7\t3\nsub-02\t6\tn/a\n")
    about = {f"vas_{s}": {"Description": f"Pain {s}", "Units": "cm"} for s in ("pre", "post")}
    tool = {"Description": "Visual analogue scale", "TermURL": "https://doi.org/10.1371/journal.pmed.1000261"}
    write(root / "phenotype" / "vas.json", {"MeasurementToolMetadata": tool, **about})
    image = nib.Nifti1Image(np.zeros((4, 4, 4, 5), dtype=np.int16), np.diag([3, 3, 3, 1]))
    image.header.set_zooms((3, 3, 3, 2))
    image.header.set_xyzt_units("mm", "sec")
    for person in ("01", "02"):
        base = root / f"sub-{person}"
        write(base / f"sub-{person}_sessions.tsv", "session_id\tvas\nses-pre\t7\nses-post\t3\n")
        for session in ("pre", "post"):
            stem = f"sub-{person}_ses-{session}_task-rest_bold"
            folder = base / f"ses-{session}" / "func"
            write(folder / f"{stem}.json", {"RepetitionTime": 2.0, "TaskName": "rest"})
            nib.save(image, folder / f"{stem}.nii.gz")
    return root


def test_the_layout_of_a_trial_is_valid_bids_and_read(raw):  # T28
    ended = validate_bids(raw)
    assert ended.returncode == 0, ended.stdout
    assert read_phenotype(raw / "phenotype" / "vas.tsv") == {
        "01": {"vas_pre": "7", "vas_post": "3"},
        "02": {"vas_pre": "6", "vas_post": "n/a"},
    }


def test_a_long_table_is_not_bids_but_is_read_the_same(raw):  # T28
    wide = read_phenotype(raw / "phenotype" / "vas.tsv")
    rows = ["participant_id\tsession_id\tvas", "sub-01\tses-pre\t7", "sub-01\tses-post\t3", "sub-02\tses-pre\t6"]
    write(raw / "phenotype" / "vas.tsv", "\n".join(rows) + "\n")
    about = {"vas": {"Description": "Pain", "Units": "cm"}, "session_id": {"Description": "Session"}}
    write(raw / "phenotype" / "vas.json", about)
    ended = validate_bids(raw)
    assert ended.returncode == 16
    assert "TSV_INDEX_VALUE_NOT_UNIQUE" in ended.stdout
    assert read_phenotype(raw / "phenotype" / "vas.tsv") == wide


def test_tables_of_sessions_are_read_beside_the_others(raw):
    rows = {"01": {"age": "40", "vas_pre": "n/a"}, "02": {"age": "41", "vas_pre": "7"}, "03": {"age": "42"}}
    assert add_sessions(rows, raw) == {
        "01": {"age": "40", "vas_pre": "7", "vas_post": "3"},
        "02": {"age": "41", "vas_pre": "7", "vas_post": "3"},
        "03": {"age": "42", "vas_pre": "n/a", "vas_post": "n/a"},
    }
    with pytest.raises(WrongDataError, match="vas_pre is 7, and 6 in"):
        add_sessions({"01": {"vas_pre": "6"}}, raw)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("visit\tvas\npre\t7\n", "expected session_id"),
        ("session_id\tvas\nses-pre\t7\npre\t6\n", "names session pre twice"),
    ],
)
def test_tables_of_sessions_that_cannot_be_meant(raw, table, message):
    path = raw / "sub-01" / "sub-01_sessions.tsv"
    write(path, table)
    with pytest.raises(InvalidBidsError, match=message):
        read_sessions(path)


def test_rows_that_cannot_be_told_apart_are_refused(raw):
    write(raw / "phenotype" / "vas.tsv", "participant_id\tvas\nsub-01\t7\nsub-01\t3\n")
    with pytest.raises(WrongDataError, match="names participants more than once"):
        read_phenotype(raw / "phenotype" / "vas.tsv")
