"""Two-period crossover (AB/BA): everybody gets both treatments, in an order that was drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from bids_app.trial.cohort import Cohort, Table, arms_of, gather
from bids_app.trial.contrasts import between, within
from bids_app.trial.dropout import uneven_dropout
from bids_app.trial.options import ArmOptions, Name
from bids_app.vocabulary.design import IT, Contrast, Design, Outcome, Question, Words
from bids_app.vocabulary.option import Doc


@dataclass(frozen=True)
class Options(ArmOptions):
    """Options of `[designs.crossover]`: arms are orders of treatment; `active` begins with the real one."""

    parallel: ClassVar[bool] = False

    column: Annotated[Name, Doc("Column of participants.tsv that holds the order of treatments.")] = "sequence"
    active: Annotated[Name, Doc("Order that begins with the real treatment.")] = "AB"
    control: Annotated[Name, Doc("Order that begins with the sham.")] = "BA"
    first: Annotated[Name, Doc("Session after the first treatment.")] = "period1"
    second: Annotated[Name, Doc("Session after the second treatment.")] = "period2"


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
    stages = {"first": options.first.removeprefix("ses-"), "second": options.second.removeprefix("ses-")}
    arm = arms_of(table.participants, options, "crossover")
    cohort = gather(table, arm, stages, ("first", "second"), options)
    return cohort.design(stages, _contrasts(cohort), uneven_dropout(cohort, ("first", "second")))


def _contrasts(cohort: Cohort) -> Iterator[Contrast]:
    order = cohort.arms[0], cohort.arms[-1]
    # In the words of the orders: blinded orders must not tell which treatment is the real one.
    one, other = (f"the treatment that {name} begins with" for name in order)
    words = Words(
        f"Does {IT} after {one} differ from that after {other}, within people?", f"positive = larger after {one}",
        f"{IT} after {one} differs from that after {other}", f"No difference in {IT} between the treatments",
        f"{one} with {other}",
    )  # fmt: skip
    treatment = Question("treatment", words, Outcome({"first": 0.5, "second": -0.5}), primary=True)
    yield replace(between(cohort, treatment, order), effect="crossover")
    words = Words(
        f"Does the sum of both periods of {IT} differ between the orders? Carry-over would do that; so may chance and "
        "differences between people, so it decides nothing.",
        f"positive = larger in {order[0]}", f"the sum of {IT} differs between the orders",
        f"No carry-over in {IT}", f"{order[0]} with {order[1]}",
    )  # fmt: skip
    yield between(cohort, Question("carryover", words, Outcome({"first": 1.0, "second": 1.0})), order)
    words = Words(f"Does {IT} change from the first to the second period, over both orders?",
                  "positive = larger in the second period", arm="both")  # fmt: skip
    yield within(cohort, Question("period", words, Outcome({"second": 1.0, "first": -1.0})))
