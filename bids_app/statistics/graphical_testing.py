"""Graphical procedures for several hypotheses: who passes where each hands its share of alpha on.

Bretz, Maurer, Brannath & Posch 2009, doi:10.1002/sim.3495. Bonferroni, Holm and fixed sequences are graphs. The
procedure is the short cut of a closed test of weighted Bonferroni tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bids_app.vocabulary.hypotheses import HypothesisGraph


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What became of a hypothesis.

    Attributes
    ----------
    adjusted : float
        Smallest alpha of the whole graph at which it passes.
    level : float
        The share of alpha that it was held against in the end.
    """

    p: float
    adjusted: float
    level: float
    passed: bool


def decide(graph: HypothesisGraph, p: Mapping[str, float], alpha: float) -> dict[str, Decision]:
    """Return what becomes of each hypothesis.

    Parameters
    ----------
    p : mapping of str to float
        Unadjusted p; one that is absent or NaN counts as 1: what was planned and is not there did not pass.
    """
    names, count = graph.names, len(graph.names)
    values = np.array([_known(p.get(name)) for name in names])
    shares = np.array(graph.shares, dtype=np.float64)
    arrows = np.zeros((count, count))
    for (one, other), weight in graph.arrows.items():
        arrows[names.index(one), names.index(other)] = weight
    adjusted, levels = np.ones(count), np.zeros(count)
    left, highest = list(range(count)), 0.0
    decided = False
    while left:
        with np.errstate(divide="ignore"):
            ratios = np.where(shares[left] > 0, values[left] / np.where(shares[left] > 0, shares[left], 1), np.inf)
        best = left[int(np.argmin(ratios))]
        if not decided and float(ratios.min()) > alpha * (1 + 1e-12):
            levels[left], decided = alpha * shares[left], True
        highest = max(highest, min(1.0, float(ratios.min())))
        adjusted[best] = highest
        if not decided:
            levels[best] = alpha * shares[best]
        left.remove(best)
        shares, arrows = _without(best, shares, arrows)
    return {
        name: Decision(
            p=float(values[i]), adjusted=float(adjusted[i]), level=float(levels[i]),
            passed=bool(adjusted[i] <= alpha * (1 + 1e-12)),
        )
        for i, name in enumerate(names)
    }  # fmt: skip


def _known(p: float | None) -> float:
    return 1.0 if p is None or p != p else float(p)


def _without(gone: int, shares: np.ndarray, arrows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares and arrows after one hypothesis handed on what it had."""
    shares = shares + shares[gone] * arrows[gone]
    through = np.outer(arrows[:, gone], arrows[gone])
    back = 1 - arrows[:, gone] * arrows[gone]
    with np.errstate(divide="ignore", invalid="ignore"):
        arrows = np.where(back[:, None] > 1e-12, (arrows + through) / back[:, None], 0.0)
    np.fill_diagonal(arrows, 0.0)
    arrows[gone] = arrows[:, gone] = shares[gone] = 0.0
    return shares, arrows
