"""Lines of one arm: how its people changed. They describe; time and expectation change people too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from bids_app.statistics.clinical.ranks import within_arm
from bids_app.statistics.clinical.scores import Line, Scores


def described(scores: Scores) -> Iterator[Line]:
    """Yield mean and SD of every arm at every visit, of those who were asked."""
    for number, arm in enumerate(scores.arms):
        for visit, when in enumerate(scores.outcome.visits):
            values = scores.values[scores.arm == number, visit]
            known = values[np.isfinite(values)]
            sd = float(known.std(ddof=1)) if len(known) > 1 else np.nan
            yield Line(
                "mean", when, arm, f"{len(known)} of {len(values)}", "descriptive", f"mean ({scores.outcome.units})",
                float(known.mean()) if len(known) else np.nan, remark=f"SD {sd:.3g}" if sd == sd else "",
            )  # fmt: skip


def changed(scores: Scores, visit: int) -> Iterator[Line]:
    """Yield the mean change of each arm with limits, and Wilcoxon's test of it."""
    when, outcome = scores.outcome.visits[visit], scores.outcome
    for number, arm in enumerate(scores.arms):
        own = scores.of(scores.arm == number).having(0, visit)
        change = own.change(visit)
        if len(change) < 2:
            continue
        mean, error = float(change.mean()), float(change.std(ddof=1) / np.sqrt(len(change)))
        margin = float(stats.t.isf(0.025, len(change) - 1)) * error
        yield Line("mean_change", when, arm, str(len(change)), "descriptive", f"mean change ({outcome.units})", mean,
                   mean - margin, mean + margin)  # fmt: skip
        found = within_arm(own.values[:, 0], own.values[:, visit], outcome.zeros)
        yield Line("wilcoxon", when, arm, str(len(change)), "literature", "", statistic="Z", value=found.z, p=found.p,
                   remark=f"W = {found.w:g}; no change: {found.zeros}; says nothing about specificity")  # fmt: skip


def standardised_baseline(scores: Scores) -> Line:
    """Return how the arms of a pair differed before treatment, in standard deviations and without a test."""
    first, second = scores.by_arm(scores.values[:, 0])
    spread = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2) if min(len(first), len(second)) > 1 else 0.0
    smd = float((first.mean() - second.mean()) / spread) if spread > 0 else np.nan
    return Line("baseline", scores.outcome.visits[0], scores.comparison, f"{len(first)} / {len(second)}", "descriptive",
                "standardised difference before treatment", smd, remark="not tested: arms were drawn")  # fmt: skip
