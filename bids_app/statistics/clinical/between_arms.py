"""Rows that compare two arms in one outcome at one visit: the model that decides, and what the literature prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.ancova import compare, equivalence, evidence
from bids_app.statistics.clinical.clda import compare_visits
from bids_app.statistics.clinical.moderation import moderated
from bids_app.statistics.clinical.outcome_data import OutcomeData, ResultRow
from bids_app.statistics.clinical.rank_tests import between_arms
from bids_app.statistics.clinical.rate_ratio import compare_rates
from bids_app.statistics.clinical.responders import improvement, responders, risk_difference, variability
from bids_app.statistics.clinical.visits import Visits
from bids_app.statistics.effect_size import adjusted_g

FEWEST = 3
"""People of an arm with a visit from which on it is compared."""


def compare_arms(scores: OutcomeData, visit: int, *, decides: bool) -> Iterator[ResultRow]:
    """Yield every row of one pair of arms at one visit.

    Parameters
    ----------
    scores : OutcomeData
        Of two arms, as `Scores.pair` returns them.
    visit : int
        Its number among the visits, 1 or more.
    decides : bool
        True at the endpoint of the main pair.

    Raises
    ------
    WrongDataError
        If an arm has too few participants with both visits.
    """
    both = scores.with_visits(0, visit)
    counts = [int((both.arm == i).sum()) for i in (0, 1)]
    if min(counts) < FEWEST:
        said = " and ".join(f"{count} of {arm}" for count, arm in zip(counts, scores.arms, strict=True))
        raise WrongDataError(
            f"{scores.outcome.title} is known at {scores.outcome.visits[0]} and {scores.outcome.visits[visit]} of "
            f"{said}; at least {FEWEST} of each are needed."
        )
    when = scores.outcome.visits[visit]
    models = _rates(both, visit, when) if scores.outcome.kind == "count" else _differences(scores, both, visit, when)
    first, *others = models
    yield replace(first, weight="decides" if decides else "beside")
    yield from others
    yield from _ranks(both, visit, when)
    if scores.outcome.sided:
        yield from _proportions(both, visit, when)
        yield from _all_randomised(scores, visit, when)
    yield _spread(both, visit, when)
    if decides and scores.outcome.kind != "count":
        yield from _alike(both, visit, when)
    if decides:
        yield from moderated(both, visit, when)


def _alike(both: OutcomeData, visit: int, when: str) -> Iterator[ResultRow]:
    """Yield how much the data speak for any difference, and whether it is smaller than one that matters."""
    values = both.values[:, visit], both.active, both.nuisance, both.values[:, 0]
    yield both.row("bayes_factor", when, "beside", estimate=evidence(*values))
    if margin := both.outcome.important_difference:
        p = equivalence(*values, both.scheme, margin)
        yield both.row("equivalence", when, "beside", p_rerandomised=p, facts={"margin": margin})


def _differences(scores: OutcomeData, both: OutcomeData, visit: int, when: str) -> list[ResultRow]:
    """Return the adjusted difference, of all seen if a participant lacks a visit, and what stands beside it."""
    found = compare(both.values[:, visit], both.active, both.nuisance, both.values[:, 0], both.scheme)
    complete = both.compared("ancova", when, "beside", found).knowing(adjusted=found.adjusted)
    rows = [complete]
    if not np.isfinite(scores.values[:, [0, visit]]).all():
        rows = _all_seen(scores, visit, when, complete)
    if both.outcome.scale:
        rows.append(_as_ratio(both, when, rows[0]))
    change = compare(both.change(visit), both.active, both.nuisance, None, both.scheme)
    rows.append(both.compared("change", when, "beside", change))
    return [*rows, _standardised(both, when, rows[0])]


def _all_seen(scores: OutcomeData, visit: int, when: str, complete: ResultRow) -> list[ResultRow]:
    """Return the difference of all seen at any visit and that of participants with both, or the latter alone.

    Visits that fewer than three participants of an arm have (not collected yet, say) are left out.
    """
    seen = np.isfinite(scores.values)
    counts = np.array([seen[scores.arm == i].sum(axis=0) for i in (0, 1)]).min(axis=0)
    kept = [i for i in range(len(counts)) if counts[i] >= FEWEST or i in (0, visit)]
    without = [scores.outcome.visits[i] for i in range(len(counts)) if i not in kept]
    alone = complete.knowing(complete_alone=True)
    try:
        visits = Visits(scores.values[:, kept], scores.active, scores.nuisance)
        found = compare_visits(visits, kept.index(visit), scores.scheme)
    except WrongDataError as error:
        return [alone.knowing(others_failed=str(error))]
    return [scores.compared("clda", when, "beside", found).knowing(without=without), alone]


def _standardised(both: OutcomeData, when: str, model: ResultRow) -> ResultRow:
    """Return the adjusted difference in standard deviations of the baseline within arms (Hedges g)."""
    sides = [both.values[both.arm == i, 0] for i in (0, 1)]
    df = len(both.arm) - 2
    pooled = np.sqrt(sum(((side - side.mean()) ** 2).sum() for side in sides) / df)
    g, low, high = map(float, adjusted_g(model.estimate, (model.low, model.high), pooled if pooled > 0 else np.nan, df))
    return both.row("g", when, "beside", estimate=g, low=low, high=high)


def _as_ratio(both: OutcomeData, when: str, model: ResultRow) -> ResultRow:
    """Return a difference of logarithms as a ratio of geometric means, or one of logits as an odds ratio."""
    base = 10.0 if both.outcome.scale == "log10" else np.e
    estimate, low, high = (float(base**value) for value in (model.estimate, model.low, model.high))
    kind = "odds_ratio" if both.outcome.scale == "logit" else "ratio"
    return both.row(kind, when, "beside", estimate=estimate, low=low, high=high)


def _rates(both: OutcomeData, visit: int, when: str) -> list[ResultRow]:
    found = compare_rates(both.values[:, visit], both.active, both.nuisance, both.values[:, 0], both.scheme)
    ratio, low, high = (float(np.exp(value)) for value in (found.difference, found.low, found.high))
    means = [float(28 * values.mean() / both.outcome.days) for values in both.by_arm(both.values[:, visit])]
    row = both.compared("rate_ratio", when, "beside", found)
    return [replace(row, estimate=ratio, low=low, high=high).knowing(means_in_28_days=means)]


def _ranks(both: OutcomeData, visit: int, when: str) -> Iterator[ResultRow]:
    """Yield Mann-Whitney of changes, as papers print it."""
    found = between_arms(*both.by_arm(both.change(visit)))
    yield both.row(
        "mann_whitney", when, "literature", estimate=found.shift, low=found.low, high=found.high, statistic="Z",
        value=found.z, p=found.p, p_exact=found.exact_p if found.exact_p is not None else np.nan, facts={"u": found.u},
    )  # fmt: skip
    better = found.superiority if not both.outcome.lower_is_better else 1 - found.superiority
    if both.outcome.sided:
        yield both.row("superiority", when, "literature", estimate=better)


def _proportions(both: OutcomeData, visit: int, when: str) -> Iterator[ResultRow]:
    """Yield responders at each share of improvement, and people who count as well."""
    outcome = both.outcome
    shares = improvement(both.values[:, 0], both.values[:, visit], lower_is_better=outcome.lower_is_better)
    for least in outcome.responders:
        counts = [responders(side, least) for side in both.by_arm(shares)]
        yield _risk(both.row("responders", when, "literature", subject=f"{round(100 * least)}"), counts, least=least)
    if outcome.remission is not None:
        ill = outcome.sign * (both.values[:, 0] - outcome.remission) < 0
        well = outcome.sign * (both.values[:, visit] - outcome.remission) >= 0
        counts = [(int(well[ill & (both.arm == i)].sum()), int((ill & (both.arm == i)).sum())) for i in (0, 1)]
        row = both.row("remission", when, "literature")
        yield _risk(row, counts, cutoff=outcome.remission, lower_is_better=outcome.lower_is_better)


def _all_randomised(scores: OutcomeData, visit: int, when: str) -> Iterator[ResultRow]:
    """Yield responders of all who were seen before treatment: who is missing then counts as no responder."""
    outcome, begun = scores.outcome, scores.with_visits(0)
    if np.isfinite(begun.values[:, visit]).all():
        return
    shares = improvement(begun.values[:, 0], begun.values[:, visit], lower_is_better=outcome.lower_is_better)
    for least in outcome.responders:
        counts = [(int((shares[begun.arm == i] >= least - 1e-12).sum()), int((begun.arm == i).sum())) for i in (0, 1)]
        row = begun.row("responders", when, "literature", subject=f"{round(100 * least)}", all_randomised=True)
        yield _risk(row, counts, least=least)


def _risk(row: ResultRow, counts: list[tuple[int, int]], **facts: object) -> ResultRow:
    """Return a row of two proportions, each (responders, people)."""
    row = replace(row, n=tuple(k for k, _ in counts), of=tuple(n for _, n in counts)).knowing(**facts)
    if not all(row.of):
        return row
    found = risk_difference(*counts[0], *counts[1])
    return replace(row, estimate=found.difference, low=found.low, high=found.high, p=found.p_score).knowing(
        fisher_p=found.p
    )


def _spread(both: OutcomeData, visit: int, when: str) -> ResultRow:
    """Return whether people respond more unlike each other in the active arm."""
    first, second = both.by_arm(both.change(visit))
    row = both.row("variance_ratio", when, "descriptive")
    sds = float(first.std(ddof=1)), float(second.std(ddof=1))
    if min(sds) <= 0:
        return row
    found = variability(sds[0], len(first), sds[1], len(second))
    low, high = found.limits
    row = replace(row, estimate=float(np.exp(found.log_ratio)), low=low, high=high)
    return row.knowing(individual_sd=found.individual)
