"""No sentence that a report can hold says what the methods forbid (T29), whatever came out."""

from __future__ import annotations

import ast
from itertools import product
from pathlib import Path

import pytest
from forbidden import said_too_much
from sidecars import contrast

from bids_app.report.claims.associations import Coupling, coupling
from bids_app.report.claims.maps import ClaimText, Finding, verdict
from bids_app.report.claims.outcomes import verdict as of_outcome
from bids_app.report.claims.predictions import verdict as of_prediction
from bids_app.report.claims.preregistration import status
from bids_app.report.claims.spatial import (  # fmt: skip
    genes_remarks,
    genes_verdict,
    maps_remarks,
    receptors_remarks,
    recipe_remark,
    references_verdict,
    sets_remarks,
    sets_verdict,
)
from bids_app.vocabulary.preregistration import PlanStatus
from bids_app.vocabulary.sidecars import OutcomeSidecar, PredictionSidecar, ResponderCurves

PACKAGE = Path(__file__).parents[3] / "bids_app"
BAD = (
    "The effect is verum-specific.", "It was absent in the sham group.", "mediated by GABA", "a biomarker of relief",
    "Connectivity predicts response to acupuncture", "The groups were comparable", "a trend toward relief",
    "groups did not differ at baseline (p = .4)", "the proportion mediated was 40 %", "marginally significant",
    "The difference is specific to the comparison of verum with sham.", "specific for verum",
)  # fmt: skip


def test_the_list_knows_what_it_forbids():
    for bad in BAD:
        assert said_too_much(f"<p>{bad}</p>"), bad
    assert said_too_much("Mean connectivity differs between verum and sham.") == []
    assert said_too_much("disease-specific instruments; because of a cause") == []


@pytest.mark.slow
def test_no_text_in_the_code_says_too_much():
    found = {path.relative_to(PACKAGE): [*_said(path)] for path in sorted(PACKAGE.rglob("*.py"))}
    assert {path: said for path, said in found.items() if said} == {}


def _said(path):
    """Yield what the texts of a module say too much; docstrings are for readers of the code."""
    tree = ast.parse(path.read_text())
    docs = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)
            and n.body and isinstance(n.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield from said_too_much(node.value)


def test_no_template_says_too_much():
    pages = {path.name: said_too_much(path.read_text()) for path in sorted(PACKAGE.glob("report/templates/*.html"))}
    assert len(pages) > 5
    assert {name: said for name, said in pages.items() if said} == {}


def words(told) -> str:
    return " ".join((told.headline, *told.remarks))


P = (0.001, 0.2)


WORDING = ClaimText(
    found="connectivity differs between verum and sham", absent="No difference in connectivity",
    compares=("verum", "sham"), noun="connectivity", members="seeds", statistic="mass",
)  # fmt: skip


@pytest.mark.parametrize(("robust", "unreliable"), [(None, False), (0.001, False), (0.2, False), (0.001, True)])
@pytest.mark.parametrize(("between", "active", "control", "pooled"), list(product(P, P, P, P)))
def test_whatever_maps_show(between, active, control, pooled, robust, unreliable):
    arms = {"": between, "verum": active, "sham": control, "both": pooled}
    found = [
        Finding(label="PCC", p=p, arm=arm, primary=not arm, robust=robust, unreliable=unreliable)
        for arm, p in arms.items()
    ]
    told = verdict(found, ("verum", "sham"), 0.05, 0.0002, 20, WORDING)
    assert said_too_much(words(told)) == []
    means = between <= 0.05 and robust == 0.001 and not unreliable
    assert ("Mean connectivity differs" in words(told)) == means
    assert ("The distributions of connectivity differ" in words(told)) == (between <= 0.05 and not means)
    assert told.positive == (between <= 0.05 and (means or robust is None))


def outcome(role, kind, p, important):
    about = OutcomeSidecar(
        title="pain", columns=(), visits=("pre", "post"), endpoint="post", role=role, kind=kind, units="points",
        lower_is_better=True, minimum=None, maximum=None, important_difference=important, remission_cutoff=None,
        arms=("verum", "sham"), alpha=0.05, deciding_p=p, holm_over=2, p=p, relabellings=5000, random_seed=1,
        smallest_possible_p=0.0002, strata=(), covariates=(), notes=(), plan=None,
        responders=ResponderCurves(improvement=(), proportion={}),
    )  # fmt: skip
    return of_outcome(
        about, [{"analysis": "ancova", "weight": "decides", "estimate": -12.0, "low": -20.0, "high": -4.0}]
    )


@pytest.mark.parametrize(
    ("role", "kind", "p", "important"),
    list(product(("primary", "secondary", "exploratory"), ("score", "count"), P, (None, 2.0, 10.0, 30.0))),
)
def test_whatever_outcomes_show(role, kind, p, important):
    told = outcome(role, kind, p, important)
    assert said_too_much(words(told)) == []
    assert told.positive == (p <= 0.05 and role != "exploratory")
    assert ("Exploratory" in told.headline) == (role == "exploratory")


@pytest.mark.parametrize(("within", "other", "between", "before"), list(product(P, P, P, P)))
def test_whatever_goes_together(within, other, between, before):
    def one(p, arm="", between=False, found=""):
        about = contrast(smallest_joint_p={"mass": p}, arm=arm, between_arms=between, found=found)
        return Coupling(label="PCC", contrast="", about=about)

    gain = "connectivity before treatment tells who gains more from verum than from sham"
    found = [one(within, "verum"), one(other, "sham"), one(between, between=True, found="slopes of both arms differ")]
    told = coupling([*found, one(before, between=True, found=gain)], "pain", ("verum", "sham"))
    assert said_too_much(words(told)) == []
    assert "a common cause explains it" in words(told)


def predicted(**own):
    """Return the sidecar of a predictor of responders in pain."""
    plain = {
        "outcome": "pain", "baseline": "vas", "target": "responder", "share": 0.3, "units": "points",
        "participants": 40, "arms": ("verum", "sham"), "measure": "alff", "brain_features": 9, "components": 0,
        "responders": 20, "clinical": ("age",), "confounds": (), "folds": 5, "repeats": 1, "permutations": 99,
        "random_seed": 1, "sites": (), "alpha": 0.05, "plan": None, "notes": (),
    }  # fmt: skip
    return PredictionSidecar(**{**plain, **own})


@pytest.mark.parametrize(("p", "arm", "n", "statistic"), list(product(P, P, (40, 200), ("auc", "r2"))))
def test_whatever_is_foretold(p, arm, n, statistic):
    about = predicted(statistic=statistic, participants=n, clinical=("vas", "age")[n == 200 :])
    rows = [{"features": name, statistic: 0.7, "low": 0.6, "high": 0.8, "p_exchanged": p, "arm_interaction_p": arm}
            for name in ("clinical", "brain", "combined")]  # fmt: skip
    assert said_too_much(words(of_prediction(about, rows))) == []


@pytest.mark.parametrize(
    ("p", "q", "count", "arm", "smoother"), list(product(P, P, (1, 3), ("", "verum"), (False, True)))
)
def test_whatever_is_spatially_associated(p, q, count, arm, smoother):
    one = {"name": "PCC", "part": "left cortex", "p": p, "p_maps": p, "alpha": 0.05, "explained": 0.3983, "chance": 0.4,
           "arm": arm, "told": [],  "shown": p < 0.01, "smallest_p": q, "provenance": {}, "genes": [{}],
           "parts": {"left cortex": {"SmootherThanChance": smoother}}}  # fmt: skip
    told = [genes_verdict([{**one, "name": f"map {i}"} for i in range(count)])]
    told.append(sets_verdict([{**one, "passing": int(q <= 0.05), "count": 300}]))
    rows = [{"map": "MOR", "rho": 0.4, "p": p, "q_all": q}]
    told.append(references_verdict([{**one, "rows": rows}], "Density of receptors"))
    for remarks in (genes_remarks, sets_remarks, receptors_remarks, maps_remarks):
        told += remarks([one])
    recipe = {"ShuffledP": p, "ShuffledPassesByChance": 0.9, "GenesAbove3": 2031, "MapsTried": 200}
    told.append(recipe_remark({**recipe, "GenesAbove3ByChance": [573, 2331, 6484]}))
    text = " ".join(told)
    assert said_too_much(text) == []
    assert ("Exploratory: spatially associated" in told[0]) == (p <= 0.05 and not smoother)
    assert ("Exploratory: spatially associated" in told[1]) == (q <= 0.05 and not smoother)
    assert all(("Nothing is claimed of" in one) == smoother for one in told[:3])
    assert "not shown" in told[0] or (p <= 0.05 and not smoother)
    assert ("a change within verum" in told[0]) == (arm == "verum")
    assert ("not evidence of specificity" in text) == (arm == "verum")


def test_whatever_was_planned():
    plan = {
        "LockedOn": "2026-01-01",
        "SHA256": "0" * 64,
        "AfterUnblinding": False,
        "Status": "exploratory",
        "Deviations": [{"Table": "x", "Key": "y", "Kind": "changed", "Planned": 1, "Now": 2}],
    }
    for sealed in (plan, {**plan, "AfterUnblinding": True}, {**plan, "Deviations": []}):
        assert said_too_much(status([PlanStatus.from_json(sealed)])["sentence"]) == []
    assert said_too_much(status([None])["sentence"]) == []
    assert "confirmatory" not in status([None])["sentence"]
