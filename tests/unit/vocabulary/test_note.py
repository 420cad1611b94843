from __future__ import annotations

from bids_app.vocabulary.note import Note, merged


def test_notes_that_say_the_same_of_several_participants_are_one_line():
    notes = [
        Note(text="sub-01: no scan", participant="01"),
        Note(text="the table has no ages"),
        Note(text="sub-02: no scan", participant="02"),
        Note(text="sub-02_run-1 has no events", participant="02"),
    ]
    assert merged(notes) == ["sub-01, sub-02: no scan", "the table has no ages", "sub-02_run-1 has no events"]


def test_a_line_names_twelve_participants_and_counts_the_others():
    (text,) = merged(Note(text=f"sub-{i:02d}: no scan", participant=f"{i:02d}") for i in range(1, 16))
    assert text.startswith("sub-01, ")
    assert text.endswith("sub-12 and 3 more: no scan")
