"""Change of the availability of a receptor beside an outcome, and rises of participants beside those of noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from bids_app.errors import UsageError, WrongDataError
from bids_app.statistics.clinical.ancova import compare
from bids_app.statistics.permutation.corrections import holm
from bids_app.statistics.permutation.schemes import Exchange
from bids_app.statistics.repeatability import conditional_odds, rises_by_chance, smallest_change
from bids_app.trial.association import AssociationResult, OutcomeInputs
from bids_app.trial.contrasts import fixed
from bids_app.trial.outcomes import visit_values
from bids_app.vocabulary.domain import Sites
from bids_app.vocabulary.options.describe import Doc

ASKS, ASKS_BY, OF_TABLES = "outcome", "outcome", True

_CURVE = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30)
"""Thresholds of the curve of rises."""

_TELLS = 5.0
"""Within-subject standard deviations that a value before treatment must exceed for a percentage to mean anything."""

_FEWEST = 5
"""Participants, beyond what is adjusted for, below whom nothing is estimated."""

_SENTENCE = (
    "Dividing participants at a threshold discards information, a threshold within the error of measurement sorts "
    "noise, and a rise is no sign of release."
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `[associations.binding_response]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    within_subject_cv: Annotated[
        float, Ge(0), Lt(1),
        Doc("Within-subject coefficient of variation of the tracer without treatment, as a share (0.05); needed."),
    ] = 0.0  # fmt: skip
    citation: Annotated[str, Doc("Where it was measured, such as the DOI of a test-retest study; needed.")] = ""
    outcome: Annotated[str, Doc("Outcome whose values are related to changes; empty: the primary or only one.")] = ""
    regions: Annotated[tuple[str, ...], Doc("Regions of the table that are asked; empty: all.")] = ()
    threshold: Annotated[float, Gt(0), Doc("Rise, as a share, that counts as a response.")] = 0.15


METHODS = (
    "Outcomes after treatment were related to changes of the binding potential of regions, adjusted for the arm, the "
    "outcome and the binding potential before treatment, by exchanging residuals within arms and strata "
    "[@Freedman1983], with Holm's correction over regions. Counts of participants whose binding potential rose beyond "
    "a threshold are exploratory and stand beside the number that noise alone would give. " + _SENTENCE
)


def check(options: Options, output_dir: Path) -> None:  # noqa: ARG001  (one signature for every association)
    """Refuse counts of rises where nothing says how much noise there is, and who measured it.

    Raises
    ------
    UsageError
        If the coefficient of variation or its citation is missing.
    """
    if not options.within_subject_cv or not options.citation.strip():
        raise UsageError(
            "associations.binding_response counts participants who rise, which means nothing without the number that "
            "noise alone makes. Give within_subject_cv (0.05: 5 %) and citation, from a study of the tracer scanned "
            "twice."
        )


def files(options: Options, space: str) -> list[Path]:  # noqa: ARG001  (one signature for every association)
    """Return that nothing is read."""
    return []


def associate(given: OutcomeInputs, options: Options) -> AssociationResult:
    """Return how changes of regions are associated with the outcome, and how many participants rose."""
    domain = given.result.map_set.domain
    assert isinstance(domain, Sites)
    wanted = {name.lower() for name in options.regions}
    places = [i for i, name in enumerate(domain.names) if not wanted or name.lower() in wanted]
    missing = sorted(wanted - {name.lower() for name in domain.names})
    lines = [_line(given, place) for place in places]
    told = [line for line in lines if line["p_exchanged"] == line["p_exchanged"]]
    for line, p in zip(told, holm([float(str(line["p_exchanged"])) for line in told]), strict=True):
        line["p_holm"] = p
    rises = [row for place in places for row in _rises(given, options, place)]
    return AssociationResult(
        {"bindingResponse": lines, "bindingRises": rises},
        {
            "Outcome": given.outcome.title, "Units": given.outcome.units, "Arms": list(given.cohort.arms),
            "Alpha": given.inference.alpha, "Threshold": options.threshold,
            "WithinSubjectCV": options.within_subject_cv, "Citation": options.citation,
            "SmallestDetectableChange": smallest_change(options.within_subject_cv), "Sentence": _SENTENCE,
            "Notes": [f"Region {name} is not in the table." for name in missing],
        },
    )  # fmt: skip


def _line(given: OutcomeInputs, place: int) -> dict[str, object]:
    """Return the slope of the outcome after treatment on the change of one region."""
    before, after = (given.stacks[stage][:, place].astype(np.float64) for stage in ("pre", "post"))
    values = visit_values(given.outcome, given.cohort.rows)
    first, last = values[:, 0], values[:, given.outcome.visits.index(given.outcome.endpoint)]
    rows = np.isfinite(np.column_stack([before, after, first, last])).all(axis=1)
    cohort = given.cohort
    arms = [(cohort.arm[rows] == i).astype(np.float64) for i in range(len(cohort.arms) - 1)]
    others = np.column_stack(
        [np.ones(int(rows.sum())), before[rows], first[rows], *arms, *fixed(cohort, np.flatnonzero(rows))[1]]
    )
    line: dict[str, object] = {
        "region": given.result.map_set.domain.columns()["region"][place], "participants": int(rows.sum()),
        **dict.fromkeys(("slope", "low", "high", "p", "p_exchanged", "p_holm"), float("nan")), "remark": "",
    }  # fmt: skip
    if rows.sum() < _FEWEST + others.shape[1]:
        return {**line, "remark": f"fewer than {_FEWEST + others.shape[1]} participants"}
    blocks = cohort.strata[rows] * len(cohort.arms) + cohort.arm[rows]
    scheme = Exchange(blocks, given.inference.random_seed, given.inference.n_permutations)
    try:
        found = compare(last[rows], (after - before)[rows], others, None, scheme)
    except WrongDataError as error:
        return {**line, "remark": str(error)}
    return {**line, "slope": found.difference, "low": found.low, "high": found.high, "p": found.p,
            "p_exchanged": found.rerandomised_p}  # fmt: skip


def _rises(given: OutcomeInputs, options: Options, place: int) -> Iterator[dict[str, object]]:
    """Yield how many participants of each arm rose by each threshold, beside what noise alone would give."""
    before, after = (given.stacks[stage][:, place].astype(np.float64) for stage in ("pre", "post"))
    name = given.result.map_set.domain.columns()["region"][place]
    tells = np.isfinite(before) & np.isfinite(after)
    tells &= before > _TELLS * options.within_subject_cv * np.nanmean(before)
    share = np.divide(after, before, out=np.full(len(before), np.nan), where=tells) - 1
    cohort = given.cohort
    for threshold in sorted({*_CURVE, options.threshold}):
        counts = [_count(share[cohort.arm == i], threshold) for i in range(len(cohort.arms))]
        odds = conditional_odds(counts[0], counts[-1]) if len(counts) > 1 else (np.nan, np.nan, np.nan)
        for arm, (rose, people) in zip(cohort.arms, counts, strict=True):
            noise = people * rises_by_chance(options.within_subject_cv, threshold)
            yield {
                "region": name, "threshold": threshold, "arm": arm, "participants": people, "rose": rose,
                "rises_by_noise": noise, "not_told": int((cohort.arm == cohort.arms.index(arm)).sum()) - people,
                "odds_ratio": odds[0], "odds_ratio_low": odds[1], "odds_ratio_high": odds[2],
            }  # fmt: skip


def _count(share: NDArray[np.float64], threshold: float) -> tuple[int, int]:
    """Return how many rose, of how many of whom it is told."""
    return int((share >= threshold).sum()), int(np.isfinite(share).sum())
