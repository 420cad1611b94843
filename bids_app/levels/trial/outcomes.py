"""Outcomes of people: every pair of arms at every visit, and what decides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.between_arms import compare_arms
from bids_app.statistics.clinical.outcome_data import Moderator, OutcomeData, ResultRow
from bids_app.statistics.clinical.responders import cumulative, improvement
from bids_app.statistics.clinical.within_arm import changed, describe_arms, standardised_baseline
from bids_app.statistics.covariate_coding import read_column
from bids_app.statistics.permutation.corrections import holm
from bids_app.trial.cohort import Cohort
from bids_app.trial.contrasts import fixed
from bids_app.trial.dropout import UNEQUAL
from bids_app.trial.outcomes import visit_numbers, visit_values
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.outcome import ClinicalOutcome
from bids_app.vocabulary.preregistration import PlanStatus
from bids_app.vocabulary.sidecars import OutcomeSidecar, ResponderCurves

SHARES = np.round(np.arange(-0.5, 1.001, 0.05), 2)
"""Shares of improvement at which the curves of responders are read."""
LEVELS = 6
"""Words of a moderator at most, each of which is held against all others."""
LOSSES = "losses"
"""Code of the note on who was not asked at the endpoint."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Analysed:
    """An outcome with all its rows; `holm_p` is corrected over the outcomes of the same role."""

    scores: OutcomeData
    rows: tuple[ResultRow, ...]
    notes: tuple[Note, ...]
    holm_p: float = float("nan")
    holm_over: int = 1

    @property
    def deciding(self) -> ResultRow | None:
        """The row that decides, if arms are compared."""
        return next((row for row in self.rows if row.weight == "decides"), None)

    @property
    def p(self) -> float:
        """The p that decides: of arms re-randomised, corrected over outcomes of its role."""
        if self.deciding is None or np.isfinite(self.holm_p):
            return self.holm_p
        return self.deciding.p_rerandomised


UNLIKE = 0.1
"""Share of an arm outside of what makes values comparable, above which arms are not compared."""


def require_comparable(outcome: ClinicalOutcome, cohort: Cohort) -> None:
    """Refuse to compare arms on values that do not mean the same in all participants.

    Raises
    ------
    WrongDataError
        If too many of an arm lie outside of what makes them comparable, at any visit.
    """
    within = outcome.comparable
    for visit in outcome.visits if within else ():
        assert within is not None
        beside = visit_numbers(f"{within.column}_{visit}", cohort.rows)
        for number, arm in enumerate(cohort.arms):
            own = beside[(cohort.arm == number) & np.isfinite(beside)]
            outside = (own < within.low) | (own > within.high)
            if len(own) and outside.mean() > UNLIKE:
                raise WrongDataError(
                    f"{outcome.table} is not compared: {int(outside.sum())} of {len(own)} participants of {arm} "
                    f"{within.because} (at {visit})."
                )


def scores_of(outcome: ClinicalOutcome, cohort: Cohort, inference: Inference) -> OutcomeData:
    """Return all participants' values of an outcome with arms, strata and covariates."""
    count = len(cohort.rows)
    columns = [np.ones(count), *fixed(cohort, np.arange(count))[1]]
    return OutcomeData(
        outcome=outcome,
        values=visit_values(outcome, cohort.rows),
        arm=cohort.arm,
        arms=cohort.arms,
        strata=cohort.strata,
        nuisance=np.column_stack(columns),
        moderators=tuple(_moderators(outcome.moderators, cohort)),
        seed=inference.random_seed,
        requested=inference.n_permutations,
    )


def _moderators(names: Sequence[str], cohort: Cohort) -> Iterator[Moderator]:
    """Yield moderators as numbers: those of a column, or of words 1 for one of them and 0 for all others."""
    for name in names:
        column = read_column(name, cohort.rows, levels=cohort.levels)
        if column.values is not None:
            yield Moderator(name=name, values=column.values)
            continue
        levels = column.levels
        if len(levels) > LEVELS:
            said = f"The moderator {name!r} has {len(levels)} words; expected numbers, or up to {LEVELS} words."
            raise WrongDataError(said)
        for level in levels if len(levels) > 2 else levels[-1:]:
            own = level if len(levels) > 2 else ""
            yield Moderator(name=name, level=own, values=column.indicator(level))


def analyse(scores: OutcomeData, later: Collection[str] = ()) -> Analysed:
    """Return every row of one outcome.

    Parameters
    ----------
    later : collection of str
        Columns that arose after randomisation: a moderator of these is said to be one.

    Raises
    ------
    WrongDataError
        If the main pair of arms cannot be compared at the endpoint.
    """
    outcome, arms = scores.outcome, scores.arms
    rows, notes = list(describe_arms(scores)), list(_losses(scores))
    endpoint = outcome.visits.index(outcome.endpoint)
    main = (arms[0], arms[-1])
    for pair in sorted(combinations(arms, 2), key=lambda pair: pair != main):
        own = scores.pair(*pair)
        rows.append(standardised_baseline(own))
        for visit in sorted(range(1, len(outcome.visits)), key=lambda visit: visit != endpoint):
            decides = pair == main and visit == endpoint
            try:
                rows += [_dated(row, later) for row in compare_arms(own, visit, decides=decides)]
            except WrongDataError as error:
                if decides:
                    raise
                said = f"{' against '.join(pair)} is not compared at {outcome.visits[visit]}: {error}"
                notes.append(Note(text=said, code="not_compared"))
    for visit in range(1, len(outcome.visits)):
        rows += changed(scores, visit)
    return Analysed(scores=scores, rows=tuple(rows), notes=tuple(notes))


def _dated(row: ResultRow, later: Collection[str]) -> ResultRow:
    """Note of a moderator whether it was there before arms were drawn, or may be a result of treatment."""
    return row.knowing(arises_later=row.facts["name"] in later) if row.kind == "moderator" else row


def _losses(scores: OutcomeData) -> Iterator[Note]:
    """Say who was not asked at the endpoint, and whether arms lose different shares of their people."""
    outcome = scores.outcome
    gone = ~np.isfinite(scores.values[:, outcome.visits.index(outcome.endpoint)])
    if not gone.any():
        return
    shares = [float(gone[scores.arm == i].mean()) for i in range(len(scores.arms))]
    counts = [int(gone[scores.arm == i].sum()) for i in range(len(scores.arms))]
    said = ", ".join(f"{count} of {arm}" for count, arm in zip(counts, scores.arms, strict=True))
    counted = "." if outcome.kind == "count" else "; they count with the visits they have."
    yield Note(text=f"Not asked at {outcome.endpoint}: {said}{counted}", code=LOSSES)
    if max(shares) - min(shares) > UNEQUAL:
        lost = "Arms lost different shares of their people: what was lost may differ too (not missing at random)."
        yield Note(text=lost, code="uneven_losses")


def corrected(found: Sequence[Analysed], failed: Sequence[ClinicalOutcome] = ()) -> list[Analysed]:
    """Return the outcomes with p corrected over those of the same declared role (Holm); exploratory ones are not.

    Outcomes that could not be analysed were declared all the same: they count, as p = 1.
    """
    whole = list(found)
    for role in ("primary", "secondary"):
        places = [i for i, one in enumerate(whole) if one.scores.outcome.role == role and one.deciding]
        others = [1.0 for outcome in failed if outcome.role == role]
        adjusted = holm([*(whole[i].deciding.p_rerandomised for i in places), *others])  # type: ignore[union-attr]
        for i, p in zip(places, adjusted, strict=False):
            whole[i] = replace(whole[i], holm_p=p, holm_over=len(adjusted))
    return whole


def outcome_sidecar(
    analysed: Analysed, cohort: Cohort, inference: Inference, plan: PlanStatus | None = None
) -> OutcomeSidecar:
    """Return the sidecar of an outcome."""
    scores, outcome = analysed.scores, analysed.scores.outcome
    main = scores.pair(scores.arms[0], scores.arms[-1]) if len(scores.arms) > 1 else None
    return OutcomeSidecar(
        title=outcome.title, columns=outcome.columns, visits=outcome.visits, endpoint=outcome.endpoint,
        role=outcome.role, kind=outcome.kind, units=outcome.units, lower_is_better=outcome.lower_is_better,
        minimum=outcome.minimum, maximum=outcome.maximum, important_difference=outcome.important_difference,
        remission_cutoff=outcome.remission, arms=scores.arms, alpha=inference.alpha, deciding_p=analysed.p,
        holm_over=analysed.holm_over, p=analysed.deciding.p_rerandomised if analysed.deciding else None,
        relabellings=main.scheme.total if main else 0, random_seed=inference.random_seed,
        smallest_possible_p=main.scheme.smallest_p if main else 1.0, strata=cohort.options.drawn_within,
        covariates=cohort.options.covariates, responders=responder_curves(scores), scale=outcome.scale,
        notes=tuple(note.text for note in analysed.notes), plan=plan,
    )  # fmt: skip


def responder_curves(scores: OutcomeData) -> ResponderCurves:
    """Return the proportion of each arm that improved by at least each share, at the endpoint."""
    outcome = scores.outcome
    if not outcome.sided:
        return ResponderCurves(improvement=(), proportion={})
    before, after = scores.values[:, 0], scores.values[:, outcome.visits.index(outcome.endpoint)]
    shares = improvement(before, after, lower_is_better=outcome.lower_is_better)
    curves: Mapping[str, list[float | None]] = {
        arm: cumulative(shares[scores.arm == i], SHARES).tolist() for i, arm in enumerate(scores.arms)
    }
    return ResponderCurves(improvement=tuple(SHARES.tolist()), proportion=curves)
