"""From sidecars of results to what is confirmatory, and to the headlines of the page."""

from __future__ import annotations

import json

import pytest

from bids_app.levels.confirmed import confirm
from bids_app.report.confirmed import confirmed, section
from bids_app.vocabulary.hypotheses import Multiplicity, graphs_of


def result(folder, name, measure, p, robust=None, **more):
    about = {
        "Measure": measure, "Primary": True, "Association": "", "BetweenArms": True, "Scheme": "rerandomise",
        "ClaimStatistic": "mass", "SmallestJointP": {"mass": p, "voxel": 1.0}, "Compared": ["verum", "sham"],
        "Participants": 20, "SmallestJointPLimits": {"mass": [p / 2, min(1.0, 2 * p)]},
        "Robust": {} if robust is None else {"SmallestJointP": {"mass": robust}}, **more,
    }  # fmt: skip
    (folder / name).write_text(json.dumps(about))


def outcome(folder, name, p):
    (folder / f"meas-{name}_outcome.json").write_text(json.dumps({"P": p}))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "group").mkdir()
    return tmp_path / "group"


def decided(folder, measures=("seed_correlation",), roles=None):
    roles = roles or {}
    lines = confirm(folder.parent, graphs_of(Multiplicity(), measures, roles), tuple(roles), 0.05)
    return confirmed(folder), lines


def test_the_larger_of_both_p_of_each_map_counts_and_the_smallest_map(folder):
    result(folder, "task-rest_seed-PCC_contrast-a_statmap.json", "seed_correlation", 0.001, robust=0.2)
    result(folder, "task-rest_seed-PAG_contrast-a_statmap.json", "seed_correlation", 0.03, robust=0.04)
    found, _ = decided(folder)
    assert found["seed_correlation"].adjusted == pytest.approx(0.04)
    assert found["seed_correlation"].passed
    told = json.loads((folder / "desc-trial_multiplicity.json").read_text())["Graphs"][0]["Hypotheses"][0]
    assert (told["Tests"], told["PReRandomised"], told["PRobust"]) == ("means differ", 0.03, 0.04)


def test_two_tasks_that_are_both_called_primary_are_corrected_for(folder):
    for task, p in (("rest", 0.03), ("pain", 0.5)):
        result(folder, f"task-{task}_seed-PCC_contrast-a_statmap.json", "seed_correlation", p)
    found, _ = decided(folder)
    assert found["seed_correlation"].adjusted == pytest.approx(0.06)
    assert not found["seed_correlation"].passed


def test_without_a_robust_p_distributions_are_what_is_tested(folder):
    result(folder, "task-rest_seed-PCC_contrast-a_statmap.json", "seed_correlation", 0.03)
    decided(folder)
    told = json.loads((folder / "desc-trial_multiplicity.json").read_text())["Graphs"][0]["Hypotheses"][0]
    assert told["Tests"] == "distributions differ"


def test_secondary_contrasts_and_associations_decide_nothing(folder):
    result(folder, "task-rest_seed-PCC_contrast-a_statmap.json", "seed_correlation", 0.3)
    result(folder, "task-rest_seed-PCC_contrast-b_statmap.json", "seed_correlation", 0.001, Primary=False)
    result(folder, "task-rest_seed-PCC_contrast-c_statmap.json", "seed_correlation", 0.001, Association="brain_symptom")
    assert not decided(folder)[0]["seed_correlation"].passed


def test_three_claims_of_one_trial_share_one_alpha(folder):
    """Three boxed claims at .05 each were what an outside referee found."""
    result(folder, "task-rest_seed-PCC_contrast-a_statmap.json", "seed_correlation", 0.04, robust=0.04)
    result(folder, "task-rest_meas-alff_contrast-a_statmap.json", "alff", 0.04, robust=0.04)
    outcome(folder, "vas", 0.04)
    found, _ = decided(folder, ("seed_correlation", "alff"), {"vas": "primary"})
    assert not any(one.passed for one in found.values())
    assert found["alff"].waited_for == ("seed_correlation", "vas")


def test_what_was_asked_for_and_is_not_there_counts_as_not_passed_and_is_said(folder):
    outcome(folder, "vas", 0.03)
    found, lines = decided(folder, ("seed_correlation",), {"vas": "primary"})
    assert found["vas"].adjusted == pytest.approx(0.06)
    assert "  seed_correlation: has no result, counts as not passed" in lines


def test_without_results_nothing_is_written_and_nothing_drawn(folder):
    assert decided(folder) == ({}, [])
    assert section(folder) is None


def test_the_drawing_has_every_hypothesis_and_no_circle_on_another(folder):
    result(folder, "task-rest_seed-PCC_contrast-a_statmap.json", "seed_correlation", 0.01, robust=0.01)
    outcome(folder, "vas", 0.01)
    measures = ("seed_correlation", "alff", "reho", "parcel_correlation")
    decided(folder, measures, {"vas": "primary", "psqi": "secondary"})
    (drawn,) = section(folder)["graphs"]
    assert {node["name"] for node in drawn["nodes"]} == {*measures, "vas", "psqi"}
    places = [(node["x"], node["y"]) for node in drawn["nodes"]]
    apart = [abs(a - c) + abs(b - d) for i, (a, b) in enumerate(places) for c, d in places[i + 1 :]]
    assert min(apart) > 2 * drawn["radius"]
    assert all(0 <= node["x"] <= drawn["wide"] and 0 <= node["y"] <= drawn["high"] for node in drawn["nodes"])
