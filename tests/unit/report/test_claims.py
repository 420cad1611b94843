"""The claims grammar: what may be said, and what may not."""

from __future__ import annotations

import pytest

from bids_app.report.claims.maps import ClaimText, Finding, verdict


def say(*findings, smallest=0.0002, per_arm=20):
    wording = ClaimText(
        found="connectivity after treatment differs between verum and sham, given each voxel's own baseline,",
        absent="No difference in connectivity between verum and sham", compares=("verum", "sham"), noun="connectivity",
        members="seeds", statistic="cluster mass",
    )  # fmt: skip
    return verdict(findings, ("verum", "sham"), 0.05, smallest, per_arm, wording)


def finding(contrast, label="PCC", p=0.5, **more):
    arm = "" if "Vs" in contrast else contrast.removesuffix("Change")
    return Finding(label=label, p=p, arm=arm, primary=contrast == "verumVsShamAdjusted", **more)


def text(answer):
    return " ".join((answer.headline, *answer.remarks))


def test_significant_in_verum_and_not_in_sham_is_never_called_specific():  # T29
    answer = say(finding("verumVsShamAdjusted", p=0.2), finding("verumChange", p=0.001), finding("shamChange", p=0.6))
    assert not answer.positive
    assert "specific" not in text(answer)
    assert "do not compare the arms" in text(answer)


def test_means_differ_only_where_both_p_pass():
    answer = say(finding("verumVsShamAdjusted", p=0.03, robust=0.04), finding("shamChange", p=0.001))
    assert answer.positive
    assert answer.headline.startswith(
        "Mean connectivity after treatment differs between verum and sham, given each voxel's own baseline, for 1 of 1 "
        "seeds: PCC (p = .030, robust p = .040)."
    )


def test_where_only_the_p_of_arms_drawn_anew_passes_distributions_differ():
    answer = say(finding("verumVsShamAdjusted", p=0.03, robust=0.2))
    assert not answer.positive
    assert answer.headline.startswith(
        "The distributions of connectivity differ between verum and sham for PCC (re-randomisation p = .030; a "
        "difference of means is not established, robust p = .200)."
    )


def test_both_kinds_of_result_are_told_apart():
    first, second = (
        finding("verumVsShamAdjusted", label, 0.01, robust=r) for label, r in (("PCC", 0.01), ("PAG", 0.3))
    )
    answer = say(first, second)
    assert answer.positive
    assert "for 1 of 2 seeds: PCC" in answer.headline
    assert "The distributions of connectivity differ between verum and sham for PAG" in answer.headline


def test_skewed_arms_of_unequal_variance_say_nothing_of_means():
    answer = say(finding("verumVsShamAdjusted", p=0.001, robust=0.001, unreliable=True))
    assert not answer.positive
    assert "nothing is said of means" in answer.headline
    assert "Mean" not in answer.headline


def test_without_a_robust_p_the_reason_stands_in_its_place():
    why = "robust p needs 5 in each arm, sham has 4"
    answer = say(finding("verumVsShamAdjusted", p=0.01, why=why))
    assert answer.positive
    assert f"(re-randomisation p = .010; {why})" in answer.headline
    assert "Mean" not in answer.headline


@pytest.mark.parametrize("p", [0.0501, 0.5, 1.0])
def test_no_difference_shown_is_not_called_equality(p):
    answer = say(finding("verumVsShamAdjusted", p=p))
    assert "No difference in connectivity between verum and sham was shown" in answer.headline
    assert "not evidence that the arms are alike" in text(answer)


def test_a_secondary_contrast_alone_carries_no_claim():
    assert not say(finding("verumVsShamAdjusted", p=0.3), finding("verumVsShamChange", p=0.001)).positive


def test_a_design_that_cannot_reach_the_threshold_says_so():
    assert "cannot be reached" in text(say(finding("verumVsShamAdjusted"), smallest=0.0556))


def test_small_arms_are_called_exploratory():
    assert "Exploratory only" in text(say(finding("verumVsShamAdjusted"), per_arm=11))
    assert "Exploratory" not in text(say(finding("verumVsShamAdjusted"), per_arm=12))
