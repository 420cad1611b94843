"""Lines that compare two arms in one outcome at one visit: the model that decides, and what the literature prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.ancova import compare, equivalence, evidence
from bids_app.statistics.clinical.improvement import improvement, responders, variability
from bids_app.statistics.clinical.longitudinal import compare_visits
from bids_app.statistics.clinical.moderation import moderated
from bids_app.statistics.clinical.proportions import risk_difference
from bids_app.statistics.clinical.ranks import between_arms
from bids_app.statistics.clinical.rates import compare_rates
from bids_app.statistics.clinical.scores import Line, Scores, line_of
from bids_app.statistics.clinical.seen import Visits
from bids_app.statistics.effect_size import adjusted_g

FEWEST = 3
"""People of an arm with a visit from which on it is compared."""


def compared(scores: Scores, visit: int, *, decides: bool) -> Iterator[Line]:
    """Yield every line of one pair of arms at one visit.

    Parameters
    ----------
    scores : Scores
        Of two arms, as `Scores.pair` returns them.
    visit : int
        Its number among the visits, 1 or more.
    decides : bool
        True at the endpoint of the main pair.

    Raises
    ------
    WrongDataError
        If an arm has too few people with both visits.
    """
    both = scores.having(0, visit)
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
    yield from _proportions(both, visit, when)
    yield from _all_randomised(scores, visit, when)
    yield _spread(both, visit, when)
    if decides and scores.outcome.kind == "score":
        yield from _alike(both, visit, when)
    if decides:
        yield from moderated(both, visit, when)


def _alike(both: Scores, visit: int, when: str) -> Iterator[Line]:
    """Yield how much the data speak for any difference, and whether it is smaller than one that matters."""
    values = both.values[:, visit], both.active, both.nuisance, both.values[:, 0]
    line = Line("bayes_factor", when, both.comparison, both.people, "beside", "log10 of the Bayes factor (JZS, .71)")
    said = "above 0: for a difference; below 0: against any"
    yield replace(line, estimate=evidence(*values), remark=f"{said}; people with both visits")
    if margin := both.outcome.important_difference:
        p = equivalence(*values, both.scheme, margin)
        quantity = f"alike within \u00b1{margin:g} {both.outcome.units}"
        remark = "two one-sided tests by re-randomisation; the margin is the smallest difference that matters"
        line = Line("equivalence", when, both.comparison, both.people, "beside", quantity, remark=remark)
        yield replace(line, p_rerandomised=p)


def _differences(scores: Scores, both: Scores, visit: int, when: str) -> list[Line]:
    """Return the adjusted difference, of everybody seen if somebody lacks a visit, and what stands beside it."""
    units = f"difference ({scores.outcome.units})"
    found = compare(both.values[:, visit], both.active, both.nuisance, both.values[:, 0], both.scheme)
    same = "" if found.adjusted else "not adjusted for the value before: it is the same in everybody"
    complete = replace(line_of("ancova", when, both, "beside", units, found), remark=same)
    lines = [complete]
    if not np.isfinite(scores.values[:, [0, visit]]).all():
        lines = _everybody(scores, visit, when, complete)
    change = compare(both.change(visit), both.active, both.nuisance, None, both.scheme)
    lines.append(line_of("change", when, both, "beside", f"difference of changes ({scores.outcome.units})", change))
    return [*lines, _standardised(both, when, lines[0])]


def _everybody(scores: Scores, visit: int, when: str, complete: Line) -> list[Line]:
    """Return the difference of everybody seen at any visit and that of people with both, or the latter alone.

    Visits that fewer than three people of an arm have (not collected yet, say) are left out.
    """
    seen = np.isfinite(scores.values)
    counts = np.array([seen[scores.arm == i].sum(axis=0) for i in (0, 1)]).min(axis=0)
    kept = [i for i in range(len(counts)) if counts[i] >= FEWEST or i in (0, visit)]
    without = [scores.outcome.visits[i] for i in range(len(counts)) if i not in kept]
    alone = "; ".join(filter(None, ["people with both visits alone", complete.remark]))
    try:
        visits = Visits(scores.values[:, kept], scores.active, scores.nuisance)
        found = compare_visits(visits, kept.index(visit), scores.scheme)
    except WrongDataError as error:
        return [replace(complete, remark=f"{alone}: {error}")]
    said = f"; without {', '.join(without)}, which too few have" if without else ""
    line = line_of("clda", when, scores, "beside", complete.quantity, found)
    remark = f"everybody seen at any visit (missing at random){said}"
    return [replace(line, remark=remark), replace(complete, remark=alone)]


def _standardised(both: Scores, when: str, model: Line) -> Line:
    """Return the adjusted difference in standard deviations of the baseline within arms (Hedges g)."""
    sides = [both.values[both.arm == i, 0] for i in (0, 1)]
    df = len(both.arm) - 2
    pooled = np.sqrt(sum(((side - side.mean()) ** 2).sum() for side in sides) / df)
    g, low, high = map(float, adjusted_g(model.estimate, (model.low, model.high), pooled if pooled > 0 else np.nan, df))
    remark = "the adjusted difference over the SD before treatment"
    return Line(
        "g", when, both.comparison, both.people, "beside", "Hedges g (baseline SD)", g, low, high, remark=remark
    )


def _rates(both: Scores, visit: int, when: str) -> list[Line]:
    found = compare_rates(both.values[:, visit], both.active, both.nuisance, both.values[:, 0], both.scheme)
    line = line_of("rate_ratio", when, both, "beside", "ratio of rates", found)
    ratio = [float(np.exp(value)) for value in (found.difference, found.low, found.high)]
    mean = ", ".join(
        f"{arm} {28 * values.mean() / both.outcome.days:.1f} in 28 days"
        for arm, values in zip(both.arms, both.by_arm(both.values[:, visit]), strict=True)
    )
    return [replace(line, estimate=ratio[0], low=ratio[1], high=ratio[2], remark=mean)]


def _ranks(both: Scores, visit: int, when: str) -> Iterator[Line]:
    """Yield Mann-Whitney of changes, as papers print it."""
    found = between_arms(*both.by_arm(both.change(visit)))
    yield Line(
        "mann_whitney", when, both.comparison, both.people, "literature",
        f"Hodges-Lehmann shift of changes ({both.outcome.units})", found.shift, found.low, found.high, "Z", found.z,
        p=found.p, p_exact=found.exact_p if found.exact_p is not None else np.nan,
        remark=f"U = {found.u:g}, tie-corrected, no continuity correction",
    )  # fmt: skip
    better = found.superiority if not both.outcome.lower_is_better else 1 - found.superiority
    yield Line(
        "superiority", when, both.comparison, both.people, "literature", "probability of superiority", better,
        remark=f"that one of {both.arms[0]} improves more than one of {both.arms[1]}; 0.5 is none",
    )  # fmt: skip


def _proportions(both: Scores, visit: int, when: str) -> Iterator[Line]:
    """Yield responders at each share of improvement, and people who count as well."""
    outcome = both.outcome
    shares = improvement(both.values[:, 0], both.values[:, visit], lower_is_better=outcome.lower_is_better)
    for least in outcome.responders:
        counts = [responders(side, least) for side in both.by_arm(shares)]
        yield _risk(both, when, f"responders_{round(100 * least)}", f"improved by {100 * least:g} % or more", counts)
    if outcome.remission is not None:
        ill = outcome.sign * (both.values[:, 0] - outcome.remission) < 0
        well = outcome.sign * (both.values[:, visit] - outcome.remission) >= 0
        counts = [(int(well[ill & (both.arm == i)].sum()), int((ill & (both.arm == i)).sum())) for i in (0, 1)]
        word = "or less" if outcome.lower_is_better else "or more"
        yield _risk(both, when, "remission", f"{outcome.remission:g} {word}, of those above before", counts)


def _all_randomised(scores: Scores, visit: int, when: str) -> Iterator[Line]:
    """Yield responders of all who were seen before treatment: who is missing then counts as no responder."""
    outcome, begun = scores.outcome, scores.having(0)
    if np.isfinite(begun.values[:, visit]).all():
        return
    shares = improvement(begun.values[:, 0], begun.values[:, visit], lower_is_better=outcome.lower_is_better)
    for least in outcome.responders:
        counts = [(int((shares[begun.arm == i] >= least - 1e-12).sum()), int((begun.arm == i).sum())) for i in (0, 1)]
        what = f"improved by {100 * least:g} % or more; who is missing counts as not improved"
        yield _risk(begun, when, f"responders_{round(100 * least)}_all", what, counts)


def _risk(both: Scores, when: str, name: str, what: str, counts: list[tuple[int, int]]) -> Line:
    said = " / ".join(f"{k} of {n}" for k, n in counts)
    line = Line(name, when, both.comparison, said, "literature", "risk difference")
    if not all(n for _, n in counts):
        return replace(line, remark=f"{what}: not known of an arm")
    found = risk_difference(*counts[0], *counts[1])
    return replace(
        line, estimate=found.difference, low=found.low, high=found.high, p=found.p_score,
        remark=f"{what}; {found.said()} (p and limits: Newcombe; Fisher's exact p = {found.p:.3g})",
    )  # fmt: skip


def _spread(both: Scores, visit: int, when: str) -> Line:
    """Return whether people respond more unlike each other in the active arm."""
    first, second = both.by_arm(both.change(visit))
    line = Line("variance_ratio", when, both.comparison, both.people, "descriptive", "ratio of SDs of change")
    sds = float(first.std(ddof=1)), float(second.std(ddof=1))
    if min(sds) <= 0:
        return replace(line, remark="all people of an arm changed alike")
    found = variability(sds[0], len(first), sds[1], len(second))
    low, high = found.limits
    said = (
        f"SD of individual response {found.individual:.3g}" if found.individual > 0 else "no excess in the active arm"
    )
    return replace(line, estimate=float(np.exp(found.log_ratio)), low=low, high=high, remark=said)
