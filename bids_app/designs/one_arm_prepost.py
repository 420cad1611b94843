"""One arm before and after treatment: a change is described; what caused it is not told."""

from __future__ import annotations

from dataclasses import dataclass

from bids_app.trial.cohort import Table, gather
from bids_app.trial.contrasts import within
from bids_app.vocabulary.design import IT, ContrastSpec, ContrastText, Design, Response
from bids_app.vocabulary.options.design import BeforeAfter, PeopleOptions


@dataclass(frozen=True)
class Options(BeforeAfter, PeopleOptions):
    """Options of `[designs.one_arm_prepost]`."""


METHODS = (
    "There was one arm: its mean change was tested, which time, expectation, the visit or the treatment can cause."
)


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Raises
    ------
    WrongDataError
        If fewer than three participants have both sessions, or a covariate cannot be used.
    """
    cohort = gather(table, dict.fromkeys(table.participants, "all"), options.stages, ("pre", "post"), options)
    words = ContrastText(
        question=f"Does {IT} change from {options.pre} to {options.post}? Without a control arm its cause is not told.",
        sign="positive = larger after treatment", found=f"{IT} changes from {options.pre} to {options.post}",
        absent=f"No change in {IT}",
    )  # fmt: skip
    change = within(
        cohort, ContrastSpec(name="change", words=words, outcome=Response({"post": 1.0, "pre": -1.0}), primary=True)
    )
    return cohort.design(options.stages, (change,))
