"""The graph of confirmatory hypotheses on the group page, and what each headline may say by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bids_app.dataset.sidecars import read_sidecar
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
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


@dataclass(frozen=True, kw_only=True)
class JudgedContrast(ContrastSidecar):
    """A contrast with what it is held against.

    Attributes
    ----------
    alpha : float
        Of what is confirmatory the level of the graph.
    passes_at : float
        The same over the pairs of arms that are tested; 0 for a pair where all arms together do not pass.
    before, before_robust : float or None
        p of all arms together, below which no p of a pair is.
    times : int
        What p is multiplied by for the number of pairs.
    """

    passes_at: float
    before: float = 0.0
    before_robust: float | None = 0.0
    times: int = 1

    @property
    def p_held(self) -> float:
        """Smallest p of the statistic that decides, over map, family and pairs, not below that of all arms."""
        return max(min(1.0, self.times * self.p), self.before)

    @property
    def p_robust_held(self) -> float | None:
        """The same of the test of means alone; None where one of both is missing."""
        if self.p_robust is None or self.before_robust is None:
            return None
        return max(min(1.0, self.times * self.p_robust), self.before_robust)

    @property
    def passes(self) -> bool:
        """Whether the map passes."""
        return self.p <= self.passes_at


def with_levels(sidecars: Iterable[Path], decision: Confirmed | None) -> dict[Path, JudgedContrast]:
    """Return sidecars with what each is held against."""
    abouts = {path: read_sidecar(path, ContrastSidecar) for path in sidecars}
    steps = bool(decision and decision.in_steps)
    pairs = {about.compared for about in abouts.values() if steps and about.step == "pair"}
    overall = {_map(path): about for path, about in abouts.items() if steps and about.step == "any"}
    found = {}
    for path, about in abouts.items():
        confirms = about.primary or (steps and about.step)
        alpha = decision.level if confirms and decision and not decision.waited_for else about.alpha
        held = JudgedContrast(**{**vars(about), "alpha": alpha}, passes_at=alpha)
        if steps and about.step == "pair":
            first, times = overall.get(_map(path)), times_of(len(pairs))
            p, robust = (first.p, first.p_robust) if first else (1.0, None)
            passes_at = 0.0 if p > alpha else alpha / times
            held = replace(held, passes_at=passes_at, before=p, before_robust=robust, times=times)
        found[path] = held
    return found


def _map(path: Path) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(without(parse(path.name)[0], "contrast").items()))


def _read(folder: Path) -> MultiplicitySidecar:
    path = folder / "desc-trial_multiplicity.json"
    return read_sidecar(path, MultiplicitySidecar) if path.exists() else MultiplicitySidecar(alpha=0.05, graphs=())


def section(folder: Path) -> dict[str, object] | None:
    """Return the graphs as drawings with their tables, or nothing."""
    found = _read(folder)
    if not found.graphs:
        return None
    steps = any(one.steps for graph in found.graphs for one in graph.hypotheses)
    drawn = [{"rows": graph.hypotheses, **_drawn(graph, found.alpha)} for graph in found.graphs]
    return {"alpha": found.alpha, "steps": steps, "graphs": drawn}


def _drawn(graph: GraphResult, alpha: float) -> dict[str, object]:
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
