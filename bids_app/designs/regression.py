"""Slopes on a value that was not randomised, such as symptom change: within each arm, over arms, and between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import UsageError, WrongDataError
from bids_app.statistics.covariate_coding import read_column
from bids_app.trial.cohort import Cohort, Table, arms_of, gather, require_column, stages_there
from bids_app.trial.contrasts import labels_of, slope
from bids_app.vocabulary.design import IT, Contrast, ContrastSpec, ContrastText, Design, Response
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.options.design import ArmOptions, BeforeAfter
from bids_app.vocabulary.terms import signed_terms


@dataclass(frozen=True)
class Options(BeforeAfter, ArmOptions):
    """Options of `[designs.regression]`."""

    value: Annotated[
        str, Doc("Column of interest, or 'A-B' for a difference of two (vas_pre-vas_post is an improvement).")
    ] = ""
    outcome: Annotated[Literal["change", "pre", "post"], Doc("Maps that the value is related to.")] = "change"


METHODS = (
    "Slopes on a value that was not randomised were tested by exchanging residuals within arms and strata "
    "[@Freedman1983]. They are associations: a common cause of both explains them as well as an effect."
)

_OUTCOMES = {
    "change": Response({"post": 1.0, "pre": -1.0}), "pre": Response({"pre": 1.0}), "post": Response({"post": 1.0}),
}  # fmt: skip


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Raises
    ------
    UsageError
        If no value is named.
    WrongDataError
        If it is no number, the same for all participants, or too few participants have it.
    """
    if not options.value:
        raise UsageError("designs.regression needs a value: --set designs.regression.value=COLUMN (or 'A-B').")
    outcome = _OUTCOMES[options.outcome]
    needed = {stage: session for stage, session in options.stages.items() if stage in outcome.stages}
    stages = stages_there(table, needed)
    arm = arms_of(table.participants, options, "regression")
    columns = _columns(table, options.value)
    cohort = gather(table, arm, stages, tuple(stages), options, tuple(columns))
    return cohort.design(stages, _contrasts(cohort, options, outcome, _values(cohort, columns)))


def _columns(table: Table, words: str) -> dict[str, float]:
    """Return the columns that a value is made of, each with its weight: `vas_pre-vas_post` is a difference."""
    known = list(next(iter(table.participants.values()), {}))
    if words in known:
        return {words: 1.0}
    try:
        return dict(signed_terms(words, known))
    except ValueError as error:
        require_column(str(error), table.participants, "Write designs.regression.value as COLUMN, or COLUMN-COLUMN.")
        raise


def _values(cohort: Cohort, columns: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the value of each participant."""
    values = np.zeros(len(cohort.rows))
    for name, weight in columns.items():
        column = read_column(name, cohort.rows)
        if column.values is None:
            raise WrongDataError(f"{name} holds {', '.join(column.levels[:5])}; expected numbers.")
        values += weight * column.values
    if np.ptp(values) == 0:
        raise WrongDataError(f"{' and '.join(columns)} is alike for all participants.")
    return values


def _contrasts(cohort: Cohort, options: Options, outcome: Response, values: NDArray[np.float64]) -> Iterator[Contrast]:
    what = {"change": f"the change in {IT}", "pre": f"{IT} before treatment", "post": f"{IT} after treatment"}[
        options.outcome
    ]
    value, labels = options.value, dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    arms = {f"arm_{arm}": (cohort.arm == i).astype(np.float64) for i, arm in enumerate(cohort.arms[:-1])}
    sign = f"positive = larger where {value} is larger"
    words = ContrastText(
        question=f"Is {what} associated with {value}, given the arm? An association, not a cause.",
        sign=sign,
        found=f"{what} is associated with {value}",
        absent=f"No association of {what} with {value}",
    )
    yield slope(cohort, ContrastSpec(name="slope", words=words, outcome=outcome, primary=True), values, arms)
    for arm in cohort.arms:
        words = ContrastText(question=f"Is {what} associated with {value} within {arm}?", sign=sign, arm=arm)
        yield slope(cohort, ContrastSpec(name=f"{labels[arm]}Slope", words=words, outcome=outcome), values, {}, arm)
    for first, second in combinations(cohort.arms, 2):
        own = (cohort.arm == cohort.arms.index(first)).astype(np.float64)
        words = ContrastText(
            question=f"Does the slope of {what} on {value} differ between {first} and {second}?",
            sign=f"positive = steeper in {first}",
            found=f"the slope of {what} on {value} differs between {first} and {second}",
            absent=f"No difference between the slopes of {first} and {second}",
            compares=(first, second),
        )
        pair = np.isin(cohort.arm, [cohort.arms.index(first), cohort.arms.index(second)])
        centred = values - values[pair].mean()
        both = np.where(pair, own * centred, np.nan)
        name = f"{labels[first]}Vs{labels[second][:1].upper()}{labels[second][1:]}Slope"
        yield slope(
            cohort, ContrastSpec(name=name, words=words, outcome=outcome), both, {f"arm_{first}": own, value: centred}
        )
