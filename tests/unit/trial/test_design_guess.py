"""What --init-config and secrecy tell from words: arms, order of sessions, crossover; never the alphabet."""

from __future__ import annotations

import itertools

import pytest

from bids_app.trial.allocation_secrecy import readable, telling
from bids_app.trial.design_guess import guess_design, in_time


def people(**columns):
    count = len(next(iter(columns.values())))
    rows = [{name: values[i] for name, values in columns.items()} for i in range(count)]
    return {f"{i:02d}": {"participant_id": f"sub-{i:02d}", **row} for i, row in enumerate(rows)}


SEX = ["F", "M", "M", "F", "F", "M"]


@pytest.mark.parametrize("name", ["group", "arm", "randomisation", "Treatment", "allocation", "trt_group"])
@pytest.mark.parametrize(
    ("active", "control"), [("verum", "sham"), ("real", "placebo"), ("EA", "sham EA"), ("active", "mock")]
)
def test_arms_are_found_by_their_words_wherever_they_stand(name, active, control):
    arms = [active, control] * 3
    for order in itertools.permutations(["sex", name, "age"]):
        columns = {"sex": SEX, name: arms, "age": ["30", "31", "32", "33", "34", "35"]}
        found = guess_design(people(**{key: columns[key] for key in order}), ["pre", "post"], {})
        assert found.options["column"] == name
        assert (found.options["active"], found.options["control"]) == (active, control)
        assert found.design == "parallel_prepost"
        assert not found.questions


def test_codes_have_the_meaning_of_their_description_or_are_a_question():
    rows = people(sex=["1", "2", "2", "1", "1", "2"], arm=["1", "2", "1", "2", "n/a", "1"])
    asked = guess_design(rows, ["pre", "post"], {})
    assert asked.options["column"] == "arm"
    assert {asked.options["active"], asked.options["control"]} == {"1", "2"}
    assert "which of 1, 2 is the real treatment" in asked.questions["active"]
    known = guess_design(rows, ["pre", "post"], {"arm": {"Levels": {"1": "sham needle", "2": "real needle"}}})
    assert (known.options["active"], known.options["control"]) == ("2", "1")
    assert not known.questions


def test_sex_site_and_diagnosis_are_never_arms():
    for name, values in (("sex", SEX), ("site", ["A", "B"] * 3), ("diagnosis", ["migraine", "none"] * 3)):
        assert "column" not in guess_design(people(**{name: values}), ["pre", "post"], {}).options


@pytest.mark.parametrize(
    ("sessions", "expected", "sure"),
    [
        (["post", "pre"], ["pre", "post"], True),
        (["followup", "baseline", "post"], ["baseline", "post", "followup"], True),
        (["02", "01"], ["01", "02"], False),
        (["10", "9"], ["9", "10"], False),
        (["beta", "alpha"], ["alpha", "beta"], False),
    ],
)
def test_sessions_are_ordered_by_words_then_numbers_and_asked_about(sessions, expected, sure):
    order, asked = in_time(sessions, {})
    assert order == expected
    assert (not asked) == sure


def test_dates_decide_over_words():
    rows = {"01": {"acq_time_pre": "2024-05-01", "acq_time_post": "2024-03-01"}}
    assert in_time(["pre", "post"], rows) == (["post", "pre"], "")


def test_sessions_called_after_treatments_are_a_crossover():
    found = guess_design(people(sequence=["AB", "BA"] * 3), ["sham", "verum"], {})
    assert found.design == "crossover"
    assert (found.options["first"], found.options["second"]) == ("verum", "sham")
    assert "begins with the real treatment" in found.questions["active"]
    undated = guess_design(people(age=["30"] * 6), ["sham", "verum"], {})
    assert "column" in undated.questions


def test_three_arms_and_no_sessions():
    arms = ["verum", "sham", "waitlist control"] * 2
    found = guess_design(people(group=arms), [], {})
    assert found.design == "post_only"
    assert found.options["more_arms"] == ("waitlist control",)
    assert guess_design(people(age=["30", "31"]), [], {}).design == "one_arm"


ARM = ["verum", "sham"] * 5


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["real needles", "placebo needles"] * 5, True),
        (["real needle", "placebo needles", *["real needles", "placebo needles"] * 4], True),  # a typing error
        (["1", "2"] * 5, True),
        (["x", "y"] * 4 + ["y", "y"], True),  # one wrong of ten
        ([str(20 + 3 * i) for i in range(10)], False),
        (["F", "F", "M", "M", "F", "F", "M", "M", "F", "M"], False),
        ([f"remark {i}" for i in range(10)], True),  # free text may tell
    ],
)
def test_columns_that_tell_the_arm_are_found_in_whatever_words(values, told):
    assert ("other" in telling(people(group=ARM, other=values), "group")) == told


def test_codes_of_sex_are_no_arms_but_a_column_called_arm_is():
    rows = people(sex=["1", "2"] * 3)
    assert not readable(rows, "arm", {"1", "2"}, {})
    assert "Column arm has" in readable(people(arm=["1", "2"] * 3), "treatment", {"1", "2"}, {})
    assert "Column x has" in readable(people(x=["real", "placebo"] * 3), "arm", {"verum", "sham"}, {})
    assert "Column x has" in readable(people(x=["1", "2"] * 3), "arm", {"verum", "sham"},
                                      {"x": {"Levels": {"1": "verum", "2": "sham"}}})  # fmt: skip
    assert not readable(people(group=["n/a"] * 6), "group", {"verum", "sham"}, {})
    assert not readable(people(guess=["verum", "sham"] * 3), "group", {"verum", "sham"}, {}, asked="guess")


@pytest.mark.parametrize("name", ["belief", "guess_arm", "perceived_treatment", "expectation"])
def test_what_participants_believe_is_never_the_arm(name):
    found = guess_design(people(**{name: ["real", "placebo"] * 3, "group": ["A", "B"] * 3}), ["pre", "post"], {})
    assert found.options["column"] == "group"
    assert "real treatment" in found.questions["active"]


@pytest.mark.parametrize("orders", [("AB", "BA"), ("real-sham", "sham-real"), ("verum>sham", "sham>verum")])
def test_cells_with_orders_are_a_crossover_whatever_the_column_is_called(orders):
    found = guess_design(people(group=[*orders] * 3), ["period1", "period2"], {})
    assert found.design == "crossover"
    assert found.options["column"] == "group"
