"""What a group level confirms: every p that a graph of hypotheses needs, read from the results, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bids_app.dataset.tables import read_json
from bids_app.derivatives.files import write_json
from bids_app.derivatives.names import group_path
from bids_app.statistics.graphical import Decision, decide
from bids_app.vocabulary.entities import as_label, parse, without
from bids_app.vocabulary.hypotheses import Graph

MEANS, DISTRIBUTIONS, OTHER = "means differ", "distributions differ", "the contrast is not zero"
"""What a hypothesis of the brain is about."""


def confirm(output_dir: Path, graphs: Sequence[Graph], outcomes: Sequence[str], alpha: float) -> list[str]:
    """Write what passes of all that is called confirmatory, and return it in lines.

    Parameters
    ----------
    outcomes : sequence of str
        Names of the outcomes among the hypotheses.
    """
    folder = output_dir / "group"
    found = {**_of_brain(folder), **_of_outcomes(folder, outcomes)}
    path = group_path(output_dir, {"desc": "trial"}, "multiplicity", ".json")
    if not found:
        path.unlink(missing_ok=True)
        return []
    p = {name: facts["P"] for name, facts in found.items()}
    written, lines = [], []
    for graph in graphs:
        decisions = decide(graph, p, alpha)
        written.append(_told(graph, decisions, found, outcomes))
        lines += [_line(name, decisions[name], name in found) for name in graph.names]
    write_json(path, {"Alpha": alpha, "Graphs": written})
    return lines


def _of_brain(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the primary contrast of each measure gives: over all its analyses, by Bonferroni."""
    analyses: dict[str, dict[tuple[str, ...], list[Mapping[str, Any]]]] = {}
    for path in sorted([*folder.glob("*_statmap.json"), *folder.glob("*_edges.json")]):
        about = read_json(path)
        if about.get("Primary") and not about.get("Association"):
            place = without(parse(path.name)[0], "seed", "meas", "seg", "contrast")
            analyses.setdefault(about["Measure"], {}).setdefault(tuple(sorted(place.values())), []).append(about)
    return {measure: _facts(list(own.values())) for measure, own in analyses.items()}


def _facts(analyses: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    members = [_of_map(about) for own in analyses for about in own]
    best = min(members, key=lambda one: one["P"])
    return {**best, "P": min(1.0, best["P"] * len(analyses)), "Analyses": len(analyses)}


def _of_map(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the p of the hypothesis that one map tests: the larger one of both kinds where there are two."""
    claim = about["ClaimStatistic"]
    own, robust = about["SmallestJointP"][claim], about.get("Robust", {}).get("SmallestJointP", {}).get(claim)
    tests = OTHER if not about["BetweenArms"] else DISTRIBUTIONS
    if robust is not None or about["Scheme"] == "wild":
        tests = MEANS
    p = own if robust is None else max(own, robust)
    return {
        "P": p, "PReRandomised": own, "PRobust": robust, "Tests": tests, "Compared": about["Compared"],
        "Participants": about["Participants"], "PLimits": about["SmallestJointPLimits"][claim],
        "DiffersAtLeast": about.get("DiffersAtLeast", []), "Equivalence": about.get("Equivalence"),
    }  # fmt: skip


def _of_outcomes(folder: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    found = {}
    for name in names:
        path = folder / f"meas-{as_label(name)}_outcome.json"
        if path.exists() and (p := read_json(path).get("P")) is not None:
            found[name] = {"P": p, "Tests": MEANS}
    return found


def _told(
    graph: Graph, decisions: Mapping[str, Decision], found: Mapping[str, Mapping[str, Any]], outcomes: Sequence[str]
) -> dict[str, Any]:
    """Return a graph as the sidecar carries it."""
    hypotheses = [
        {
            "Name": name,
            "Kind": "outcome" if name in outcomes else "brain",
            "Share": share,
            **{key: value for key, value in found.get(name, {"Tests": "not there: counts as 1"}).items() if key != "P"},
            "P": decisions[name].p,
            "AdjustedP": decisions[name].adjusted,
            "Level": decisions[name].level,
            "Passed": decisions[name].passed,
        }
        for name, share in zip(graph.names, graph.shares, strict=True)
    ]
    arrows = [{"From": one, "To": other, "Weight": weight} for (one, other), weight in graph.arrows.items() if weight]
    return {"Hypotheses": hypotheses, "Arrows": arrows}


def _line(name: str, decision: Decision, there: bool) -> str:
    said = "passes" if decision.passed else "does not pass"
    if not there:
        return f"  {name}: has no result, counts as not passed"
    return f"  {name}: {said} (p {decision.p:.4f}, adjusted {decision.adjusted:.4f})"
