"""Declared diagrams on the group pages: the diagram itself, every path with its scatter, independences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import TableRow, read_frame
from bids_app.derivatives.pathways import sidecars
from bids_app.report.claims.maps import Verdict
from bids_app.report.claims.pathways import of_diagram
from bids_app.report.drawing import charts
from bids_app.report.drawing.diagram import diagram
from bids_app.report.formats import format_number
from bids_app.vocabulary.pathway import DiagramSaid, PathSaid

WIDTH, HEIGHT = 210.0, 150.0
"""Pixels of a scatter."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DiagramShown:
    """One diagram among some participants."""

    about: DiagramSaid
    verdict: Verdict
    drawn: Mapping[str, object]
    scatters: Sequence[Mapping[str, object]]
    file: str


def pathways(root: Path) -> list[DiagramShown]:
    """Return every diagram that was held against data."""
    return [_shown(path) for path in sidecars(root)]


def _shown(path: Path) -> DiagramShown:
    about = read_sidecar(path, DiagramSaid)
    links: list[TableRow] = [
        {"parent": one.parent, "child": one.child, "ordered": one.ordered, "found": one.p_holm <= about.alpha,
         "label": format_number(one.beta, 2)}
        for one in about.paths
    ]  # fmt: skip
    names = [name for name in about.nodes if any(name in (one.parent, one.child) for one in about.paths)]
    values = read_frame(path.parent / f"{path.name.partition('_')[0]}_nodes.tsv")
    return DiagramShown(
        about=about, verdict=of_diagram(about), drawn=diagram(names, links),
        scatters=[_scatter(values, one, about.arms) for one in about.paths], file=path.name.replace(".json", ""),
    )  # fmt: skip


def _scatter(values: object, one: PathSaid, arms: Sequence[str]) -> dict[str, object]:
    """Return every participant as a dot by arm, each arm less its means: what the path is about."""
    table = values[[one.parent, one.child, "arm"]].dropna()  # type: ignore[index]
    apart = {arm: table[table["arm"] == arm] for arm in arms}
    centred = {
        arm: [(own[name] - own[name].mean()).to_numpy(float) for name in (one.parent, one.child)]
        for arm, own in apart.items() if len(own)
    }  # fmt: skip
    across = charts.around(np.concatenate([x for x, _ in centred.values()]), 0, WIDTH)
    up = charts.around(np.concatenate([y for _, y in centred.values()]), HEIGHT, 0)
    found = [
        {"colour": arms.index(arm), "dots": [(f"{a:.1f}", f"{b:.1f}") for a, b in zip(across(x), up(y), strict=True)]}
        for arm, (x, y) in centred.items()
    ]
    return {"width": WIDTH, "height": HEIGHT, "up": up.ticks, "across": across.ticks, "arms": found, "path": one}
