"""Part of `make validation`: declared paths where there are none, where a hidden common cause makes them, and power.

Writes a table into docs/validation.md between two marks and ends with 1 if a line is outside its band.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from harness import Line, asked, publish_table, table

from bids_app.statistics.pathways.diagram import Diagram
from bids_app.trial.pathway import NodeValues, PathwayAsked, PathwayData, held

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- paths: made by make validation -->", "<!-- end of paths -->"
PEOPLE = 60
ASKED = PathwayAsked(permutations=200, draws=2, seed=1, alpha=0.05)
ARM = np.repeat([0, 1], PEOPLE // 2)


def ps(values: dict[str, np.ndarray], *, pooled: bool = False) -> list[float]:
    """Return p of each path of the chain of quantities in their order."""
    names = list(values)
    diagram = Diagram(tuple(names), {child: (parent,) for parent, child in pairwise(names)})
    others = np.ones((PEOPLE, 1)) if pooled else np.eye(2)[ARM]
    blocks = np.zeros(PEOPLE, dtype=int) if pooled else ARM
    nodes = {name: NodeValues(name=name, values=own, rank=i) for i, (name, own) in enumerate(values.items())}
    arms = ("both",) if pooled else ("verum", "sham")
    data = PathwayData(nodes=nodes, arm=blocks, blocks=blocks, others=others, arms=arms)
    return [one.p for one in held(data, diagram, ASKED).paths]


def apart(rng: np.random.Generator, *, pooled: bool) -> list[bool]:
    """Four quantities that shift with the arm (d = .6) and share nothing within arms."""
    values = {name: rng.standard_normal(PEOPLE) + 0.6 * ARM for name in "abcd"}
    return [p <= ASKED.alpha for p in ps(values, pooled=pooled)]


def hidden(rng: np.random.Generator) -> list[bool]:
    """Two quantities without any effect on each other, of one origin that was not measured (r = .5)."""
    origin = rng.standard_normal(PEOPLE)
    values = {name: origin + rng.standard_normal(PEOPLE) for name in ("node", "symptom")}
    return [p <= ASKED.alpha for p in ps(values)]


def chain(rng: np.random.Generator, *, r: float) -> list[bool]:
    """Four paths one after another, each of r: are all of them found?"""
    values = {"0": rng.standard_normal(PEOPLE)}
    for i in range(4):
        values[str(i + 1)] = r * values[str(i)] + np.sqrt(1 - r**2) * rng.standard_normal(PEOPLE)
    return [all(p <= ASKED.alpha for p in ps(values))]


LINES = (
    Line("no path; quantities shift with the arm: within arms", partial(apart, pooled=False), 3, (0.05, 0.05)),
    Line("the same, arms pooled", partial(apart, pooled=True), 3, None),
    Line("no path; one hidden origin of both (r = .5)", hidden, 1, None),
    Line("four paths of r = .3: all found", partial(chain, r=0.3), 1, (0.19, 0.19)),
    Line("four paths of r = .5: all found", partial(chain, r=0.5), 1, (0.94, 0.94)),
)


def main() -> None:
    rows, failed = table(LINES, (30,), asked(__doc__, 1000))
    about = "30 and 30 participants, 200 permutations, each path by itself."
    publish_table(DOCUMENT, MARKS, about, rows, failed)


if __name__ == "__main__":
    main()
