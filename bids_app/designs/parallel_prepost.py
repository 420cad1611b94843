"""Two parallel arms, one session before and one after treatment: verum against sham."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import MinLen
from numpy.typing import NDArray

from bids_app.errors import NothingToCompareError, WrongDataError
from bids_app.statistics.coding import MISSING, code_covariates
from bids_app.vocabulary.design import IT, Contrast, Design, Lost
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.option import Doc

Rows = Mapping[str, Mapping[str, str]]
Name = Annotated[str, MinLen(1)]


@dataclass(frozen=True)
class Options:
    """Options of `[designs.parallel_prepost]`."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "coerce_numbers_to_str": True}

    column: Annotated[Name, Doc("Column of participants.tsv that holds the arm.")] = "group"
    active: Annotated[Name, Doc("Value of the arm that gets the real treatment.")] = "verum"
    control: Annotated[Name, Doc("Value of the arm that gets the sham.")] = "sham"
    pre: Annotated[Name, Doc("Session before treatment.")] = "pre"
    post: Annotated[Name, Doc("Session after treatment.")] = "post"
    covariates: Annotated[
        tuple[str, ...], Doc("Columns measured before randomisation, e.g. age; text columns become levels.")
    ] = ()
    strata: Annotated[tuple[str, ...], Doc("Columns that randomisation was stratified by, e.g. site.")] = ()


DESCRIPTIVE = "This is not evidence of specificity."

METHODS = (
    "The primary estimand was the difference between arms after treatment, adjusted for each voxel's own baseline "
    "(ANCOVA). Participants were paired with themselves by identifier."
)


def arms(participants: Rows, options: Options) -> dict[str, str]:
    """Return the arm of each participant of the two arms.

    Raises
    ------
    WrongDataError
        If the column is absent, or one of the two arms has nobody.
    """
    columns = list(next(iter(participants.values()), {}))
    if options.column not in columns:
        near = get_close_matches(options.column, columns, n=1)
        raise WrongDataError(
            f"participants.tsv has no column {options.column!r}; it has {', '.join(columns)}. Name the one with the "
            f"arms: --set designs.parallel_prepost.column={near[0] if near else 'NAME'}"
        )
    found = {label: row[options.column] for label, row in participants.items()}
    levels = sorted(set(found.values()))
    if not {options.active, options.control} <= set(levels):
        raise WrongDataError(
            f"Column {options.column!r} has {levels}, expected {options.active!r} and {options.control!r}: name your "
            "arms with --set designs.parallel_prepost.active=... --set designs.parallel_prepost.control=..."
        )
    return {label: arm for label, arm in found.items() if arm in (options.active, options.control)}


def design(participants: Rows, available: Mapping[str, set[str]], reasons: Mapping[tuple[str, str], str],
           options: Options) -> Design:  # fmt: skip
    """Build the design from the participants' table and the sessions that have maps.

    Parameters
    ----------
    participants : mapping
        Row of participants.tsv by label, in the order of labels.
    available : mapping
        Sessions with maps, by label.
    reasons : mapping
        Why a (participant, session) has no map, where that is known.

    Raises
    ------
    WrongDataError
        If fewer than three participants of an arm have both sessions, or a covariate cannot be used.
    """
    options = replace(options, pre=options.pre.removeprefix("ses-"), post=options.post.removeprefix("ses-"))
    arm = arms(participants, options)
    lost = [
        Lost(label, row[options.column], "other", f"{options.column} is {row[options.column]!r}, not in this contrast")
        for label, row in participants.items()
        if label not in arm
    ]
    lost += [
        Lost(label, "n/a", "other", "has maps but no row in participants.tsv") for label in available
        if label not in participants
    ]  # fmt: skip
    members = []
    for label in sorted(arm):
        loss = _loss(label, arm[label], available.get(label, set()), reasons, options) or _gap(
            label, arm[label], participants[label], options
        )
        if loss:
            lost.append(loss)
        else:
            members.append(label)
    counts = {name: sum(arm[label] == name for label in members) for name in (options.active, options.control)}
    if min(counts.values()) < 3:
        raise (WrongDataError if any(counts.values()) else NothingToCompareError)(
            f"Both sessions are there for {counts[options.active]} {options.active} and {counts[options.control]} "
            f"{options.control} participants; at least 3 of each are needed. "
            + "; ".join(f"sub-{loss.participant}: {loss.reason}" for loss in lost[:3])
        )
    rows = [{**participants[label], "participant_id": f"sub-{label}", "arm": arm[label]} for label in members]
    contrasts, notes = _contrasts(rows, options)
    return Design(
        tuple(rows), {"pre": options.pre, "post": options.post}, contrasts, tuple(lost), notes,
        {"active": options.active, "control": options.control},
    )  # fmt: skip


def _loss(
    label: str, arm: str, sessions: set[str], reasons: Mapping[tuple[str, str], str], options: Options
) -> Lost | None:
    for stage, session in (("pre", options.pre), ("post", options.post)):
        if session not in sessions:
            reason = reasons.get((label, session), "no map on disk: not scanned, or not run at participant level")
            return Lost(label, arm, stage, f"session {session}: {reason}")
    return None


def _gap(label: str, arm: str, row: Mapping[str, str], options: Options) -> Lost | None:
    for column in (*options.covariates, *options.strata):
        if column not in row:
            raise WrongDataError(
                f"participants.tsv has no column {column!r}; it has {', '.join(row)}. "
                "Mend designs.parallel_prepost.covariates or strata."
            )
        if row[column].lower() in MISSING:
            return Lost(label, arm, "covariate", f"{column} is {row[column]!r}")
    return None


def _contrasts(rows: Sequence[Mapping[str, Any]], options: Options) -> tuple[tuple[Contrast, ...], tuple[str, ...]]:
    arm = np.array([float(row["arm"] == options.active) for row in rows])
    combined = ["|".join(str(row[name]) for name in options.strata) for row in rows]
    strata = np.unique(combined, return_inverse=True)[1].astype(np.intp)
    fixed = code_covariates(rows, options.covariates)
    dummies = {f"stratum_{s}": (strata == s).astype(np.float64) for s in range(1, int(strata.max()) + 1)}
    extra = {**dummies, **fixed}
    notes = tuple(
        f"Stratum {combined[int(np.flatnonzero(strata == s)[0])]!r} holds one arm only: it says nothing."
        for s in np.unique(strata)
        if np.ptp(arm[strata == s]) == 0
    )
    everybody = np.arange(len(rows))
    nuisance = np.column_stack([np.ones(len(rows)), *extra.values()])
    names = ("constant", *extra)
    active, control = options.active, options.control
    first, second = as_label(active), as_label(control)
    if first.lower() == second.lower() or {first, second} & {"x", "pooled"}:
        first, second = "active", "control"  # labels of file names that would overwrite each other
    pair = f"{first}Vs{second[:1].upper()}{second[1:]}"

    def between(name: str, question: str, outcome: str, adjusted: bool, effect: str, primary: bool = False) -> Contrast:
        sign = f"positive = larger in {active}"
        return Contrast(name, question, sign, "rerandomise", outcome, adjusted, everybody, arm, nuisance, strata,
                        effect, "", primary, (f"arm_{active}", *names))  # fmt: skip

    def within(name: str, question: str, members: NDArray[np.intp], whose: str) -> Contrast:
        pooled = whose == "both"
        centred = [column[members] - column[members].mean() for column in fixed.values()]
        half = [arm[members] - 0.5] if pooled else []
        columns = np.column_stack([*half, *centred]) if half or centred else np.empty((len(members), 0))
        keep = np.ptp(columns, axis=0) > 0
        said = tuple(np.array([*(["armHalf"] if pooled else []), *fixed])[keep]) if columns.size else ()
        return Contrast(name, question, "positive = larger after treatment", "signflip", "change", False, members,
                        np.ones(len(members)), columns[:, keep], strata[members], "one_sample", whose, False,
                        ("constant", *said))  # fmt: skip

    return (
        between(f"{pair}Adjusted", f"Does {IT} after treatment differ between {active} and {control}, "
                "given each voxel's own baseline?", "post", True, "ancova", True),
        between(f"{pair}Change", f"Does {IT} change more under {active} than under {control} "
                "(group x time)?", "change", False, "two_sample"),
        within(f"{first}Change", f"How does {IT} change within {active}? {DESCRIPTIVE}",
               np.flatnonzero(arm == 1), active),
        within(f"{second}Change", f"How does {IT} change within {control}? {DESCRIPTIVE}",
               np.flatnonzero(arm == 0), control),
        within("pooledChange", f"How does {IT} change in both arms together? {DESCRIPTIVE}",
               everybody, "both"),
        between(f"{pair}Post", f"Does {IT} after treatment differ between {active} and {control}, ignoring "
                "baseline?", "post", False, "two_sample"),
    ), notes  # fmt: skip
