"""Blinding of the table of participants: nothing in it may name the arms in other words."""

from __future__ import annotations

from bids_app.plan.blinding import blinded
from bids_app.settings import resolve

ROWS = {
    f"{i:02d}": {
        "participant_id": f"sub-{i:02d}",
        "group": arm,
        "needle": needle,
        "site": "ab"[i % 2],
        "age": str(30 + i),
    }
    for i, (arm, needle) in enumerate([("verum", "real"), ("sham", "blunt"), ("sham", "blunt"), ("verum", "real")])
}


def test_a_column_that_names_the_arms_otherwise_is_hidden_and_others_stay():
    rows, settings = blinded(ROWS, resolve({}))
    assert {row["group"] for row in rows.values()} == {"A", "B"}
    assert all(set(row) == {"participant_id", "group", "site", "age"} for row in rows.values())
    assert settings.design.options.active == "A"


def test_a_declared_stratum_is_kept():
    rows, _ = blinded(ROWS, resolve({"designs": {"parallel_prepost": {"strata": ["needle"]}}}))
    assert all("needle" in row for row in rows.values())


def test_what_is_missing_of_somebody_hides_nothing_and_words_of_arms_are_hidden():
    codes = ["n/a", "blunt", "blunt", "real"]
    guesses = ["verum", "verum", "sham", "n/a"]
    rows = {
        label: {**row, "needle": code, "guess_arm": guess}
        for (label, row), code, guess in zip(ROWS.items(), codes, guesses, strict=True)
    }
    masked, _ = blinded(rows, resolve({}))
    assert all(set(row) == {"participant_id", "group", "site", "age"} for row in masked.values())
