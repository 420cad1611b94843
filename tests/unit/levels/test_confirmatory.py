"""From sidecars of results to what is confirmatory, and to the headlines of the page."""

from __future__ import annotations

import json

import pytest
from sidecars import contrast

from bids_app.levels.confirmatory import confirm
from bids_app.report.sections.confirmatory import confirmed, section
from bids_app.vocabulary.contrast_sidecar import RobustTest
from bids_app.vocabulary.hypotheses import Multiplicity, graphs_of
from bids_app.vocabulary.sidecars import OutcomeSidecar, ResponderCurves


def result(folder, name, measure, p, robust=None, **more):
    joint = RobustTest(smallest_joint_p={"mass": robust}) if robust is not None else RobustTest()
    about = contrast(
        measure=measure, smallest_joint_p={"mass": p, "voxel": 1.0}, robust=joint,
        smallest_joint_p_limits={"mass": [p / 2, min(1.0, 2 * p)]}, **more,
    )  # fmt: skip
    (folder / name).write_text(json.dumps(about.to_json()))


def outcome(folder, name, p):
    about = OutcomeSidecar(
        title=name, columns=(), visits=(), endpoint="", role="primary", kind="score", units="", lower_is_better=True,
        minimum=None, maximum=None, important_difference=None, remission_cutoff=None, arms=("verum", "sham"),
        alpha=0.05, deciding_p=p, holm_over=1, p=p, relabellings=1000, random_seed=1, smallest_possible_p=0.001,
        strata=(), covariates=(), responders=ResponderCurves(improvement=(), proportion={}), notes=(),
        plan=None,
    )  # fmt: skip
    (folder / f"meas-{name}_outcome.json").write_text(json.dumps(about.to_json()))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "group").mkdir()
    return tmp_path / "group"


def decided(folder, measures=("seed_correlation",), roles=None, arms="any"):
    roles = roles or {}
    lines = confirm(folder.parent, graphs_of(Multiplicity(), measures, roles), tuple(roles), 0.05, arms)
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
    result(folder, "task-rest_seed-PCC_contrast-b_statmap.json", "seed_correlation", 0.001, primary=False)
    result(folder, "task-rest_seed-PCC_contrast-c_statmap.json", "seed_correlation", 0.001, association="brain_symptom")
    assert not decided(folder)[0]["seed_correlation"].passed


def test_three_claims_of_one_trial_share_one_alpha(folder):
    """Three boxed claims at .05 each were what an outside referee found."""
    result(folder, "task-rest_seed-PCC_contrast-a_statmap.json", "seed_correlation", 0.04, robust=0.04)
    result(folder, "task-rest_meas-alff_contrast-a_statmap.json", "alff", 0.04, robust=0.04)
    outcome(folder, "vas", 0.04)
    found, _ = decided(folder, ("seed_correlation", "alff"), {"vas": "primary"})
    assert not any(one.passed for one in found.values())
    assert found["alff"].waited_for == ("seed_correlation", "vas")


def three_arms(folder, any_arm, pairs, seed="PCC"):
    """Write what three arms give: F over all, and each pair, the first of which is primary."""
    stem = f"task-rest_seed-{seed}_contrast"
    result(folder, f"{stem}-anyArm_statmap.json", "seed_correlation", *any_arm, primary=False, step="any",
           compared=["all"])  # fmt: skip
    for i, (name, both) in enumerate(pairs.items()):
        result(folder, f"{stem}-{name}_statmap.json", "seed_correlation", *both, primary=not i, step="pair",
               compared=name.split("Vs"))  # fmt: skip


def steps(folder, **more):
    decided(folder, **more)
    node = json.loads((folder / "desc-trial_multiplicity.json").read_text())["Graphs"][0]["Hypotheses"][0]
    return ["Vs".join(step.get("Compared", [])) for step in node["Steps"] if step["Passed"]], node


PAIRS = {"verumVsSham": (0.04, 0.04), "verumVsWaiting": (0.03, 0.04), "shamVsWaiting": (0.5, 0.5)}


def test_each_pair_of_three_arms_has_the_whole_level_after_all_together(folder):
    """The closed test of three means: whichever two pairs are alike, all are."""
    three_arms(folder, (0.02, 0.03), PAIRS)
    passed, node = steps(folder)
    assert passed == ["all", "verumVsSham", "verumVsWaiting"]
    assert (node["P"], node["Passed"]) == (0.5, False)  # hands its share on once all pairs pass


@pytest.mark.parametrize("any_arm", [(0.06, 0.01), (0.01, 0.06)])
def test_no_pair_passes_before_all_arms_together(folder, any_arm):
    three_arms(folder, any_arm, PAIRS)
    assert not steps(folder)[0]


def test_a_pair_needs_all_arms_together_in_the_same_map(folder):
    three_arms(folder, (0.01, 0.01), dict.fromkeys(PAIRS, (0.5, 0.5)))
    three_arms(folder, (0.5, 0.5), dict.fromkeys(PAIRS, (0.01, 0.01)), seed="PAG")
    assert steps(folder)[0] == ["all"]


def test_pairs_of_more_than_three_arms_are_corrected_for_their_number_besides(folder):
    p = [0.001, 0.008, 0.012, 0.02, 0.5, 0.6]
    three_arms(folder, (0.01, 0.01), {f"a{i}Vsb": (value, value) for i, value in enumerate(p)})
    passed, node = steps(folder)
    assert passed == ["all", "a0Vsb", "a1Vsb"]
    assert [step["P"] for step in node["Steps"][1:]] == pytest.approx([0.01, 0.048, 0.072, 0.12, 1, 1])


def test_the_active_arm_and_the_control_alone_if_that_was_declared(folder):
    three_arms(folder, (0.5, 0.5), PAIRS)
    found, _ = decided(folder, arms="main")
    assert found["seed_correlation"].passed
    assert found["seed_correlation"].adjusted == pytest.approx(0.04)


def test_a_trial_of_three_arms_that_lacks_the_test_of_all_confirms_nothing(folder):
    three_arms(folder, (0.5, 0.5), dict.fromkeys(PAIRS, (0.001, 0.001)))
    next(folder.glob("*anyArm*")).unlink()
    assert not steps(folder)[0]


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
