"""Parallel arms, one session before and one after treatment: verum against sham, and further arms against sham."""

from __future__ import annotations

from dataclasses import dataclass

from bids_app.trial.cohort import Table, arms_of, gather
from bids_app.trial.dropout import uneven_dropout
from bids_app.trial.prepost_contrasts import contrasts
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.options.design import ArmOptions, BeforeAfter


@dataclass(frozen=True)
class Options(BeforeAfter, ArmOptions):
    """Options of `[designs.parallel_prepost]`."""


METHODS = (
    "The primary estimand was the difference between arms after treatment, adjusted for each voxel's own baseline "
    "(ANCOVA). Participants were paired with themselves by identifier."
)


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Raises
    ------
    WrongDataError
        If fewer than three participants of an arm have both sessions, or a covariate cannot be used.
    """
    arm = arms_of(table.participants, options, "parallel_prepost")
    cohort = gather(table, arm, options.stages, ("pre", "post"), options)
    unequal = uneven_dropout(cohort, ("pre", "post"))
    return cohort.design(options.stages, contrasts(cohort, bool(unequal)), unequal)
