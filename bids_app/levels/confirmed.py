"""What a group level confirms: every p that a graph of hypotheses needs, read from the results, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from bids_app.dataset.tables import read_json
from bids_app.derivatives.files import write_json
from bids_app.derivatives.names import group_path
from bids_app.statistics.graphical import Decision, decide
from bids_app.vocabulary.entities import as_label, parse, without
from bids_app.vocabulary.hypotheses import Graph, times_of

MEANS, DISTRIBUTIONS, OTHER = "means differ", "distributions differ", "the contrast is not zero"
"""What a hypothesis of the brain is about."""

ABSENT = "not there: counts as 1"

Members = dict[tuple[tuple[str, str], ...], dict[str, Any]]
"""What each map of a contrast gives, by the entities of its file."""


def confirm(
    output_dir: Path, graphs: Sequence[Graph], outcomes: Sequence[str], alpha: float, arms: Literal["any", "main"]
) -> list[str]:
    """Write what passes of all that is called confirmatory, and return it in lines.

    Parameters
    ----------
    outcomes : sequence of str
        Names of the outcomes among the hypotheses.
    arms : {'any', 'main'}
        What a measure's hypothesis is where there are three arms or more.
    """
    folder = output_dir / "group"
    found = {**_of_brain(folder, arms), **_of_outcomes(folder, outcomes)}
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


def _of_brain(folder: Path, arms: Literal["any", "main"]) -> dict[str, dict[str, Any]]:
    """Return what the hypothesis of each measure gives: of its primary contrast, or of all arms and their pairs."""
    found: dict[str, dict[str, Members]] = {}
    abouts = {path: read_json(path) for path in sorted([*folder.glob("*_statmap.json"), *folder.glob("*_edges.json")])}
    for path, about in sorted(abouts.items(), key=lambda item: not item[1].get("Primary")):
        place = parse(path.name)[0]
        step = about.get("Step", "") if arms == "any" else ""
        if (about.get("Primary") or step) and not about.get("Association"):
            contrast = step if step == "any" else place["contrast"]
            key = tuple(sorted(without(place, "contrast").items()))
            found.setdefault(about["Measure"], {}).setdefault(contrast, {})[key] = {**_of_map(about), "Step": step}
    return {measure: _of_measure(own) for measure, own in found.items()}


def _of_measure(contrasts: dict[str, Members]) -> dict[str, Any]:
    """Return the p of a hypothesis; with three arms or more it passes where all arms together and each pair pass.

    Three arms are a closed test: if two pairs are alike all arms are, so that each pair has the whole level after F of
    the same map. With more arms the pairs are corrected for their number besides.
    """
    everybody = contrasts.pop("any", {})
    pairs = list(contrasts.values())
    if not any(one["Step"] for members in pairs for one in members.values()):
        return _smallest(pairs[0])
    first: dict[str, Any] = _smallest(everybody) if everybody else {"Tests": ABSENT, "P": 1.0}
    before = {key: one["P"] for key, one in everybody.items()}
    times = times_of(len(pairs))

    def held(key: tuple[tuple[str, str], ...], one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "P": max(min(1.0, times * one["P"]), before.get(key, 1.0))}

    steps = [_smallest({key: held(key, one) for key, one in members.items()}) for members in pairs]
    return {**first, "P": max(step["P"] for step in (first, *steps)), "Steps": [{**first, "Step": "any"}, *steps]}


def _smallest(members: Members) -> dict[str, Any]:
    """Return the smallest p of a contrast over its maps, by Bonferroni over analyses of other scans."""
    places = {tuple(item for item in key if item[0] not in ("seed", "meas", "seg")) for key in members}
    best = min(members.values(), key=lambda one: one["P"])
    return {**best, "P": min(1.0, best["P"] * len(places)), "Analyses": len(places)}


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
            **{key: value for key, value in found.get(name, {"Tests": ABSENT}).items() if key != "P"},
            "P": decisions[name].p,
            "AdjustedP": decisions[name].adjusted,
            "Level": decisions[name].level,
            "Passed": decisions[name].passed,
            **_steps(found.get(name, {}).get("Steps", ()), decisions[name].level),
        }
        for name, share in zip(graph.names, graph.shares, strict=True)
    ]
    arrows = [{"From": one, "To": other, "Weight": weight} for (one, other), weight in graph.arrows.items() if weight]
    return {"Hypotheses": hypotheses, "Arrows": arrows}


def _steps(steps: Sequence[Mapping[str, Any]], level: float) -> dict[str, Any]:
    """Return what passes of all arms together (first), and of their pairs after them."""
    if not steps:
        return {}
    first = steps[0]["P"] <= level
    return {"Steps": [{**step, "Passed": first and step["P"] <= level} for step in steps]}


def _line(name: str, decision: Decision, there: bool) -> str:
    said = "passes" if decision.passed else "does not pass"
    if not there:
        return f"  {name}: has no result, counts as not passed"
    return f"  {name}: {said} (p {decision.p:.4f}, adjusted {decision.adjusted:.4f})"
