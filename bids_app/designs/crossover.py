"""Two-period crossover (AB/BA): each participant gets both treatments, in an order that was drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from bids_app.errors import UsageError, WrongDataError
from bids_app.statistics.covariate_coding import is_missing
from bids_app.trial.allocation_secrecy import is_control, is_treatment, mentions_treatment
from bids_app.trial.cohort import Cohort, Rows, Table, arms_of, gather
from bids_app.trial.contrasts import between, within
from bids_app.trial.dropout import uneven_dropout
from bids_app.vocabulary.design import IT, Contrast, ContrastSpec, ContrastText, Design, Response
from bids_app.vocabulary.entities import stage_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.options.design import ArmOptions, Name

_DATES = "acq_time"
"""Column of the tables of sessions with the date of each."""


@dataclass(frozen=True)
class Options(ArmOptions):
    """Options of `[designs.crossover]`: arms are orders of treatment; `active` begins with the real one."""

    parallel: ClassVar[bool] = False

    column: Annotated[
        Name, Doc("Column of participants.tsv with the treatment order; acq_time: by the dates of the sessions.")
    ] = "sequence"
    active: Annotated[Name, Doc("Treatment order that begins with verum.")] = "AB"
    control: Annotated[Name, Doc("Treatment order that begins with sham.")] = "BA"
    first: Annotated[Name, Doc("Session after the first treatment; or that of verum.")] = "period1"
    second: Annotated[Name, Doc("Session after the second treatment; or that of sham.")] = "period2"
    sessions: Annotated[
        Literal["auto", "periods", "treatments"],
        Doc("Sessions are periods, or named after the treatment (ses-verum); auto: decided by their names."),
    ] = "auto"
    baselines: Annotated[
        tuple[Name, ...],
        Doc("Baseline session of each period; changes from baseline are compared."),
    ] = ()

    def __post_init__(self) -> None:
        """Refuse sessions that are one, and baselines that are not two."""
        super().__post_init__()
        if len({self.first, self.second, *self.baselines}) < 2 + len(self.baselines):
            raise ValueError(f"sessions must be different ones; given: {self.first}, {self.second}, {self.baselines}")
        if len(self.baselines) not in (0, 2):
            raise ValueError("baselines are two sessions, one before each treatment, or none")

    @property
    def by_treatment(self) -> bool:
        """Whether sessions are called after treatments."""
        named = is_treatment(self.first) and is_treatment(self.second)
        return self.sessions == "treatments" or (self.sessions == "auto" and named)

    @property
    def stages(self) -> dict[str, str]:
        """Session of each stage: first and second by period; with treatments, the real one is `first`."""
        pair = [self.first, self.second]
        before = list(self.baselines)
        if self.by_treatment and is_control(self.first) and not is_control(self.second):
            pair, before = pair[::-1], before[::-1]
        named = zip(("first", "second", "before1", "before2"), (*pair, *before), strict=False)
        return {stage: stage_label(session) for stage, session in named}


METHODS = (
    "Treatments were compared within people: half the difference between the orders of treatment of the difference "
    "between periods, with orders re-randomised. Period and carry-over effects are reported beside it; "
    "a test for carry-over does not decide which analysis is taken."
)


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Raises
    ------
    WrongDataError
        If fewer than three participants of an order have both sessions, or a covariate cannot be used.
    """
    stages = options.stages
    if (
        options.sessions == "auto"
        and not options.by_treatment
        and (is_treatment(options.first) != is_treatment(options.second))
    ):
        raise UsageError(
            f"designs.crossover: one of the sessions {options.first}, {options.second} is called after a treatment. "
            "Say what they are: --set designs.crossover.sessions=treatments (or periods)"
        )
    if options.by_treatment and not all(map(mentions_treatment, options.baselines)):
        raise UsageError(
            f"designs.crossover.baselines {', '.join(options.baselines)} are of periods, and {options.first}, "
            f"{options.second} of treatments. Name sessions of one kind: baselines after their treatments, or periods."
        )
    if options.column == _DATES:
        table = replace(table, participants=_ordered(table.participants, options, stages))
    arm = arms_of(table.participants, options, "crossover")
    cohort = gather(table, arm, stages, tuple(stages), options)
    notes = [*uneven_dropout(cohort, tuple(stages))]
    if options.by_treatment:
        said = f"{stages['first']} is the real treatment and {stages['second']} the sham"
        notes.append(f"Sessions are treatments: {said}; periods follow from {options.column}")
    return cohort.design(stages, _contrasts(cohort, options), notes)


def _ordered(rows: Rows, options: Options, stages: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the rows with the order that the dates of sessions tell.

    Raises
    ------
    WrongDataError
        If sessions are periods, or no participant has both dates.
    """
    if not options.by_treatment:
        raise WrongDataError("designs.crossover.column = 'acq_time' is for sessions that are called after treatments.")
    dates = [f"{_DATES}_{stages[stage]}" for stage in ("first", "second")]
    found = {}
    for label, row in rows.items():
        real, sham = (row.get(column, "n/a") for column in dates)
        known = not (is_missing(real) or is_missing(sham) or real == sham)
        found[label] = {**row, _DATES: (options.active if real < sham else options.control) if known else "n/a"}
    if all(is_missing(row[_DATES]) for row in found.values()):
        raise WrongDataError(
            f"No sub-*_sessions.tsv has {_DATES} of both {' and '.join(dates)}; name a column instead."
        )
    return found


def _contrasts(cohort: Cohort, options: Options) -> Iterator[Contrast]:
    order = cohort.arms[0], cohort.arms[-1]
    # In the words of the orders: blinded orders must not tell which treatment is the real one.
    one, other = (f"the treatment that {name} begins with" for name in order)
    words = ContrastText(
        question=f"Does {IT} after {one} differ from that after {other}, within people?",
        sign=f"positive = larger after {one}",
        found=f"{IT} after {one} differs from that after {other}",
        absent=f"No difference in {IT} between the treatments",
        compares=(one, other),
    )
    treatment = ContrastSpec(name="treatment", words=words, outcome=_outcome(options, 0.5, -0.5), primary=True)
    yield _of_periods(replace(between(cohort, treatment, order), effect="crossover"), cohort, options)
    words = ContrastText(
        question=f"Does the sum of both periods of {IT} differ between the orders? Carry-over would do that; so may "
        "chance and differences between people, so it decides nothing.",
        sign=f"positive = larger in {order[0]}",
        found=f"the sum of {IT} differs between the orders",
        absent=f"No carry-over in {IT}",
        compares=(order[0], order[1]),
    )
    yield between(cohort, ContrastSpec(name="carryover", words=words, outcome=_outcome(options, 1.0, 1.0)), order)
    words = ContrastText(
        question=f"Does {IT} change from the first to the second period, over both orders?",
        sign="positive = larger in the second period",
        arm="both",
    )
    yield _of_periods(
        within(cohort, ContrastSpec(name="period", words=words, outcome=_outcome(options, -1.0, 1.0))), cohort, options
    )


def _outcome(options: Options, first: float, second: float) -> Response:
    """Return the maps of both sessions weighted, or their changes from the session before each."""
    before = {"before1": -first, "before2": -second} if options.baselines else {}
    return Response({"first": first, "second": second, **before})


def _of_periods(contrast: Contrast, cohort: Cohort, options: Options) -> Contrast:
    """Return a contrast of periods: where sessions are treatments, the second order had them the other way round."""
    if not options.by_treatment:
        return contrast
    turned: Any = np.where(cohort.arm[contrast.members] == 0, 1.0, -1.0)
    return replace(contrast, times=turned)
