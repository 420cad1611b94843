"""What is called confirmatory: hypotheses, their shares of alpha, and arrows that hand a share on (a graph)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from bids_app.errors import UsageError, suggest
from bids_app.vocabulary.options.describe import Doc

LITTLE = 1e-6
"""Weight of an arrow that counts only where all others of a hypothesis lead to what passed already."""


@dataclass(frozen=True, kw_only=True)
class Multiplicity:
    """Options of `[multiplicity]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    primary: Annotated[str, Doc("Primary measure; empty: seed_correlation if it is computed, else the first.")] = ""
    arms: Annotated[
        Literal["any", "main"],
        Doc(
            "With three arms or more, the hypothesis of a measure: any arm differs (F), then each pair (any); or "
            "the active arm differs from the control, and other pairs are exploratory (main)."
        ),
    ] = "any"
    clinical: Annotated[
        Literal["shared", "own"],
        Doc(
            "Brain measures and primary outcomes share alpha, half each (shared), or were planned as two "
            "questions with full alpha each (own)."
        ),
    ] = "shared"
    shares: Annotated[
        tuple[str, ...],
        Doc(
            "Custom graph: initial alpha shares that sum to 1, by measure or outcome, e.g. "
            "'seed_correlation=0.5'; empty: equal shares of the primary hypotheses."
        ),
    ] = ()
    arrows: Annotated[
        tuple[str, ...],
        Doc("Custom graph: transition weights of rejected hypotheses, which sum to 1, e.g. 'seed_correlation>vas=1'."),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class HypothesisGraph:
    """Hypotheses that share one alpha.

    Attributes
    ----------
    names : tuple of str
    shares : tuple of float
        Of alpha, in the order of the names; they sum to 1.
    arrows : mapping of (str, str) to float
        Weights from one hypothesis to another; of each they sum to 1, or there are none.
    """

    names: tuple[str, ...]
    shares: tuple[float, ...]
    arrows: Mapping[tuple[str, str], float]


def times_of(pairs: int) -> int:
    """Return what p of each pair of arms is multiplied with after all arms together: three pairs are a closed test."""
    return pairs if pairs > 3 else 1


def graphs_of(options: Multiplicity, measures: Sequence[str], roles: Mapping[str, str]) -> tuple[HypothesisGraph, ...]:
    """Return the graphs of a call.

    Parameters
    ----------
    measures : sequence of str
        Those that are computed.
    roles : mapping of str
        Role of each outcome: primary, secondary or exploratory.

    Raises
    ------
    UsageError
        If a name is no hypothesis, weights do not sum to 1, or a name stands for two.
    """
    declared = [name for name, role in roles.items() if role != "exploratory"]
    if both := sorted({*measures} & {*declared}):
        raise UsageError(f"The outcome {both[0]!r} has the name of a measure; give [outcomes.{both[0]}] another.")
    if options.shares or options.arrows:
        return (_declared(options, (*measures, *declared)),)
    if options.primary and options.primary not in measures:
        raise UsageError(f"multiplicity.primary is {options.primary!r}; {suggest(options.primary, list(measures))}")
    main = options.primary or ("seed_correlation" if "seed_correlation" in measures else next(iter(measures), ""))
    brain = [main] if main else [], [name for name in measures if name != main]
    clinical = [n for n in declared if roles[n] == "primary"], [n for n in declared if roles[n] == "secondary"]
    if brain[0] and not clinical[0]:  # secondary outcomes without a primary one come after the brain
        return (_default([(brain[0], [*brain[1], *clinical[1]])]),)
    if options.clinical == "own" or not (brain[0] and clinical[0]):
        return tuple(_default([part]) for part in (brain, clinical) if part[0])
    return (_default([brain, clinical]),)


def _default(parts: Sequence[tuple[Sequence[str], Sequence[str]]]) -> HypothesisGraph:
    """Return the graph of primary hypotheses that share alpha alike, and of secondary ones after all of them (Holm)."""
    primaries = [name for first, _ in parts for name in first]
    shares = {name: 1 / len(parts) / len(first) for first, _ in parts for name in first}
    arrows: dict[tuple[str, str], float] = {}
    for first, second in parts:
        for name in first:
            others = [other for other in primaries if other != name]
            left = 1.0 if not others else LITTLE if second else 0.0
            arrows |= {(name, other): (1 - left) / len(others) for other in others}
            arrows |= {(name, other): left / len(second) for other in second}
        arrows |= {(one, other): 1 / (len(second) - 1) for one in second for other in second if one != other}
    names = (*primaries, *(name for _, second in parts for name in second))
    return HypothesisGraph(names=names, shares=tuple(shares.get(name, 0.0) for name in names), arrows=arrows)


def _declared(options: Multiplicity, known: Sequence[str]) -> HypothesisGraph:
    shares = _weights(options.shares, "shares")
    arrows = {
        (one.strip(), other.strip()): weight
        for word, weight in _weights(options.arrows, "arrows").items()
        for one, _, other in [word.partition(">")]
    }
    for name in (*shares, *(name for pair in arrows for name in pair)):
        if name not in known:
            raise UsageError(f"multiplicity: {name!r} is no hypothesis; {suggest(name, list(known))}")
    _require_one("multiplicity.shares", shares.values())
    for name in {one for one, _ in arrows}:
        _require_one(f"multiplicity.arrows of {name}", [weight for (one, _), weight in arrows.items() if one == name])
    names = tuple(dict.fromkeys((*shares, *(name for pair in arrows for name in pair))))
    return HypothesisGraph(names=names, shares=tuple(shares.get(name, 0.0) for name in names), arrows=arrows)


def _weights(words: Iterable[str], option: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in words:
        name, _, text = word.rpartition("=")
        try:
            weight = float(text)
        except ValueError:
            weight = -1.0
        if not name or not 0 <= weight <= 1:
            form = "NAME=SHARE" if option == "shares" else "NAME>NAME=WEIGHT"
            raise UsageError(f"multiplicity.{option}: {word!r} is not understood; expected {form}, from 0 to 1.")
        if name.strip() in found:
            raise UsageError(f"multiplicity.{option}: {name.strip()!r} stands there twice.")
        found[name.strip()] = weight
    return found


def _require_one(where: str, weights: Iterable[float]) -> None:
    total = sum(weights)
    if abs(total - 1) > 1e-6:
        raise UsageError(f"{where} sum to {total:g}; expected 1.")
