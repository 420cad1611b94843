"""Outcomes as they are declared, checked, analysed and told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bids_app.errors import UsageError, WrongDataError
from bids_app.levels.trial import outcomes
from bids_app.levels.trial.trial_analysis import blinding, exposure, points
from bids_app.report.claims.outcomes import verdict
from bids_app.report.sections.outcome_rows import remark, table_row
from bids_app.statistics.clinical.moderation import moderated
from bids_app.statistics.clinical.outcome_data import Moderator, OutcomeData, ResultRow
from bids_app.trial.acupoints import codes, point_of
from bids_app.trial.checklists import checklist
from bids_app.trial.cohort import Cohort
from bids_app.trial.outcomes import Said, outcome_of
from bids_app.trial.treatment_dose import dose, with_exposure
from bids_app.vocabulary.options.design import ArmOptions
from bids_app.vocabulary.outcome import OutcomeOptions
from bids_app.vocabulary.treatment import Needle, TrialOptions

ABOUT = {"Direction": "lower is better", "Units": "points", "Minimum": 0, "Maximum": 100}
DESCRIBED = {"vas_pre": ABOUT, "vas_post": ABOUT}
ROWS = {"01": {"vas_pre": "60", "vas_post": "40"}, "02": {"vas_pre": "70", "vas_post": "n/a"}}


def declared(rows=None, described=None, visits=("pre", "post"), **options):
    said = Said(rows or ROWS, {}, DESCRIBED if described is None else described)
    return outcome_of("vas", OutcomeOptions(**options), said, visits)


def test_what_the_json_says_is_taken_and_the_settings_win():
    found = declared()
    assert (found.columns, found.endpoint, found.lower_is_better) == (("vas_pre", "vas_post"), "post", True)
    assert (found.units, found.minimum, found.maximum) == ("points", 0, 100)
    other = declared(better="higher", units="mm", maximum=70.0, remission=5.0)
    assert (other.lower_is_better, other.units, other.maximum, other.remission) == (False, "mm", 70, 5)
    assert declared(described={"vas": {**ABOUT, "LongName": "pain"}}).title == "pain"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"described": {}}, WrongDataError, "whether a lower or a higher vas is better"),
        ({"described": {"vas": {"Direction": "lower"}}}, WrongDataError, "has no units"),
        ({"column": "nrs"}, WrongDataError, "needs the column nrs_pre, nrs_post.*There are vas_post, vas_pre"),
        ({"visits": ()}, UsageError, "expected the one before treatment"),
        ({"endpoint": "later"}, UsageError, "expected one of post"),
        ({"maximum": 65.0}, WrongDataError, "sub-02 has vas_pre = 70; expected numbers from 0 to 65"),
        ({"rows": {"01": {"vas_pre": "sixty", "vas_post": "1"}}}, WrongDataError, "vas_pre = sixty"),
        ({"rows": {"01": {"vas_pre": "6_0", "vas_post": "1"}}}, WrongDataError, "vas_pre = 6_0"),
        (
            {"rows": {"01": {"vas_pre": "1.5", "vas_post": "1"}}, "kind": "count"},
            WrongDataError,
            "whole numbers from 0",
        ),
        ({"described": {"vas": {**ABOUT, "Minimum": "none"}}}, WrongDataError, "expected a number"),
    ],
)
def test_bad_records_are_refused_with_what_mends_them(options, error, said):
    with pytest.raises(error, match=said):
        declared(**options)


def scores(n=40, effect=0.0, gone=0, seed=0, **options):
    rng = np.random.default_rng(seed)
    arm = rng.permutation(n) % 2
    before = np.round(rng.normal(60, 10, n))
    after = np.round(0.5 * before + 20 + effect * (arm == 0) + rng.normal(0, 8, n))
    after[:gone] = np.nan
    outcome = declared(**options)
    return OutcomeData(
        outcome=outcome,
        values=np.column_stack([before, after]),
        arm=arm,
        arms=("verum", "sham"),
        strata=np.zeros(n, dtype=int),
        nuisance=np.ones((n, 1)),
        moderators=(),
        seed=0,
        requested=500,
    )


def by(name, values):
    """Return the moderators of people, here one."""
    return (Moderator(name=name, values=values),)


def by_name(found):
    return {row.name: row for row in found.rows if row.visit == "post" and len(row.arms) == 2}


def test_the_model_decides_and_the_rest_stands_beside():
    whole = by_name(outcomes.analyse(scores(effect=-10)))
    assert whole["ancova"].weight == "decides"
    assert "clda" not in whole
    assert whole["g"].estimate < 0
    gaps = by_name(outcomes.analyse(scores(effect=-10, gone=4)))
    assert (gaps["clda"].weight, gaps["ancova"].weight) == ("decides", "beside")
    assert gaps["mann_whitney"].weight == gaps["responders_30"].weight == "literature"
    assert {"change", "superiority", "variance_ratio"} <= set(gaps)


def test_probability_of_superiority_follows_the_direction():
    lower, higher = (
        by_name(outcomes.analyse(scores(effect=-10, better=b)))["superiority"].estimate for b in ("lower", "higher")
    )
    assert lower > 0.5
    assert lower + higher == pytest.approx(1)


def test_an_arm_that_nobody_was_asked_in_is_an_error():
    own = scores()
    own.values[own.arm == 1, 1] = np.nan
    with pytest.raises(WrongDataError, match="20 of verum and 0 of sham"):
        outcomes.analyse(own)


def test_uneven_losses_are_told():
    own = scores(n=40)
    own.values[np.flatnonzero(own.arm == 0)[:6], 1] = np.nan
    notes = outcomes.analyse(own).notes
    assert notes[0].code == outcomes.LOSSES
    assert notes[0].text.startswith("Not asked at post: 6 of verum, 0 of sham")
    assert "not missing at random" in notes[1].text


def test_outcomes_of_one_role_are_corrected_together_and_exploratory_ones_are_not():
    roles = ["secondary", "secondary", "exploratory", "primary"]
    found = outcomes.corrected([outcomes.analyse(scores(effect=-10, seed=i, role=r)) for i, r in enumerate(roles)])
    assert [one.holm_over for one in found] == [2, 2, 1, 1]
    raw = [one.deciding.p_rerandomised for one in found]
    assert found[0].p == pytest.approx(min(1, 2 * min(raw[:2])) if raw[0] <= raw[1] else max(raw[0], 2 * raw[1]))
    assert found[2].p == raw[2]
    lost = outcomes.corrected([outcomes.analyse(scores(effect=-10, role="primary"))], [declared(role="primary")])
    assert (lost[0].p, lost[0].holm_over) == (min(1, 2 * lost[0].deciding.p_rerandomised), 2)
    assert found[3].p == raw[3]


def test_moderators_are_tested_as_products_and_called_exploratory():
    own = scores(n=60, effect=0)
    moderator = np.linspace(-1, 1, 60)
    own.values[:, 1] += np.where(own.arm == 0, 12 * moderator, 0)
    line = by_name(outcomes.analyse(replace(own, moderators=by("age", moderator))))["moderator_age"]
    assert line.weight == "exploratory"
    assert line.p_rerandomised < 0.01
    assert line.estimate == pytest.approx(12, abs=6)
    assert remark(line) == "age is taken as known before randomisation"
    later = by_name(outcomes.analyse(replace(own, moderators=by("deqi", moderator)), ["deqi"]))["moderator_deqi"]
    assert "arises after randomisation" in remark(later)
    counted = replace(own, outcome=replace(own.outcome, kind="count"), values=np.abs(own.values).round())
    told = remark(by_name(outcomes.analyse(replace(counted, moderators=by("age", moderator))))["moderator_age"])
    assert told.startswith("not tested: moderators of counts")
    few = by_name(outcomes.analyse(replace(own, moderators=by("age", np.where(np.arange(60) < 3, moderator, np.nan)))))
    assert "degrees of freedom" in remark(few["moderator_age"])


@pytest.mark.parametrize(
    "of", [lambda arm: np.where(arm == 0, 4.0, np.nan), lambda arm: np.full(len(arm), 2.0), lambda arm: arm * np.nan]
)
def test_a_moderator_that_tells_nothing_is_told(of):
    own = scores(n=30, effect=0)
    line = by_name(outcomes.analyse(replace(own, moderators=by("deqi", of(own.arm)))))["moderator_deqi"]
    assert remark(line).startswith("not tested: ")
    assert np.isnan(line.p_rerandomised)


def said(effect, role="primary", important=None, arms=("verum", "sham"), n=40):
    own = replace(scores(n=n, effect=effect, role=role), arms=arms)
    found = outcomes.corrected([outcomes.analyse(own)])[0]
    options = type("Options", (), {"drawn_within": (), "covariates": ()})
    cohort = type("Cohort", (), {"options": options})
    inference = type("Inference", (), {"alpha": 0.05, "random_seed": 0})
    about = replace(outcomes.outcome_sidecar(found, cohort, inference), important_difference=important)
    lines = [table_row(row) for row in found.rows]
    told = verdict(about, lines)
    return told, " ".join((told.headline, *told.remarks))


def test_a_difference_is_told_with_its_direction_size_and_what_it_means_to_patients():
    told, text = said(-30, important=5.0)
    assert told.positive
    assert "was lower (better) in verum than in sham, by" in text
    assert "All of the interval reaches the smallest difference that matters to patients (5 points)" in text
    assert "too small to matter" in said(-12, important=60.0)[1]
    assert "clinical relevance remains uncertain" in said(-12, important=12.0)[1]
    assert "was higher (worse) in verum" in said(30)[1]


def test_no_difference_is_never_called_alike_and_exploratory_never_confirms():
    told, text = said(0)
    assert not told.positive
    assert "No difference in vas at post between verum and sham was shown" in text
    assert "not evidence that the arms are alike" in text
    told, text = said(-30, role="exploratory")
    assert not told.positive
    assert text.startswith("Exploratory: ")
    assert "confirms nothing" in text


@pytest.mark.parametrize("effect", [-30, 0])
@pytest.mark.parametrize("role", ["primary", "exploratory"])
def test_forbidden_words_never_stand_in_what_is_said_of_outcomes(effect, role):
    text = said(effect, role=role, important=5.0)[1].lower()
    for word in ("specific", "mediated", "caused by", "proves", "no effect", "equivalent", "due to"):
        assert word not in text


def test_there_are_361_points_and_odd_names_are_told():
    assert len(codes()) == len(set(codes())) == 361
    assert {"LU11", "BL67", "GV28", "CV24"} <= set(codes())
    assert point_of("Du 20").code == "GV20"
    assert point_of("LIV3").code == "LR3"
    assert point_of("li4").code == "LI4"
    assert (point_of("ST46").code, point_of("Ashi").code) == ("", "")
    assert "did you mean 'ST45'?" in point_of("ST46").remark
    assert "did you mean 'GV20'?" in point_of("GN20").remark
    assert point_of("EX-XX1").code == ""


NEEDLES = [
    Needle(participant="01", session="tx01", point="GB20", side="left", depth=20, duration=1200, deqi=6),
    Needle(participant="01", session="tx01", point="gb 20", side="right", depth=10, duration=1200, deqi=np.nan),
    Needle(participant="01", session="tx02", point="GB99", side="left", depth=20, duration=1200, deqi=4),
    Needle(participant="02", session="tx01", point="LI4", side="left", depth=0, duration=1800, deqi=1),
]


def test_doses_and_points_of_people():
    assert dose(NEEDLES)["01"] == {
        "needle_sessions": "2",
        "needles_per_session": "1.5",
        "needle_depth_mm": "16.6667",
        "needle_retention_min": "20",
        "needle_deqi": "5",
    }
    found = {row["point"]: row for row in points(NEEDLES, {"01": "verum", "02": "sham"}, ["verum", "sham"])}
    assert (found["GB20"]["verum"], found["GB20"]["sham"], found["LI4"]["sham"]) == (1, 0, 1)
    assert "written 'gb 20'" in found["GB20"]["remark"]
    assert "no point of the WHO standard" in found["GB99"]["remark"]


def test_what_arises_after_randomisation_is_told_apart():
    rows = [{"participant_id": f"sub-0{i}", "arm": "verum" if i % 2 else "sham", "expectation": str(i),
             "n_sessions_attended": "4", "mass_ache": "2", "mass_warm": str(i)} for i in range(6)]  # fmt: skip
    people = with_exposure({row["participant_id"][4:]: row for row in rows}, NEEDLES, "mass_")
    found = exposure(list(people.values()), ["verum", "sham"], TrialOptions())
    whens = {row.name: when for when, row in found}
    assert whens["expectation"] == "before randomisation"
    for name in ("n_sessions_attended", "mass_index", "needle_deqi"):
        assert whens[name] == "after randomisation"
    assert (people["01"]["mass_index"], people["01"]["needle_deqi"]) == ("1.66667", "5")
    own = with_exposure({"1": {"mass_ache": "2", "mass_index": "7"}}, [], "mass_")
    assert own["1"]["mass_index"] == "7"
    assert with_exposure({"1": {"age": "40"}}, [], "mass_") == {"1": {"age": "40"}}


def test_guesses_by_arm():
    guesses = {"verum": ["verum"] * 6 + ["?"] * 2, "sham": ["verum"] * 3 + ["sham"] * 3 + ["n/a"]}
    rows = [{"arm": arm, "guess_arm": guess} for arm, own in guesses.items() for guess in own]
    found = blinding(rows, ["verum", "sham"], "guess_arm")
    assert found.guesses["verum"] == {"verum": 6, "sham": 0, "do not know": 2}
    assert found.bang["verum"]["value"] == pytest.approx(0.75)
    assert found.bang["sham"]["value"] == 0
    assert blinding(rows, ["verum", "sham"], "other") is None
    more = [*rows, {"arm": "waiting", "guess_arm": "waiting"}, {"arm": "verum", "guess_arm": "waiting"}]
    found = blinding(more, ["verum", "waiting", "sham"], "guess_arm")
    assert found.guesses["verum"] == {"verum": 6, "sham": 0, "do not know": 3}
    assert set(found.bang) == {"verum", "sham"}


def test_checklists_answer_what_is_on_record_and_nothing_else():
    items = {
        "verum": {"1a_Style": "manual", "2c_Depth": {"Value": 20, "Units": "mm"}},
        "sham": {"6b_Description": "blunt"},
    }
    rows = {row["item"]: row for row in checklist("stricta", ["verum", "sham"], items, {})}
    assert len(rows) == 17
    assert rows["2c"]["verum"] == "Value 20, Units mm"
    assert rows["2c"]["sham"] == rows["3a"]["verum"] == "not reported"
    assert rows["6b"]["sham"] == "blunt"
    placebo = checklist("tidier-placebo", ["verum", "sham"], items, {"blinding": "Bang index 0.1"})
    assert len(placebo) == 13
    assert placebo[-1]["verum"] == "Bang index 0.1"
    assert len(checklist("consort", [], {}, {})) == 42


def test_a_baseline_that_is_the_same_in_everybody_adjusts_for_nothing():
    own = scores(effect=-10)
    own.values[:, 0] = 60.0
    found = by_name(outcomes.analyse(own))
    assert "which does not vary" in remark(found["ancova"])
    # What is left is the plain comparison of two means.
    plain = stats.ttest_ind(*(own.values[own.arm == i, 1] for i in (0, 1)))
    assert found["ancova"].value == pytest.approx(plain.statistic)
    assert found["ancova"].p == pytest.approx(plain.pvalue)


@pytest.mark.parametrize("after", [lambda before: before * 0, lambda before: before + 5, lambda before: before])
def test_nothing_is_significant_where_nobody_differs(after):
    own = scores()
    own.values[:, 1] = after(own.values[:, 0])
    with pytest.raises(WrongDataError, match="No two participants differ"):
        outcomes.analyse(own)


def test_moderators_hold_their_level_where_arms_are_unequal_and_scatter_unlike():
    hits, sets = 0, 150
    for seed in range(sets):
        rng = np.random.default_rng(seed)
        arm = np.repeat([0, 1], [10, 30])
        values = np.column_stack([rng.normal(0, 1, 40), np.where(arm == 0, 2, 1) * rng.normal(0, 1, 40)])
        own = replace(
            scores(),
            values=values,
            arm=arm,
            moderators=by("age", rng.normal(0, 1, 40)),
            requested=200,
        )
        hits += next(moderated(own, 1, "post")).p_rerandomised <= 0.05
    assert hits <= stats.binom.ppf(0.999, sets, 0.05)


def three_visits(third):
    """An outcome with a follow-up, and one person who was not asked after treatment."""
    own = scores(effect=-10, gone=1)
    values = np.column_stack([own.values, third(own.values)])
    outcome = replace(own.outcome, visits=("pre", "post", "fu"), columns=("vas_pre", "vas_post", "vas_fu"))
    return replace(own, outcome=outcome, values=values)


@pytest.mark.parametrize(
    ("third", "said"),
    [
        (lambda v: np.where(np.arange(len(v)) < 3, 50.0, np.nan), "without fu, which too few have"),
        (lambda v: v[:, 1] * np.nan, "without fu, which too few have"),
        (lambda v: v[:, 1], "Visits 2 and 3 hold the same values"),
    ],
)
def test_a_visit_that_cannot_help_stops_nothing(third, said):
    lines = outcomes.analyse(three_visits(third)).rows
    deciding = next(line for line in lines if line.weight == "decides")
    assert said in remark(deciding)
    two = by_name(outcomes.analyse(scores(effect=-10, gone=1)))
    assert deciding.estimate == pytest.approx(two[deciding.name].estimate)


def test_a_covariate_of_large_numbers_is_no_constant():
    own = scores(effect=-10, gone=1)
    day = np.random.default_rng(3).integers(20240101, 20241231, 40).astype(float)
    plain = by_name(outcomes.analyse(replace(own, nuisance=np.column_stack([np.ones(40), day - day.mean()]))))["clda"]
    dated = by_name(outcomes.analyse(replace(own, nuisance=np.column_stack([np.ones(40), day]))))["clda"]
    assert (dated.estimate, dated.low) == (pytest.approx(plain.estimate, rel=1e-5), pytest.approx(plain.low, rel=1e-5))


def test_the_endpoint_is_that_of_the_design_and_else_the_last():
    rows = {"01": {"vas_pre": "60", "vas_post": "40", "vas_fu": "30"}}
    options = OutcomeOptions(better="lower", units="mm", visits=("pre", "post", "fu"))
    assert outcome_of("vas", options, Said(rows), ["pre", "post"], "post").endpoint == "post"
    assert outcome_of("vas", options, Said(rows), ["pre", "week4"], "week4").endpoint == "fu"


def test_each_word_of_three_is_held_against_the_others():
    words = ["AA", "AG", "GG", "n/a"] * 10
    rows = tuple({"arm": "verum", "genotype": word, "sex": "FM"[i % 2]} for i, word in enumerate(words))
    cohort = Cohort(rows=rows, arms=("verum",), lost=(), options=ArmOptions())
    found = {one.label: one.values for one in outcomes._moderators(["genotype", "sex"], cohort)}
    assert list(found) == ["genotype=AA", "genotype=AG", "genotype=GG", "sex"]
    assert np.isnan(found["genotype=AG"][3])
    assert (np.nansum(found["genotype=AG"]), found["sex"].sum()) == (10, 20)
    row = ResultRow(kind="moderator", subject="genotype=AG", visit="post", arms=(), n=(), weight="exploratory",
                    facts={"name": "genotype"})  # fmt: skip
    assert "arises after" in remark(outcomes._dated(row, ["genotype"]))


NULL = {
    "ancova": 0,
    "clda": 0,
    "change": 0,
    "mann_whitney": 0,
    "rate_ratio": 1,
    "responders_30": 0,
    "responders_50": 0,
    "moderator_age": 0,
}


@pytest.mark.parametrize("kind", ["score", "count"])
@pytest.mark.parametrize("effect", [0.0, -5.0, -8.0])
@pytest.mark.parametrize("seed", range(6))
def test_p_of_a_line_is_at_or_below_05_exactly_when_its_limits_leave_out_nothing(kind, effect, seed):
    own = scores(n=24, effect=effect, gone=seed % 3, seed=seed, kind=kind, maximum=200.0)
    own = replace(
        own,
        requested=200,
        values=np.abs(np.round(own.values / 5)),
        moderators=by("age", np.arange(24.0)),
    )
    checked = set()
    for line in outcomes.analyse(own).rows:
        p = line.p if np.isnan(line.p_rerandomised) else line.p_rerandomised
        if line.name in NULL and np.isfinite(p):
            checked.add(line.name)
            assert (p <= 0.05) == (not line.low <= NULL[line.name] <= line.high), line
    assert {"mann_whitney", "rate_ratio" if kind == "count" else "ancova"} <= checked


def test_a_moderator_that_is_a_covariate_too_is_tested():
    own = scores(n=60)
    moderator = np.linspace(-1, 1, 60)
    own.values[:, 1] += np.where(own.arm == 0, 12 * moderator, 0)
    plain = by_name(outcomes.analyse(replace(own, moderators=by("age", moderator))))["moderator_age"]
    with_covariate = replace(
        own,
        moderators=by("age", moderator),
        nuisance=np.column_stack([own.nuisance, 40 + moderator]),
    )
    line = by_name(outcomes.analyse(with_covariate))["moderator_age"]
    assert line.estimate == pytest.approx(plain.estimate)
    assert line.p_rerandomised == pytest.approx(plain.p_rerandomised)


def test_who_is_missing_counts_as_no_responder_in_a_line_of_its_own():
    complete = by_name(outcomes.analyse(scores(effect=-30)))
    assert "responders_30_all" not in complete
    own = scores(effect=-30, gone=6)
    gaps = by_name(outcomes.analyse(own))
    seen, imputed = gaps["responders_30"], gaps["responders_30_all"]
    improved, asked = seen.n[0], seen.of[0]
    assert (imputed.n[0], imputed.of[0]) == (improved, int((own.arm == 0).sum()))
    assert asked < int((own.arm == 0).sum())
    assert "missing participants count as not improved" in remark(imputed)
