"""A declared diagram with the values of its nodes: equations within arms, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.pathways import equations as fits
from bids_app.statistics.pathways.diagram import Diagram
from bids_app.statistics.pathways.equations import Equation, Path
from bids_app.statistics.pathways.instrument import instrument
from bids_app.statistics.permutation.corrections import holm
from bids_app.statistics.permutation.schemes import Exchange
from bids_app.vocabulary.pathway import ChainSaid, IndependenceSaid, InstrumentSaid, PathSaid

Floats = NDArray[np.float64]

SAME = 0.98
"""Correlation within arms from which two nodes are one."""

LEAST_DF = 10
"""Residual degrees of freedom from which an equation or a pair is looked at."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NodeValues:
    """Values of one node, (participants,), NaN where not known; `before` of a change its baseline.

    `rank` orders visits: nodes of one rank have no order. `share` is what a first component has of the variance.
    """

    name: str
    values: Floats
    rank: int
    before: Floats | None = None
    share: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class PathwayData:
    """Participants with what every equation has: arm, blocks of exchange, and columns, (participants, k)."""

    nodes: Mapping[str, NodeValues]
    arm: NDArray[np.intp]
    blocks: NDArray[np.intp]
    others: Floats
    arms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PathwayAsked:
    """How many permutations and draws, which seed and level."""

    permutations: int
    draws: int
    seed: int
    alpha: float


def check(data: PathwayData, diagram: Diagram) -> None:
    """Refuse what cannot be estimated within arms.

    Raises
    ------
    WrongDataError
        If a node is the same for all of an arm, two nodes are one, there are too many paths, or too few participants of
        an equation.
    """
    used = tuple(dict.fromkeys(name for arrow in diagram.arrows for name in arrow))
    _require_spread(data, used)
    for first, second in combinations(used, 2):
        r = _within(data, first, second)
        if abs(r) > SAME:
            raise WrongDataError(
                f"Nodes {first} and {second} correlate {r:.3f} within arms: one is a function of the other. Keep one."
            )
    for child, parents in diagram.parents.items():
        _require_enough(data, child, parents)
    known = int((np.sum([np.isfinite(data.nodes[name].values) for name in used], axis=0) > 1).sum())
    most = max((known - 10) // 10, 1)
    if len(diagram.arrows) > most:
        raise WrongDataError(
            f"{len(diagram.arrows)} paths are too many for {known} participants; at most {most}, one for every "
            "ten beyond the first ten."
        )


def _require_enough(data: PathwayData, child: str, parents: Sequence[str]) -> None:
    """Refuse an equation of too few participants, or with a quantity that its other columns make up."""
    count, least = int(_rows(data, child, parents).sum()), 10 + 5 * len(parents)
    if count < least:
        raise WrongDataError(
            f"The equation of {child} has {count} participants with all of {', '.join((child, *parents))}; at "
            f"least {least} are needed for {len(parents)} parents."
        )
    one, _ = equation(data, child, parents)
    df = count - int(np.linalg.matrix_rank(one.design))
    if df < LEAST_DF:
        raise WrongDataError(
            f"The equation of {child} has {count} participants and {count - df} columns (arms, strata, covariates and "
            f"baselines among them); at least {LEAST_DF} more participants than columns are needed. Take strata or "
            "covariates out."
        )
    for name, values in {**one.parents, child: one.child}.items():
        rest = np.column_stack([*[own for other, own in one.parents.items() if other != name], one.others])
        if fits.determined(values, rest, one.arm):
            raise WrongDataError(
                f"The equation of {child}: {name} is made of the others in it (arms, strata, covariates, baselines of "
                "changes, parents), so that nothing of it is left to be associated. Take one of them out; the change "
                "of a quantity has its own baseline already."
            )


def _require_spread(data: PathwayData, names: Sequence[str]) -> None:
    """Refuse nodes that are the same for all of an arm."""
    for name in names:
        values = data.nodes[name].values
        for number, arm in enumerate(data.arms):
            own = values[(data.arm == number) & np.isfinite(values)]
            if len(own) and np.ptp(own) == 0:
                raise WrongDataError(
                    f"Node {name} is the same ({own[0]:g}) for all participants of {arm}: all got the same, so that no "
                    "path from or to it can be estimated within arms. Take it out of the diagram."
                )


def _within(data: PathwayData, first: str, second: str) -> float:
    known = np.isfinite(data.nodes[first].values) & np.isfinite(data.nodes[second].values)
    if known.sum() < 5:
        return 0.0
    arms = np.eye(len(data.arms))[data.arm[known]]
    return fits.partial_correlation(data.nodes[first].values[known], data.nodes[second].values[known], arms)[0]


def _rows(data: PathwayData, child: str, parents: Sequence[str]) -> NDArray[np.bool_]:
    """Return who has a child, its parents, and all their baselines."""
    columns = [data.others, *(data.nodes[name].values for name in (child, *parents))]
    columns += [own for name in (child, *parents) if (own := data.nodes[name].before) is not None]
    return np.asarray(np.isfinite(np.column_stack(columns)).all(axis=1))


def _baselines(data: PathwayData, names: Sequence[str], rows: NDArray[np.bool_]) -> list[Floats]:
    return [own[rows] for name in names if (own := data.nodes[name].before) is not None]


def equation(data: PathwayData, child: str, parents: Sequence[str]) -> tuple[Equation, NDArray[np.intp]]:
    """Return one equation, and the places of the participants who are in it."""
    rows = _rows(data, child, parents)
    others = np.column_stack([data.others[rows], *_baselines(data, (child, *parents), rows)])
    found = Equation(
        name=child, child=data.nodes[child].values[rows],
        parents={name: data.nodes[name].values[rows] for name in parents},
        others=fits.independent(others), blocks=data.blocks[rows],
        arm=data.arm[rows],
    )  # fmt: skip
    return found, np.flatnonzero(rows)


@dataclass(frozen=True, eq=False, kw_only=True)
class PathwayFound:
    """All paths, independences and chains of one diagram."""

    paths: tuple[PathSaid, ...]
    independences: tuple[IndependenceSaid, ...]
    untested: tuple[str, ...]
    chains: tuple[ChainSaid, ...]
    c: tuple[float, int, float] | None


def held(data: PathwayData, diagram: Diagram, asked: PathwayAsked) -> PathwayFound:
    """Hold a diagram against data."""
    pairs = [equation(data, child, parents) for child, parents in diagram.parents.items()]
    own, rows = [one for one, _ in pairs], [places for _, places in pairs]
    draws = _draws(data, own, rows, asked)
    found: list[Path] = []
    for k, one in enumerate(own):
        scheme = Exchange(one.blocks, asked.seed, asked.permutations)
        found += fits.paths(one, np.stack([draw[k] for draw in draws]), scheme)
    adjusted, arms = holm([one.p for one in found]), {one.name: one.arm for one in own}
    said = tuple(
        PathSaid(
            **vars(one), p_holm=float(p),
            ordered=data.nodes[one.parent].rank < data.nodes[one.child].rank,
            arms=tuple(data.arms[k] for k in np.unique(arms[one.child])),
        )
        for one, p in zip(found, adjusted, strict=True)
    )  # fmt: skip
    independences, untested = _independences(data, diagram)
    return PathwayFound(
        paths=said, independences=independences, untested=untested,
        chains=_chains(data, diagram, said, own, draws, asked),
        c=fits.fisher_c([one.p for one in independences]) if independences else None,
    )  # fmt: skip


def _draws(
    data: PathwayData, own: Sequence[Equation], rows: Sequence[NDArray[np.intp]], asked: PathwayAsked
) -> list[list[Floats]]:  # fmt: skip
    """Return the coefficients of all equations for participants drawn within arms, again and again."""
    rng = np.random.default_rng(asked.seed)
    sides = [np.flatnonzero(data.arm == side) for side in np.unique(data.arm)]
    return [
        fits.drawn(own, np.concatenate([rng.choice(side, len(side)) for side in sides]), rows)
        for _ in range(asked.draws)
    ]


def _independences(data: PathwayData, diagram: Diagram) -> tuple[tuple[IndependenceSaid, ...], tuple[str, ...]]:
    """Return the pairs without a path, and those of which too few participants have both to test them."""
    found, untested = list[IndependenceSaid](), list[str]()
    for one in diagram.independences:
        names = (one.first, one.second, *one.given)
        rows = _rows(data, one.first, names[1:])
        given = np.column_stack([
            data.others[rows], *(data.nodes[name].values[rows] for name in one.given), *_baselines(data, names, rows)
        ])  # fmt: skip
        if rows.sum() - np.linalg.matrix_rank(given) - 1 < LEAST_DF:
            untested.append(f"{one.first}, {one.second}")
            continue
        r, df, p = fits.partial_correlation(
            data.nodes[one.first].values[rows], data.nodes[one.second].values[rows], given
        )
        found.append(
            IndependenceSaid(
                first=one.first, second=one.second, given=one.given, r=r, df=df, p=p, participants=int(rows.sum())
            )
        )  # fmt: skip
    return tuple(found), tuple(untested)


def _chains(
    data: PathwayData, diagram: Diagram, said: Sequence[PathSaid], own: Sequence[Equation],
    draws: Sequence[Sequence[Floats]], asked: PathwayAsked,
) -> tuple[ChainSaid, ...]:  # fmt: skip
    """Return every chain of the diagram: whether each of its paths passes, and limits of their product."""
    by_ends = {(one.parent, one.child): one for one in said}
    where = {(parent, one.name): (k, i) for k, one in enumerate(own) for i, parent in enumerate(one.parents)}
    found = []
    for chain in diagram.chains:
        ends = list(pairwise(chain))
        products = np.prod([[draw[where[e][0]][where[e][1]] for e in ends] for draw in draws], axis=1)
        low, high = np.percentile(products, [2.5, 97.5])
        count = int(np.isfinite(np.column_stack([data.nodes[name].values for name in chain])).all(axis=1).sum())
        taken = data.others.shape[1]
        chances = [
            fits.chance_of_whole_chain([r] * len(ends), max(count, taken + 4), taken, asked.alpha) for r in (0.3, 0.5)
        ]
        found.append(
            ChainSaid(
                nodes=chain, found=all(by_ends[e].p <= asked.alpha for e in ends), low=float(low), high=float(high),
                product=float(np.prod([by_ends[e].coefficient for e in ends])), participants=count,
                chance_at_r03=chances[0], chance_at_r05=chances[1],
            )
        )  # fmt: skip
    return tuple(found)


def as_instrument(data: PathwayData, diagram: Diagram, exclusion: str) -> InstrumentSaid:
    """Return what arms say of the path from the first parent of the last node to it, if they differ in nothing else.

    Raises
    ------
    WrongDataError
        If there are not two arms.
    """
    if len(data.arms) != 2:
        raise WrongDataError(f"exclusion needs two arms; there are {len(data.arms)}.")
    children = [child for child in diagram.order if diagram.parents.get(child)]
    last = children[-1]
    first = diagram.parents[last][0]
    rows = _rows(data, last, (first,))
    if len(np.unique(data.arm[rows])) < 2:
        raise WrongDataError(f"exclusion: {first} and {last} are known in one arm alone, which is no instrument.")
    beside = data.others[rows, len(data.arms) :]  # strata and covariates; the arms themselves are what is tried
    others = np.column_stack([np.ones(rows.sum()), beside, *_baselines(data, (last, first), rows)])
    found = instrument(
        (data.arm[rows] == 0).astype(float), data.nodes[first].values[rows], data.nodes[last].values[rows], others
    )

    def known(value: float) -> float | None:
        return float(value) if np.isfinite(value) and not found.weak else None

    return InstrumentSaid(
        exclusion=exclusion, first=first, last=last, f=found.f, ratio=known(found.ratio), low=known(found.low),
        high=known(found.high), outside=found.outside,
    )  # fmt: skip
