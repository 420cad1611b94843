"""Parallel arms with one session each: maps of the arms are compared, and nothing stands for where people began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from bids_app.trial.cohort import Cohort, Table, arms_of, gather, stages_there
from bids_app.trial.contrasts import DESCRIPTIVE, any_arm, arm_pairs, between, labels_of, within
from bids_app.trial.dropout import uneven_dropout
from bids_app.vocabulary.design import IT, Contrast, ContrastSpec, ContrastText, Design, Response
from bids_app.vocabulary.entities import stage_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.options.design import ArmOptions


@dataclass(frozen=True)
class Options(ArmOptions):
    """Options of `[designs.post_only]`."""

    session: Annotated[str, Doc("Session compared; empty where the dataset has no sessions.")] = "post"


METHODS = (
    "The primary estimand was the difference between arms in one session; there was no baseline to adjust for, so the "
    "comparison rests on randomisation alone."
)

_ONCE = Response({"once": 1.0})


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Raises
    ------
    WrongDataError
        If fewer than three participants of an arm have the session, or a covariate cannot be used.
    """
    stages = stages_there(table, {"once": stage_label(options.session)})
    cohort = gather(table, arms_of(table.participants, options, "post_only"), stages, ("once",), options)
    return cohort.design(stages, _contrasts(cohort), uneven_dropout(cohort, ("once",)))


def _contrasts(cohort: Cohort) -> Iterator[Contrast]:
    labels = dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    for pair in arm_pairs(cohort):
        arms = f"{pair.first} and {pair.second}"
        asked = pair.asked("", _ONCE, f"Does {IT} differ between {arms}?", f"differs between {arms}", claims=True)
        yield between(cohort, asked, pair.arms)
    yield from any_arm(cohort, "anyArm", "", _ONCE)
    for arm in cohort.arms:
        words = ContrastText(
            question=f"Is {IT} of {arm} other than 0? {DESCRIPTIVE}", sign="positive = above 0", arm=arm
        )
        yield within(cohort, ContrastSpec(name=f"{labels[arm]}Mean", words=words, outcome=_ONCE), arm)
