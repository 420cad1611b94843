"""A diagram of declared paths: its order, the independences that it declares, and others that declare the same.

Independences: Shipley 2000, doi:10.1207/S15328007SEM0702_4. Diagrams with one skeleton and one set of colliders declare
the same ones, and no data tell them apart (Verma & Pearl 1990).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import NamedTuple


class Independence(NamedTuple):
    """Two nodes that no path joins, and the parents of both, given which they are independent."""

    first: str
    second: str
    given: tuple[str, ...]


MOST = 16
"""Paths of a diagram whose equivalent ones are counted: 2^16 ways to turn them."""


@dataclass(frozen=True)
class Diagram:
    """Nodes in their declared order, and the parents of each that has some.

    Raises
    ------
    ValueError
        If paths go in a circle, or name a node that is none.
    """

    nodes: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, nodes: Sequence[str], paths: Mapping[str, Sequence[str]]) -> Diagram:
        """Return the diagram of the nodes that are in paths: of others it declares nothing.

        Raises
        ------
        ValueError
            If it is none.
        """
        parents = {child: tuple(own) for child, own in paths.items()}
        whole = cls(tuple(nodes), parents)
        return cls(tuple(name for name in nodes if any(name in arrow for arrow in whole.arrows)), parents)

    def __post_init__(self) -> None:
        """Refuse circles and unknown nodes."""
        for child, own in self.parents.items():
            if unknown := [name for name in (child, *own) if name not in self.nodes]:
                raise ValueError(
                    f"paths name {', '.join(unknown)}, which is no node; there are {', '.join(self.nodes)}"
                )
        if circle := _circle(self.nodes, self.arrows):
            raise ValueError(f"paths go in a circle: {' -> '.join(circle)}")

    @cached_property
    def arrows(self) -> tuple[tuple[str, str], ...]:
        """Paths as (parent, child)."""
        return tuple((parent, child) for child, own in self.parents.items() for parent in own)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Nodes with every parent before its children."""
        left, found = list(self.nodes), list[str]()
        while left:
            ready = next(name for name in left if not set(self.parents.get(name, ())) & set(left))
            left.remove(ready)
            found.append(ready)
        return tuple(found)

    @property
    def chains(self) -> tuple[tuple[str, ...], ...]:
        """Every way along arrows from a node without parents to one without children, three nodes or longer."""
        children: dict[str, list[str]] = {}
        for parent, child in self.arrows:
            children.setdefault(parent, []).append(child)

        def onward(way: tuple[str, ...]) -> list[tuple[str, ...]]:
            nexts = children.get(way[-1], [])
            return [longer for child in nexts for longer in onward((*way, child))] if nexts else [way]

        starts = [name for name in self.nodes if not self.parents.get(name) and name in children]
        return tuple(way for start in starts for way in onward((start,)) if len(way) > 2)

    @property
    def independences(self) -> tuple[Independence, ...]:
        """The basis set: each pair that no path joins, given the parents of both."""
        joined = {frozenset(arrow) for arrow in self.arrows}
        found = []
        for first, second in combinations(self.order, 2):
            if frozenset((first, second)) not in joined:
                both = {*self.parents.get(first, ()), *self.parents.get(second, ())} - {first, second}
                found.append(Independence(first, second, tuple(name for name in self.order if name in both)))
        return tuple(found)

    @cached_property
    def equivalent(self) -> int | None:
        """How many diagrams, this one among them, declare the same independences; None where there are too many."""
        if len(self.arrows) > MOST:
            return None
        own, count = _colliders(self.arrows), 0
        for turned in product((False, True), repeat=len(self.arrows)):
            arrows = [arrow[::-1] if turn else arrow for arrow, turn in zip(self.arrows, turned, strict=True)]
            count += _colliders(arrows) == own and not _circle(self.nodes, arrows)
        return count


def _circle(nodes: Sequence[str], arrows: Sequence[tuple[str, str]]) -> list[str]:
    """Return nodes that arrows lead around, the first one again at the end; nothing if there is no circle."""
    parents: dict[str, list[str]] = {name: [] for name in nodes}
    for parent, child in arrows:
        parents[child].append(parent)
    left = set(nodes)
    while True:
        free = [name for name in left if not set(parents[name]) & left]
        if not free:
            break
        left -= set(free)
    if not left:
        return []
    # Every node that is left has a parent that is left: going back must come round.
    way = [next(name for name in nodes if name in left)]
    while len(set(way)) == len(way):
        way.append(next(parent for parent in parents[way[-1]] if parent in left))
    around = way[way.index(way[-1]) :]
    return around[::-1]


def _colliders(arrows: Sequence[tuple[str, str]]) -> set[tuple[frozenset[str], str]]:
    """Return each node with two parents that no arrow joins, and those parents."""
    joined = {frozenset(arrow) for arrow in arrows}
    parents: dict[str, list[str]] = {}
    for parent, child in arrows:
        parents.setdefault(child, []).append(parent)
    return {
        (frozenset(pair), child)
        for child, own in parents.items()
        for pair in combinations(own, 2)
        if frozenset(pair) not in joined
    }
