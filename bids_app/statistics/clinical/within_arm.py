"""Rows of one arm: how its people changed. They describe; time and expectation change people too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from bids_app.statistics.clinical.outcome_data import OutcomeData, ResultRow
from bids_app.statistics.clinical.rank_tests import within_arm


def describe_arms(scores: OutcomeData) -> Iterator[ResultRow]:
    """Yield mean and SD of every arm at every visit, of those who were asked."""
    for number, arm in enumerate(scores.arms):
        for visit, when in enumerate(scores.outcome.visits):
            values = scores.values[scores.arm == number, visit]
            known = values[np.isfinite(values)]
            yield scores.row(
                "mean", when, "descriptive", arms=(arm,), n=(len(known),), of=(len(values),),
                estimate=float(known.mean()) if len(known) else np.nan,
                sd=float(known.std(ddof=1)) if len(known) > 1 else np.nan,
            )  # fmt: skip


def changed(scores: OutcomeData, visit: int) -> Iterator[ResultRow]:
    """Yield the mean change of each arm with limits, and Wilcoxon's test of it."""
    when, outcome = scores.outcome.visits[visit], scores.outcome
    for number, arm in enumerate(scores.arms):
        own = scores.subset(scores.arm == number).with_visits(0, visit)
        change = own.change(visit)
        if len(change) < 2:
            continue
        mean, error = float(change.mean()), float(change.std(ddof=1) / np.sqrt(len(change)))
        margin = float(stats.t.isf(0.025, len(change) - 1)) * error
        whom = {"arms": (arm,), "n": (len(change),)}
        yield scores.row(
            "mean_change", when, "descriptive", **whom, estimate=mean, low=mean - margin, high=mean + margin
        )
        found = within_arm(own.values[:, 0], own.values[:, visit], outcome.zeros)
        facts = {"w": found.w, "zeros": found.zeros}
        yield scores.row("wilcoxon", when, "literature", **whom, statistic="Z", value=found.z, p=found.p, facts=facts)


def standardised_baseline(scores: OutcomeData) -> ResultRow:
    """Return how the arms of a pair differed before treatment, in standard deviations and without a test."""
    first, second = scores.by_arm(scores.values[:, 0])
    spread = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2) if min(len(first), len(second)) > 1 else 0.0
    smd = float((first.mean() - second.mean()) / spread) if spread > 0 else np.nan
    return scores.row("baseline", scores.outcome.visits[0], "descriptive", n=(len(first), len(second)), estimate=smd)
