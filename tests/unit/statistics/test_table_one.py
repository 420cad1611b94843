"""Characteristics by arm: means, counts and standardised differences by hand."""

from __future__ import annotations

import math

import pytest

from bids_app.statistics.table_one import table_one

ROWS = [
    {"arm": "verum", "age": "30", "sex": "F", "note": f"person {i}", "pain": pain}
    for i, pain in enumerate(["6", "n/a", "5", "7"])
] + [{"arm": "sham", "age": "40", "sex": sex, "note": f"person {i + 4}", "pain": "5"} for i, sex in enumerate("FMMM")]


def test_numbers_have_mean_deviation_and_standardised_difference():
    (pain,) = table_one(ROWS, ("verum", "sham"), ["pain"])
    assert pain.cells == ((pytest.approx(6.0), pytest.approx(1.0)), (5.0, 0.0))
    assert pain.difference == pytest.approx(1 / math.sqrt((1 + 0) / 2))
    assert pain.missing == 1


def test_words_have_counts_and_the_difference_of_shares():
    female, male = table_one(ROWS, ("verum", "sham"), ["sex"])
    assert (female.level, female.cells) == ("F", ((4.0, 100.0), (1.0, 25.0)))
    assert male.cells == ((0.0, 0.0), (3.0, 75.0))
    assert female.difference == pytest.approx(0.75 / math.sqrt((0 + 0.25 * 0.75) / 2))


def test_what_does_not_vary_has_no_difference_and_names_are_left_out():
    (age,) = table_one(ROWS, ("verum", "sham"), ["age"])
    assert math.isnan(age.difference)  # 30 and 40, but nobody within an arm differs: no scale to measure it by
    many = [{**row, "note": f"person {i}"} for i, row in enumerate(ROWS * 2)]
    assert table_one(many, ("verum", "sham"), ["note"]) == []


def test_of_three_arms_the_largest_difference_is_told():
    rows = [{"arm": arm, "x": str(x)} for arm, at in (("a", 0), ("b", 1), ("c", 5)) for x in (at - 1, at, at + 1)]
    (x,) = table_one(rows, ("a", "b", "c"), ["x"])
    assert x.difference == pytest.approx(5.0)


def test_a_word_among_numbers_is_counted_as_missing_and_makes_no_levels():
    rows = [{"arm": arm, "age": age} for arm, age in zip("aabbb", ["40", "50", "forty", "30", "n/a"], strict=True)]
    (row,) = table_one(rows, ("a", "b"), ("age",))
    assert row.level == ""
    assert row.missing == 2
    assert row.cells[0] == pytest.approx((45, 50**0.5))
    assert row.cells[1][0] == 30
