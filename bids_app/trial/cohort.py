"""Who can be analysed: arms, the sessions that people have, their covariates and strata, and who is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NothingToCompareError, WrongDataError
from bids_app.statistics.coding import MISSING, code_covariates
from bids_app.trial.options import ArmOptions, PeopleOptions
from bids_app.vocabulary.design import Lost

Rows = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Table:
    """What is at hand: rows of participants.tsv, sessions with maps, and why others have none, by participant."""

    participants: Rows
    available: Mapping[str, set[str]]
    reasons: Mapping[tuple[str, str], str]


@dataclass(frozen=True, eq=False)
class Cohort:
    """The people that a design analyses.

    Attributes
    ----------
    rows : tuple of mapping
        One a participant: their row of participants.tsv, `participant_id`, `arm`, and `stages`, which they have.
    arms : tuple of str
    lost : tuple of Lost
    options : PeopleOptions
    """

    rows: tuple[Mapping[str, Any], ...]
    arms: tuple[str, ...]
    lost: tuple[Lost, ...]
    options: PeopleOptions

    @cached_property
    def arm(self) -> NDArray[np.intp]:
        """Number of each one's arm among `arms`."""
        return np.array([self.arms.index(row["arm"]) for row in self.rows], dtype=np.intp)

    @cached_property
    def _combined(self) -> list[str]:
        return ["|".join(str(row[name]) for name in self.options.drawn_within) for row in self.rows]

    @cached_property
    def strata(self) -> NDArray[np.intp]:
        """Stratum of each one, by number."""
        return np.unique(self._combined, return_inverse=True)[1].astype(np.intp)

    @cached_property
    def covariates(self) -> dict[str, NDArray[np.float64]]:
        """Columns of the covariates by name."""
        return code_covariates(self.rows, self.options.covariates)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which strata tell nothing about arms."""
        return tuple(
            f"Stratum {self._combined[int(np.flatnonzero(self.strata == s)[0])]!r} holds one arm only: it says nothing."
            for s in np.unique(self.strata)
            if len(self.arms) > 1 and np.ptp(self.arm[self.strata == s]) == 0
        )

    def having(self, *stages: str) -> NDArray[np.intp]:
        """Return the rows of people who have all of some stages."""
        return np.array([i for i, row in enumerate(self.rows) if set(stages) <= row["stages"]], dtype=np.intp)


def arms_of(participants: Rows, options: ArmOptions, design: str) -> dict[str, str]:
    """Return the arm of each participant who is in one of the arms compared.

    Raises
    ------
    WrongDataError
        If the column is absent, or an arm has nobody.
    """
    columns = list(next(iter(participants.values()), {}))
    if options.column not in columns:
        near = get_close_matches(options.column, columns, n=1)
        raise WrongDataError(
            f"participants.tsv has no column {options.column!r}; it has {', '.join(columns)}. Name the one with the "
            f"arms: --set designs.{design}.column={near[0] if near else 'NAME'}"
        )
    found = {label: row[options.column] for label, row in participants.items()}
    levels = sorted(set(found.values()))
    if not set(options.arms) <= set(levels):
        expected = " and ".join(repr(arm) for arm in options.arms)
        raise WrongDataError(
            f"Column {options.column!r} has {levels}, expected {expected}: name your arms with "
            f"--set designs.{design}.active=... --set designs.{design}.control=..."
        )
    return {label: arm for label, arm in found.items() if arm in options.arms}


def gather(
    table: Table,
    arm: Mapping[str, str],
    stages: Mapping[str, str],
    needed: Sequence[str],
    options: PeopleOptions,
    known: Sequence[str] = (),
) -> Cohort:
    """Return the people who have the sessions and covariates that a design needs.

    Parameters
    ----------
    arm : mapping
        Arm by participant; others are left out.
    stages : mapping
        Session of each stage.
    needed : sequence of str
        Stages without which somebody is lost.
    known : sequence of str
        Columns besides covariates and strata that somebody must have a value of.

    Raises
    ------
    WrongDataError
        If an arm has fewer than three people, or a column is not there.
    NothingToCompareError
        If nobody has the sessions.
    """
    arms = tuple(dict.fromkeys(options.arms)) if isinstance(options, ArmOptions) else ("all",)
    lost = [
        Lost(label, "n/a", "other", _other(options, row))
        for label, row in table.participants.items()
        if label not in arm
    ]
    lost += [
        Lost(label, "n/a", "other", "has maps but no row in participants.tsv")
        for label in table.available if label not in table.participants
    ]  # fmt: skip
    rows: list[dict[str, Any]] = []
    for label in sorted(arm):
        row = table.participants[label]
        loss = _unscanned(label, table, stages, needed) or _unknown(
            row, (*options.covariates, *options.drawn_within, *known)
        )
        if loss:
            lost.append(Lost(label, arm[label], *loss))
            continue
        there = {stage for stage, session in stages.items() if session in table.available.get(label, set())}
        rows.append({**row, "participant_id": f"sub-{label}", "arm": arm[label], "stages": there})
    counts = {name: sum(row["arm"] == name for row in rows) for name in arms}
    if min(counts.values()) < 3:
        said = " and ".join(f"{count} {name}" for name, count in counts.items())
        raise (WrongDataError if any(counts.values()) else NothingToCompareError)(
            f"{_sessions(needed)} there for {said} participants; at least 3 of each are needed. "
            + "; ".join(f"sub-{loss.participant}: {loss.reason}" for loss in lost[:3])
        )
    return Cohort(tuple(rows), arms, tuple(lost), options)


def _sessions(needed: Sequence[str]) -> str:
    return {1: "The session is", 2: "Both sessions are"}.get(len(needed), "All sessions are")


def _other(options: PeopleOptions, row: Mapping[str, str]) -> str:
    column = getattr(options, "column", "")
    return f"{column} is {row.get(column)!r}, not in this comparison" if column else "not in this comparison"


def _unscanned(label: str, table: Table, stages: Mapping[str, str], needed: Sequence[str]) -> tuple[str, str] | None:
    for stage in needed:
        session = stages[stage]
        if session not in table.available.get(label, set()):
            unknown = "no map on disk: not scanned, or not run at participant level"
            return stage, f"session {session}: {table.reasons.get((label, session), unknown)}"
    return None


def _unknown(row: Mapping[str, str], columns: Sequence[str]) -> tuple[str, str] | None:
    for column in columns:
        if column not in row:
            raise WrongDataError(
                f"participants.tsv has no column {column!r}; it has {', '.join(row)}. "
                "Mend the covariates or strata of the design."
            )
        if row[column].lower() in MISSING:
            return "covariate", f"{column} is {row[column]!r}"
    return None
