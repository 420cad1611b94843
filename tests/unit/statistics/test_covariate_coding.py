"""One reader decides what a cell is: a number, a level, a code for missing, or an error that names who and what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bids_app.errors import UsageError, WrongDataError
from bids_app.statistics.covariate_coding import MISSING, code_covariates, is_missing, number, read_column
from bids_app.vocabulary.near_matches import bare, nearest, one_letter_apart, require_distinct, unmatched
from bids_app.vocabulary.terms import signed_terms

AGES = ["45", "31", "52", "28", "60", "33", "47", "39"]


def cells(words):
    return {f"{i + 1:02d}": word for i, word in enumerate(words)}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*AGES, "forty"], "holds numbers, but sub-09 has 'forty'.*Correct the cell"),
        ([*AGES, "<5"], "sub-09 has '<5'"),
        ([*AGES, "45 y"], "sub-09 has '45 y'"),
        ([*AGES, "1_000"], "sub-09 has '1_000'"),
        ([f"{age},5" for age in AGES], "Write decimal points, not commas"),
        ([*AGES, "45,5"], "sub-09 has '45,5'"),
        ([*AGES, "-99"], "sub-09 has -99.*looks like a code for missing"),
        ([*AGES, "999"], "sub-09 has 999"),
        (["5", "6", "5", "7", "6", "5", "-9"], "sub-07 has -9"),
        (["0", "20", "95", "40", "60", "-9"], "sub-06 has -9"),
        ([*AGES, "99999"], "sub-09 has 99999"),
    ],
)
def test_a_cell_that_does_not_belong_is_named(words, message):
    with pytest.raises(WrongDataError, match=message):
        read_column("age", cells(words))


@pytest.mark.parametrize("word", [*MISSING, " n/a ", "NA", "NaN", "#N/A", "."])
def test_what_spreadsheets_write_for_nothing_is_nothing(word):
    column = read_column("age", cells([*AGES, word]))
    assert is_missing(word)
    assert np.isnan(column.values[-1])
    assert not column.known[-1]
    assert column.values[:-1].tolist() == [float(age) for age in AGES]


def test_codes_are_levels_where_that_is_declared_and_limits_make_values_of_codes():
    codes = cells(["1", "2", "1", "3", "2"])
    assert read_column("site", codes).values.tolist() == [1, 2, 1, 3, 2]
    column = read_column("site", codes, levels={"site"})
    assert column.values is None
    assert column.levels == ("1", "2", "3")
    assert column.indicator("2").tolist() == [0, 1, 0, 0, 1]
    assert "as levels (1, 2, 3)" in column.describe()
    assert read_column("vas", cells([*AGES, "999"]), limits=(0, 1000)).values[-1] == 999
    assert "as a number (28 to 60)" in read_column("age", cells(AGES)).describe()


def test_words_with_a_number_among_them_are_levels():
    column = read_column("dose", cells(["high", "low", "10", "high", "low"]))
    assert column.levels == ("10", "high", "low")


@given(st.lists(st.one_of(st.floats(-1e6, 1e6).map(lambda x: f"{x:.3f}"), st.sampled_from(MISSING)), min_size=1))
def test_numbers_and_gaps_are_always_read_as_they_are(words):
    column = read_column("x", cells(words), limits=(-1e6, 1e6))  # whatever looks like a code is a value of that range
    if column.values is None:
        assert not column.known.any() or not np.isfinite([number(w) for w in words if not is_missing(w)]).all()
        return
    for word, there, value in zip(words, column.known, column.values, strict=True):
        assert there == (not is_missing(word))
        assert value == pytest.approx(float(word)) if there else np.isnan(value)


def test_covariates_of_codes_become_indicators():
    rows = [{"participant_id": f"sub-{i}", "site": site} for i, site in enumerate(["1", "2", "3", "1", "2", "3"])]
    assert list(code_covariates(rows, ["site"])) == ["site"]
    assert list(code_covariates(rows, ["site"], {"site"})) == ["site_2", "site_3"]


@pytest.mark.parametrize("label", ["1", "001", "SUB-01", "sub-1", " 01"])
def test_identifiers_that_differ_by_zeros_case_or_prefix_are_one(label):
    assert bare(label) == bare("01")
    with pytest.raises(WrongDataError, match="differ by leading zeros, case or 'sub-' alone"):
        unmatched([label], ["01"], "the maps", "participants.tsv")


@given(st.sets(st.integers(1, 400)), st.sets(st.integers(1, 400)))
def test_every_label_without_a_row_comes_back(known, others):
    rows, labels = [f"{i:03d}" for i in known], [f"{i:03d}" for i in others]
    assert unmatched(rows, labels, "the maps", "participants.tsv") == sorted(set(labels) - set(rows))


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Verum", "verum"), ("verum ", "verum"), ("verum1", "verum"), ("vrum", "verum"), ("sham", ""), ("ver", "")],
)
def test_near_words(word, expected):
    assert nearest(word, ["verum", "placebo"]) == expected


@given(st.text("ab", max_size=4), st.text("ab", max_size=4))
def test_one_letter_apart_is_edit_distance_one(one, other):
    def distance(a, b):
        if not a or not b:
            return len(a) + len(b)
        return min(distance(a[1:], b) + 1, distance(a, b[1:]) + 1, distance(a[1:], b[1:]) + (a[0] != b[0]))

    assert one_letter_apart(one, other) == (distance(one, other) == 1)


def test_names_that_would_share_a_file_are_refused():
    require_distinct([("a", "a"), ("b", "b")], "Contrasts")
    for labels in ([("x", "x"), ("x", "x")], [("Age", "Age"), ("age", "age")]):
        with pytest.raises(UsageError, match="would have one file name"):
            require_distinct(labels, "Contrasts")


NAMES = st.sampled_from(["a", "a-b", "group_sham device", "b+c", "5ht"])


@given(st.lists(st.tuples(NAMES, st.sampled_from([1, -1, 2, -0.5])), min_size=1, max_size=5))
def test_whatever_a_table_can_hold_can_be_named_in_a_sum(terms):
    names = ["a", "a-b", "group_sham device", "b+c", "5ht", "b"]
    text = " ".join(f"{'-' if weight < 0 else '+'} {abs(weight):g}*{name}" for name, weight in terms)
    assert signed_terms(text, names) == [(name, float(weight)) for name, weight in terms]


def test_what_is_no_name_is_told():
    with pytest.raises(ValueError, match="agee"):
        signed_terms("2*age - agee", ["age"])


@pytest.mark.parametrize(
    "words",
    [
        ["F", "M", "f", "M"],
        ["Xi", "An", "xi ", "An"],
        ["1", "2", "01", "2"],
        ["1", "2", "1.0", "2"],
    ],
)
def test_one_level_in_two_spellings_is_refused(words):
    with pytest.raises(WrongDataError, match="one level in two spellings"):
        read_column("site", cells(words), levels={"site"})


def test_numbers_with_units_are_numbers_and_few_doses_are_levels():
    with pytest.raises(WrongDataError, match="sub-01 has '60 kg'"):
        read_column("weight", cells([f"{60 + i} kg" for i in range(9)]))
    assert read_column("frequency", cells(["2Hz", "100Hz"] * 4)).levels == ("100Hz", "2Hz")
