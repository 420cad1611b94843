"""Identifiers of tables about people: a column that is nearly the one, and rows that belong to no one."""

from __future__ import annotations

import pytest

from bids_app.dataset.participants import read_participants
from bids_app.dataset.phenotype import read_phenotype
from bids_app.dataset.sessions import read_sessions
from bids_app.errors import InvalidBidsError

READERS = {
    "participants": (read_participants, "participant_id", "sub-"),
    "phenotype": (read_phenotype, "participant_id", "sub-"),
    "sessions": (read_sessions, "session_id", "ses-"),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "spell", [str.upper, str.title, lambda word: f"{word} ", lambda word: word.replace("_id", "_d")]
)
def test_a_header_that_is_nearly_the_one_is_named(tmp_path, name, spell):
    read, column, prefix = READERS[name]
    path = tmp_path / f"{name}.tsv"
    path.write_text(f"{spell(column)}\tvas\n{prefix}01\t5\n")
    with pytest.raises(InvalidBidsError, match=f"Is '{spell(column)}' meant"):
        read(path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("cell", ["", " ", "n/a", "sub-"])
def test_a_row_of_no_one_is_named_by_its_line(tmp_path, name, cell):
    read, column, prefix = READERS[name]
    if cell == "sub-":
        cell = prefix
    path = tmp_path / f"{name}.tsv"
    path.write_text(f"{column}\tvas\n{prefix}01\t5\n{cell}\t6\n")
    with pytest.raises(InvalidBidsError, match=f"line 3: no {column}"):
        read(path)
