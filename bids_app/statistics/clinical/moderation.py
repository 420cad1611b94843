"""Does the effect of an arm depend on what people are? Arm x moderator, exploratory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.ancova import compare
from bids_app.statistics.clinical.outcome_data import Moderator, OutcomeData, ResultRow
from bids_app.statistics.permutation.schemes import Exchange


def moderated(both: OutcomeData, visit: int, when: str) -> Iterator[ResultRow]:
    """Yield whether the effect of the arm depends on a value of participants: arm x moderator.

    Residuals are exchanged within stratum and arm, because arms may scatter unlike each other.
    """
    for moderator in both.moderators:
        known = np.isfinite(moderator.values)
        row = both.row("moderator", when, "exploratory", subject=moderator.label, n=(int(known.sum()),))
        row = row.knowing(name=moderator.name)
        if both.outcome.kind == "count":
            yield row.knowing(untested="count")
        elif not known.any() or np.ptp(moderator.values[known]) == 0:
            yield row.knowing(untested="constant")
        else:
            yield _tested(both.subset(known), replace(moderator, values=moderator.values[known]), visit, row)


def _tested(own: OutcomeData, moderator: Moderator, visit: int, row: ResultRow) -> ResultRow:
    """Return the row with the test, of people whose moderator is known."""
    centred = moderator.values - moderator.values.mean()
    nuisance = np.column_stack([own.nuisance, own.active, centred])
    if np.linalg.matrix_rank(nuisance) < nuisance.shape[1]:  # a covariate, too: it stands among the others already
        nuisance = nuisance[:, :-1]
    product = (own.active - own.active.mean()) * centred
    enough = len(product) > nuisance.shape[1] + 2
    if enough and np.linalg.matrix_rank(np.column_stack([nuisance, product])) <= nuisance.shape[1]:
        return row.knowing(untested="collinear")
    try:
        scheme = Exchange(own.strata * 2 + own.arm, own.seed, own.requested)
        found = compare(own.values[:, visit], product, nuisance, own.values[:, 0], scheme)
    except WrongDataError as error:
        return row.knowing(untested="failed", error=str(error))
    tested = own.compared("moderator", row.visit, "exploratory", found)
    return replace(tested, subject=row.subject, facts={**row.facts, "tested": True})
