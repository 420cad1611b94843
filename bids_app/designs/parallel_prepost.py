"""Parallel arms, one session before and one after treatment: verum against sham, and further arms against sham."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bids_app.trial.cohort import Table, arms_of, gather
from bids_app.trial.dropout import depends_on_arm
from bids_app.trial.options import ArmOptions, Name
from bids_app.trial.prepost import contrasts
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.option import Doc


@dataclass(frozen=True)
class Options(ArmOptions):
    """Options of `[designs.parallel_prepost]`."""

    pre: Annotated[Name, Doc("Session before treatment.")] = "pre"
    post: Annotated[Name, Doc("Session after treatment.")] = "post"


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
    stages = {"pre": options.pre.removeprefix("ses-"), "post": options.post.removeprefix("ses-")}
    arm = arms_of(table.participants, options, "parallel_prepost")
    cohort = gather(table, arm, stages, ("pre", "post"), options)
    unequal = depends_on_arm(cohort, ("pre", "post"))
    notes = (*cohort.notes, *([unequal] if unequal else []))
    return Design(cohort.rows, stages, tuple(contrasts(cohort, bool(unequal))), cohort.lost, notes, cohort.arms)
