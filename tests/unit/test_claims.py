"""The claims grammar: what may be said, and what may not."""

from __future__ import annotations

import pytest

from bids_app.report.claims.maps import Finding, Wording, verdict


def say(*findings, smallest=0.0002, per_arm=20):
    found = "connectivity after treatment differs between verum and sham, given each voxel's own baseline,"
    absent = "No difference in connectivity between verum and sham"
    wording = Wording(found, absent, "verum with sham", "seeds", "cluster mass")
    return verdict(findings, ("verum", "sham"), 0.05, smallest, per_arm, wording)


def finding(contrast, label="PCC", p=0.5):
    arm = "" if "Vs" in contrast else contrast.removesuffix("Change")
    return Finding(label, p, arm, contrast == "verumVsShamAdjusted")


def text(answer):
    return " ".join((answer.headline, *answer.remarks))


def test_significant_in_verum_and_not_in_sham_is_never_called_specific():  # T29
    answer = say(finding("verumVsShamAdjusted", p=0.2), finding("verumChange", p=0.001), finding("shamChange", p=0.6))
    assert not answer.positive
    assert "specific" not in text(answer)
    assert "do not compare the arms" in text(answer)


def test_specific_is_said_only_when_the_primary_contrast_passes():
    answer = say(finding("verumVsShamAdjusted", p=0.03), finding("shamChange", p=0.001))
    assert answer.positive
    assert "specific to the comparison of verum with sham" in answer.headline


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
