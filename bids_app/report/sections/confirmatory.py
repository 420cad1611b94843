"""The graph of confirmatory hypotheses on the group page, and what each headline may say by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bids_app.dataset.tables import read_json
from bids_app.vocabulary.entities import parse, without
from bids_app.vocabulary.hypotheses import LITTLE, times_of
from bids_app.vocabulary.sidecars import GraphResult, MultiplicitySidecar

WIDE, HIGH, RADIUS = 760.0, 270.0, 34.0


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What became of a hypothesis.

    `waited_for` names those that had to pass before it, where they did not; `in_steps` tells that all arms together
    stand before each pair of them.
    """

    passed: bool
    adjusted: float
    level: float
    waited_for: tuple[str, ...]
    in_steps: bool = False


def confirmed(folder: Path) -> dict[str, Confirmed]:
    """Return what became of each hypothesis by its name; nothing where no graph was written."""
    found: dict[str, Confirmed] = {}
    for graph in _read(folder).graphs:
        first = tuple(one.name for one in graph.hypotheses if one.share > 0 and not one.passed)
        for one in graph.hypotheses:
            waits = not one.passed and not one.share
            found[one.name] = Confirmed(
                passed=bool(one.passed), adjusted=one.adjusted_p, level=one.level, waited_for=first if waits else (),
                in_steps=bool(one.steps),
            )  # fmt: skip
    return found


def with_levels(sidecars: Iterable[Path], decision: Confirmed | None) -> dict[Path, dict[str, Any]]:
    """Return sidecars with what each is held against.

    `Alpha` is the level of the graph for what it confirms. `PassesAt` is the same, but 0 for a pair of arms where all
    arms together do not pass; `Before` has the p, and the robust one, of all arms together.
    """
    abouts = {path: read_json(path) for path in sidecars}
    steps = bool(decision and decision.in_steps)
    pairs = {tuple(about["Compared"]) for about in abouts.values() if steps and about["Step"] == "pair"}
    before = {_map(path): smallest(about) for path, about in abouts.items() if steps and about["Step"] == "any"}
    found = {}
    for path, about in abouts.items():
        confirms = about["Primary"] or (steps and about["Step"])
        alpha = decision.level if confirms and decision and not decision.waited_for else about["Alpha"]
        first = before.get(_map(path), (1.0, None)) if steps and about["Step"] == "pair" else None
        waits = first is not None and first[0] > alpha
        times = times_of(len(pairs)) if first else 1
        found[path] = {**about, "Alpha": alpha, "PassesAt": 0.0 if waits else alpha / times, "Before": first,
                       "Times": times}  # fmt: skip
    return found


def _map(path: Path) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(without(parse(path.name)[0], "contrast").items()))


def smallest(about: Mapping[str, Any]) -> tuple[float, float | None]:
    """Return the smallest p of the claim over map and family, and the robust one; not below those that come before."""
    claim = about["ClaimStatistic"]
    p = about["SmallestJointP"][claim]
    robust = p if about["Scheme"] == "wild" else about.get("Robust", {}).get("SmallestJointP", {}).get(claim)
    (first, means), times = about.get("Before") or (0.0, 0.0), about.get("Times", 1)
    known = robust is not None and means is not None
    return max(min(1.0, times * p), first), max(min(1.0, times * robust), means) if known else None


def _read(folder: Path) -> MultiplicitySidecar:
    path = folder / "desc-trial_multiplicity.json"
    return (
        MultiplicitySidecar.from_json(read_json(path)) if path.exists() else MultiplicitySidecar(alpha=0.05, graphs=())
    )


def section(folder: Path) -> dict[str, Any] | None:
    """Return the graphs as drawings with their tables, or nothing."""
    found = _read(folder)
    if not found.graphs:
        return None
    steps = any(one.steps for graph in found.graphs for one in graph.hypotheses)
    drawn = [{"rows": graph.hypotheses, **_drawn(graph, found.alpha)} for graph in found.graphs]
    return {"alpha": found.alpha, "steps": steps, "graphs": drawn}


def _drawn(graph: GraphResult, alpha: float) -> dict[str, Any]:
    """Return places of hypotheses, those with a share in the upper row, and lines between them."""
    rows = [[h for h in graph.hypotheses if bool(h.share) == upper] for upper in (True, False)]
    rows = [row for row in rows if row]
    at: dict[str, tuple[float, float]] = {}
    nodes = []
    for i, row in enumerate(rows):
        for j, one in enumerate(row):
            x, y = WIDE * (j + 0.5) / len(row), 60.0 if i == 0 else HIGH - 70
            at[one.name] = x, y
            share = f"{alpha * one.share:.4f}".rstrip("0").rstrip(".") if one.share else "0"
            label = y - RADIUS - 8 if i == 0 else y + RADIUS + 16 + 16 * (j % 2)  # neighbours' names do not touch
            told = {"name": one.name, "share": share, "passed": one.passed, "label": label}
            nodes.append({"x": x, "y": y, **told})
    pairs = {(one.from_, one.to) for one in graph.arrows}
    shared = {one.name for one in graph.hypotheses if one.share}
    # Secondary hypotheses that hand on to each other need no drawing of all their arrows: that is Holm.
    mutual = {pair for pair in pairs if pair[::-1] in pairs and not shared & {*pair}}
    arrows = [
        {**_between(at[one.from_], at[one.to]), "faint": one.weight <= LITTLE, "weight": one.weight}
        for one in graph.arrows
        if (one.from_, one.to) not in mutual
    ]
    high = HIGH if len(rows) > 1 else 120.0
    return {"nodes": nodes, "arrows": arrows, "mutual": mutual, "wide": WIDE, "high": high, "radius": RADIUS}


def _between(start: tuple[float, float], end: tuple[float, float]) -> dict[str, float]:
    """Return a line from circle to circle, a little to its left, so that two directions lie side by side."""
    (x, y), (u, v) = start, end
    length = max(((u - x) ** 2 + (v - y) ** 2) ** 0.5, 1.0)
    across, down = (u - x) / length, (v - y) / length
    aside = 6.0
    return {
        "x1": x + across * RADIUS - down * aside, "y1": y + down * RADIUS + across * aside,
        "x2": u - across * (RADIUS + 4) - down * aside, "y2": v - down * (RADIUS + 4) + across * aside,
        "tx": x + (u - x) * 0.38 - down * 3 * aside, "ty": y + (v - y) * 0.38 + across * 3 * aside,
    }  # fmt: skip
