"""Parallel arms with several sessions after treatment: arms compared at each and on average, given the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import MinLen

from bids_app.errors import UsageError
from bids_app.trial.cohort import Cohort, Table, arms_of, gather
from bids_app.trial.contrasts import DESCRIPTIVE, any_arm, arm_pairs, between, labels_of, within
from bids_app.trial.dropout import uneven_dropout
from bids_app.vocabulary.design import IT, OWN, Contrast, ContrastSpec, ContrastText, Design, Response
from bids_app.vocabulary.entities import as_label, stage_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.options.design import ArmOptions, Name


@dataclass(frozen=True)
class Options(ArmOptions):
    """Options of `[designs.parallel_followups]`."""

    pre: Annotated[Name, Doc("Session before treatment.")] = "pre"
    posts: Annotated[tuple[Name, ...], MinLen(1), Doc("Follow-up sessions in order.")] = (
        "post",
        "followup",
    )
    primary: Annotated[str, Doc("Primary follow-up session, or 'average'; empty: the first.")] = ""

    def __post_init__(self) -> None:
        """Refuse sessions that are one."""
        super().__post_init__()
        sessions = [stage_label(session) for session in (self.pre, *self.posts)]
        if len({session.lower() for session in sessions}) < len(sessions):
            raise ValueError(f"sessions must be different ones; given: {', '.join(sessions)}")


METHODS = (
    "Arms were compared at each session after treatment and on the average of these, adjusted for each voxel's own "
    "baseline (ANCOVA). One of these comparisons was declared primary."
)


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Participants count for a session if they have it and the baseline.

    Raises
    ------
    UsageError
        If the primary session is none of those after treatment.
    WrongDataError
        If fewer than three participants of an arm have baseline and the primary session, or a covariate cannot be used.
    """
    posts = [stage_label(post) for post in options.posts]
    primary = stage_label(options.primary) or posts[0]
    if primary not in (*posts, "average"):
        raise UsageError(
            f"designs.parallel_followups.primary is {primary!r}; expected one of {', '.join(posts)} or average."
        )
    primary = primary if len(posts) > 1 else posts[0]  # the average of one session is that session
    stages = {"pre": stage_label(options.pre), **{f"post{i}": post for i, post in enumerate(posts, 1)}}
    needed = [stage for stage, session in stages.items() if stage == "pre" or primary in (session, "average")]
    cohort = gather(table, arms_of(table.participants, options, "parallel_followups"), stages, needed, options)
    return cohort.design(stages, _contrasts(cohort, stages, primary), uneven_dropout(cohort, needed))


def _contrasts(cohort: Cohort, stages: Mapping[str, str], primary: str) -> Iterator[Contrast]:
    posts = {stage: session for stage, session in stages.items() if stage != "pre"}
    when = {session: {stage: 1.0} for stage, session in posts.items()}
    if len(posts) > 1:
        when["average"] = dict.fromkeys(posts, 1 / len(posts))
    labels = dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    for pair in arm_pairs(cohort):
        arms = f"{pair.first} and {pair.second}"
        for session, weights in sorted(when.items(), key=lambda item: item[0] != primary):
            moment = "on average after treatment" if session == "average" else f"in session {session}"
            asked = pair.asked(
                _capital(session), Response(weights, "pre"),
                f"Does {IT} {moment} differ between {arms}, given {OWN} baseline?",
                f"{moment} differs between {arms}, given {OWN} baseline,", f" {moment}", claims=session == primary,
            )  # fmt: skip
            if _enough(cohort, asked.outcome):
                yield between(cohort, asked, pair.arms)
    moment = " on average after treatment" if primary == "average" else f" in session {primary}"
    yield from any_arm(cohort, f"anyArm{_capital(primary)}", moment, Response(when[primary], "pre"))
    for arm in cohort.arms:
        for session, weights in when.items():
            words = ContrastText(question=f"How does {IT} change within {arm} until {session}? {DESCRIPTIVE}",
                          sign="positive = larger after treatment", arm=arm)  # fmt: skip
            asked = ContrastSpec(
                name=f"{labels[arm]}Change{_capital(session)}", words=words, outcome=Response({**weights, "pre": -1.0})
            )
            if _enough(cohort, asked.outcome):
                yield within(cohort, asked, arm)


def _enough(cohort: Cohort, outcome: Response) -> bool:
    """Tell whether every arm has three people with all sessions that an outcome needs."""
    there = cohort.arm[cohort.with_stages(*outcome.stages)]
    return all((there == number).sum() >= 3 for number in range(len(cohort.arms)))


def _capital(session: str) -> str:
    label = as_label(session)
    return label[:1].upper() + label[1:]
