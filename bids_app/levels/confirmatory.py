"""What a group level confirms: every p that a graph of hypotheses needs, read from the results, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bids_app.dataset.sidecars import read_sidecar
from bids_app.derivatives.files import write_json
from bids_app.derivatives.paths import group_path, result_sidecars
from bids_app.statistics.graphical_testing import Decision, decide
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import as_label, parse, without
from bids_app.vocabulary.hypotheses import HypothesisGraph, times_of
from bids_app.vocabulary.sidecars import (
    Arrow,
    Evidence,
    GraphResult,
    HypothesisResult,
    MultiplicitySidecar,
    OutcomeSidecar,
)

MEANS, DISTRIBUTIONS, OTHER = "means differ", "distributions differ", "the contrast is not zero"
"""What a hypothesis of the brain is about."""

ABSENT = "not there: counts as 1"

Place = tuple[tuple[str, str], ...]
Members = dict[Place, Evidence]
"""What each map of a contrast gives, by the entities of its file."""


@dataclass(frozen=True)
class _OfHypothesis:
    """What a hypothesis rests on, and its steps where there are three arms or more: all arms together first."""

    evidence: Evidence
    steps: tuple[Evidence, ...] = ()


def confirm(
    output_dir: Path,
    graphs: Sequence[HypothesisGraph],
    outcomes: Sequence[str],
    alpha: float,
    arms: Literal["any", "main"],
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
    found = {**_of_brain(output_dir, arms), **_of_outcomes(folder, outcomes)}
    path = group_path(output_dir, {"desc": "trial"}, "multiplicity", ".json")
    if not found:
        path.unlink(missing_ok=True)
        return []
    p = {name: one.evidence.p for name, one in found.items()}
    tested, lines = [], []
    for graph in graphs:
        decisions = decide(graph, p, alpha)
        tested.append(_tested(graph, decisions, found, outcomes))
        lines += [_line(name, decisions[name], name in found) for name in graph.names]
    write_json(path, MultiplicitySidecar(alpha=alpha, graphs=tuple(tested)).to_json())
    return lines


def _of_brain(output_dir: Path, arms: Literal["any", "main"]) -> dict[str, _OfHypothesis]:
    """Return what the hypothesis of each measure gives: of its primary contrast, or of all arms and their pairs."""
    found: dict[str, dict[str, Members]] = {}
    abouts = {path: read_sidecar(path, ContrastSidecar) for path in result_sidecars(output_dir)}
    for path, about in sorted(abouts.items(), key=lambda item: not item[1].primary):
        place = parse(path.name)[0]
        step = about.step if arms == "any" else ""
        if (about.primary or step) and not about.association:
            contrast = step if step == "any" else place["contrast"]
            key = tuple(sorted(without(place, "contrast").items()))
            found.setdefault(about.measure, {}).setdefault(contrast, {})[key] = _of_map(about, step)
    return {measure: _of_measure(own) for measure, own in found.items()}


def _of_measure(contrasts: dict[str, Members]) -> _OfHypothesis:
    """Return the p of a hypothesis; with three arms or more it passes where all arms together and each pair pass.

    Three arms are a closed test: if two pairs are alike all arms are, so that each pair has the whole level after F of
    the same map. With more arms the pairs are corrected for their number besides.
    """
    overall = contrasts.pop("any", {})
    pairs = list(contrasts.values())
    if not overall and not any(one.step for members in pairs for one in members.values()):
        return _OfHypothesis(_smallest(pairs[0]))
    first = _smallest(overall) if overall else Evidence(tests=ABSENT, p=1.0, step="any")
    before = {key: one.p for key, one in overall.items()}
    times = times_of(len(pairs))

    def held(key: Place, one: Evidence) -> Evidence:
        return replace(one, p=max(min(1.0, times * one.p), before.get(key, 1.0)))

    steps = (first, *(_smallest({key: held(key, one) for key, one in members.items()}) for members in pairs))
    return _OfHypothesis(replace(first, p=max(step.p for step in steps), step=""), steps)


def _smallest(members: Members) -> Evidence:
    """Return the smallest p of a contrast over its maps, by Bonferroni over analyses of other scans."""
    places = {tuple(item for item in key if item[0] not in ("seed", "meas", "seg")) for key in members}
    best = min(members.values(), key=lambda one: one.p)
    return replace(best, p=min(1.0, best.p * len(places)), analyses=len(places))


def _of_map(about: ContrastSidecar, step: str) -> Evidence:
    """Return the p of the hypothesis that one map tests: the larger one of both kinds where there are two."""
    own, robust, wild = about.p, about.p_robust, about.scheme == "wild"
    tests = OTHER if not about.between_arms else DISTRIBUTIONS
    if robust is not None:
        tests = MEANS
    return Evidence(
        p=own if robust is None else max(own, robust), p_re_randomised=own, p_robust=None if wild else robust,
        tests=tests, compared=about.compared, participants=about.participants,
        p_limits=tuple(about.smallest_joint_p_limits[about.claim_statistic]),
        differs_at_least=about.differs_at_least or (), equivalence=about.equivalence, step=step,
    )  # fmt: skip


def _of_outcomes(folder: Path, names: Sequence[str]) -> dict[str, _OfHypothesis]:
    found = {}
    for name in names:
        path = folder / f"meas-{as_label(name)}_outcome.json"
        if path.exists() and (p := read_sidecar(path, OutcomeSidecar).p) is not None:
            found[name] = _OfHypothesis(Evidence(p=p, tests=MEANS))
    return found


def _tested(
    graph: HypothesisGraph,
    decisions: Mapping[str, Decision],
    found: Mapping[str, _OfHypothesis],
    outcomes: Sequence[str],
) -> GraphResult:
    """Return a graph with what became of its hypotheses."""
    hypotheses = []
    for name, share in zip(graph.names, graph.shares, strict=True):
        own, decision = found.get(name, _OfHypothesis(Evidence(tests=ABSENT, p=1.0))), decisions[name]
        facts = {**vars(own.evidence), "p": decision.p, "passed": decision.passed}
        hypotheses.append(
            HypothesisResult(
                **facts, name=name, kind="outcome" if name in outcomes else "brain", share=share,
                adjusted_p=decision.adjusted, level=decision.level, steps=_steps(own.steps, decision.level),
            )
        )  # fmt: skip
    arrows = (Arrow(from_=one, to=other, weight=weight) for (one, other), weight in graph.arrows.items() if weight)
    return GraphResult(hypotheses=tuple(hypotheses), arrows=tuple(arrows))


def _steps(steps: Sequence[Evidence], level: float) -> tuple[Evidence, ...]:
    """Return what passes of all arms together (first), and of their pairs after them."""
    return tuple(replace(step, passed=steps[0].p <= level and step.p <= level) for step in steps)


def _line(name: str, decision: Decision, there: bool) -> str:
    said = "passes" if decision.passed else "does not pass"
    if not there:
        return f"  {name}: has no result, counts as not passed"
    return f"  {name}: {said} (p {decision.p:.4f}, adjusted {decision.adjusted:.4f})"
