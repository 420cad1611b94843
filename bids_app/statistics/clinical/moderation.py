"""Does the effect of an arm depend on what people are? Arm x moderator, exploratory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.ancova import compare
from bids_app.statistics.clinical.scores import Line, Scores, line_of
from bids_app.statistics.relabelling import Exchange


def moderated(both: Scores, visit: int, when: str) -> Iterator[Line]:
    """Yield whether the effect of the arm depends on a value of people: arm x moderator.

    Residuals are exchanged within stratum and arm, because arms may scatter unlike each other.
    """
    for name, column in both.moderators.items():
        known = np.isfinite(column)
        line = Line(f"moderator_{name}", when, both.comparison, str(int(known.sum())), "exploratory", f"arm x {name}")
        if both.outcome.kind == "count":
            yield replace(line, remark="not tested: moderators of counts are not implemented; declare it as a score")
            continue
        if not known.any() or np.ptp(column[known]) == 0:
            yield replace(line, remark=f"not tested: nobody differs in {name}")
            continue
        own = both.of(known)
        centred = column[known] - column[known].mean()
        nuisance = np.column_stack([own.nuisance, own.active, centred])
        if np.linalg.matrix_rank(nuisance) < nuisance.shape[1]:  # a covariate, too: it stands among the others already
            nuisance = nuisance[:, :-1]
        product = (own.active - own.active.mean()) * centred
        enough = len(product) > nuisance.shape[1] + 2
        if enough and np.linalg.matrix_rank(np.column_stack([nuisance, product])) <= nuisance.shape[1]:
            yield replace(line, remark=f"not tested: {name} cannot be told from arm or strata")
            continue
        try:
            scheme = Exchange(own.strata * 2 + own.arm, own.seed, own.requested)
            found = compare(own.values[:, visit], product, nuisance, own.values[:, 0], scheme)
        except WrongDataError as error:
            yield replace(line, remark=str(error))
            continue
        quantity = f"change of the difference per unit of {name} ({both.outcome.units})"
        yield line_of(line.analysis, when, own, "exploratory", quantity, found)
