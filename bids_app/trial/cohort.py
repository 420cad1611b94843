"""Who can be analysed: arms, the sessions that people have, their covariates and strata, and who is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NothingToCompareError, WrongDataError
from bids_app.statistics.covariate_coding import code_covariates, is_missing, read_column
from bids_app.vocabulary.design import Contrast, Design, Lost
from bids_app.vocabulary.near_matches import folded, nearest
from bids_app.vocabulary.options.design import ArmOptions, PeopleOptions
from bids_app.vocabulary.participant_row import ParticipantRow

Rows = Mapping[str, Mapping[str, str]]

INIT = "deqi BIDS_DIR --init-config analysis.toml writes what your dataset has."
"""What helps whoever has other names."""


@dataclass(frozen=True)
class Table:
    """What is at hand: rows of participants.tsv, sessions with maps, and why others have none, by participant.

    `levels` are columns whose numbers are codes, by their BIDS description.
    """

    participants: Rows
    available: Mapping[str, set[str]]
    reasons: Mapping[tuple[str, str], str]
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, kw_only=True)
class Cohort:
    """The participants that a design analyses.

    Attributes
    ----------
    rows : tuple of ParticipantRow
        One a participant.
    arms : tuple of str
    lost : tuple of Lost
    options : PeopleOptions
    levels : frozenset of str
        Columns whose numbers are codes of levels.
    warnings : tuple of str
        What is odd about the participants that there are.
    """

    rows: tuple[ParticipantRow, ...]
    arms: tuple[str, ...]
    lost: tuple[Lost, ...]
    options: PeopleOptions
    levels: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()

    @cached_property
    def arm(self) -> NDArray[np.intp]:
        """Number of each one's arm among `arms`."""
        return np.array([self.arms.index(row["arm"]) for row in self.rows], dtype=np.intp)

    @cached_property
    def _combined(self) -> list[str]:
        for name in self.options.drawn_within:
            read_column(name, self.rows, levels={name})  # one stratum in two spellings would be two
        return ["|".join(str(row[name]) for name in self.options.drawn_within) for row in self.rows]

    @cached_property
    def strata(self) -> NDArray[np.intp]:
        """Stratum of each one, by number."""
        return np.unique(self._combined, return_inverse=True)[1].astype(np.intp)

    @cached_property
    def covariates(self) -> dict[str, NDArray[np.float64]]:
        """Columns of the covariates by name."""
        return code_covariates(self.rows, self.options.covariates, self.levels)

    @cached_property
    def taken(self) -> tuple[str, ...]:
        """How each covariate and stratum was understood."""
        covariates = [read_column(name, self.rows, levels=self.levels).describe() for name in self.options.covariates]
        return (*covariates, *(f"{name} as strata" for name in self.options.drawn_within))

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what is odd, and which strata tell nothing about arms."""
        return self.warnings + tuple(
            f"Stratum {self._combined[int(np.flatnonzero(self.strata == s)[0])]!r} contains only one arm and adds no "
            "information about the difference between arms."
            for s in np.unique(self.strata)
            if len(self.arms) > 1 and np.ptp(self.arm[self.strata == s]) == 0
        )

    def design(
        self,
        stages: Mapping[str, str],
        contrasts: Iterable[Contrast],
        notes: Iterable[str] = (),
        parts: tuple[str, ...] = (),
    ) -> Design:
        """Return the design of these people with its contrasts."""
        return Design(
            rows=self.rows,
            sessions=stages,
            contrasts=tuple(contrasts),
            lost=self.lost,
            notes=(*self.notes, *notes),
            arms=self.arms,
            parts=parts,
            taken=self.taken,
        )

    def with_stages(self, *stages: str) -> NDArray[np.intp]:
        """Return the rows of people who have all of some stages."""
        return np.array([i for i, row in enumerate(self.rows) if set(stages) <= row.stages], dtype=np.intp)


def require_column(column: str, rows: Rows, advice: str) -> None:
    """Make sure that participants have a column.

    Raises
    ------
    WrongDataError
        If not; the message has the nearest name, or the tables of those that disagree in it.
    """
    columns = list(next(iter(rows.values()), {}))
    if column in columns:
        return
    own = [name for name in columns if name.endswith(f".{column}")]
    if own:
        raise WrongDataError(
            f"Column {column!r} stands in {' and '.join(name.rpartition('.')[0] for name in own)} with other values: "
            f"which is meant? Write {' or '.join(own)} (an outcome may name its table)."
        )
    near = get_close_matches(column, columns, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    advice = advice.replace("NAME", near[0] if near else "NAME")
    raise WrongDataError(
        f"participants.tsv has no column {column!r}; it has {', '.join(columns)}.{hint} {advice} {INIT}"
    )


def arms_of(participants: Rows, options: ArmOptions, design: str) -> dict[str, str]:
    """Return the arm of each participant who is in one of the arms compared.

    Raises
    ------
    WrongDataError
        If the column is absent, an arm has no participant, or a word is nearly the name of one.
    """
    advice = f"Name the one with the arms: --set designs.{design}.column=NAME."
    require_column(options.column, participants, advice)
    found = {label: row[options.column] for label, row in participants.items()}
    _require_no_near_arm(found, options)
    levels = sorted({word for word in found.values() if not is_missing(word)})
    if not set(options.arms) <= set(levels):
        expected = " and ".join(repr(arm) for arm in options.arms)
        raise WrongDataError(
            f"Column {options.column!r} has {levels}, expected {expected}: name your arms with "
            f"--set designs.{design}.active=... --set designs.{design}.control=... ({INIT})"
        )
    return {label: arm for label, arm in found.items() if arm in options.arms}


FEWEST = 3
"""People that an arm needs; fewer of a word that is one letter from an arm are a typing error."""


def _require_no_near_arm(found: Mapping[str, str], options: ArmOptions) -> None:
    """Refuse words that are nearly an arm: their people would be left out."""
    wrong = []
    counts = Counter(found.values())
    for label, word in found.items():
        if word in options.arms or is_missing(word):
            continue
        near = nearest(word, options.arms)
        if near and (folded(word) == folded(near) or counts[word] < FEWEST):
            wrong.append(f"sub-{label} has {word!r}, nearly {near!r}")
    if wrong and set(options.arms) & set(counts):
        raise WrongDataError(
            f"Column {options.column!r}: {'; '.join(wrong[:5])}{' ...' if len(wrong) > 5 else ''}. Correct the "
            "words in the table, or rename the group if it is another."
        )


def stages_there(table: Table, stages: Mapping[str, str]) -> dict[str, str]:
    """Return the session of each stage; where a dataset has no sessions, or one, that of a single stage is clear."""
    there = {session for sessions in table.available.values() for session in sessions}
    if len(stages) == 1 and (there == {""} or (len(there) == 1 and set(stages.values()) == {""})):
        return dict.fromkeys(stages, next(iter(there)))
    return dict(stages)


def gather(
    table: Table,
    arm: Mapping[str, str],
    stages: Mapping[str, str],
    needed: Sequence[str],
    options: PeopleOptions,
    known: Sequence[str] = (),
) -> Cohort:
    """Return the participants who have the sessions and covariates that a design needs.

    Parameters
    ----------
    arm : mapping
        Arm by participant; others are left out.
    stages : mapping
        Session of each stage.
    needed : sequence of str
        Stages without which someone is lost.
    known : sequence of str
        Columns besides covariates and strata that someone must have a value of.

    Raises
    ------
    WrongDataError
        If an arm has fewer than three participants, or a column is not there.
    NothingToCompareError
        If no one has the sessions.
    """
    arms = tuple(dict.fromkeys(options.arms)) if isinstance(options, ArmOptions) else ("all",)
    columns = (*options.covariates, *options.drawn_within, *known)
    for column in columns:
        require_column(column, table.participants, "Correct the covariates or strata of the design.")
    lost = [
        Lost(label, "n/a", "other", _other(options, row))
        for label, row in table.participants.items()
        if label not in arm
    ]
    strangers = sorted(label for label in table.available if label not in table.participants)
    lost += [Lost(label, "n/a", "other", "has maps but no row in participants.tsv") for label in strangers]
    rows: list[ParticipantRow] = []
    for label in sorted(arm):
        row = table.participants[label]
        loss = _unscanned(label, table, stages, needed) or _unknown(row, columns)
        if loss:
            lost.append(Lost(label, arm[label], *loss))
            continue
        there = {stage for stage, session in stages.items() if session in table.available.get(label, set())}
        cells = {**row, "participant_id": f"sub-{label}", "arm": arm[label]}
        rows.append(ParticipantRow(cells, frozenset(there)))
    counts = {name: sum(row["arm"] == name for row in rows) for name in arms}
    if min(counts.values()) < 3:
        said = " and ".join(f"{count} {name}" for name, count in counts.items())
        raise (WrongDataError if any(counts.values()) else NothingToCompareError)(
            f"{_sessions(needed)} there for {said} participants; at least 3 of each are needed. "
            + "; ".join(f"sub-{loss.participant}: {loss.reason}" for loss in lost[:3])
            + _other_sessions(table, stages)
        )
    levels = frozenset(options.levels) | table.levels
    for column in options.levels:
        require_column(column, table.participants, f"Correct designs.*.levels ({', '.join(options.levels)}).")
    return Cohort(rows=tuple(rows), arms=arms, lost=tuple(lost), options=options, levels=levels)


def _other_sessions(table: Table, stages: Mapping[str, str]) -> str:
    """Return which sessions there are, where a design names one that no participant has."""
    there = {session for sessions in table.available.values() for session in sessions}
    absent = [session for session in stages.values() if session not in there]
    if not (there and absent):
        return ""
    near = [word for session in absent if (word := nearest(session, there))]
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    words = ", ".join(sorted(session or "none (no sessions)" for session in there))
    return f". No participant has a session {', '.join(repr(word) for word in absent)}; there are {words}.{hint} {INIT}"


def _sessions(needed: Sequence[str]) -> str:
    return {1: "The session is", 2: "Both sessions are"}.get(len(needed), "All sessions are")


def _other(options: PeopleOptions, row: Mapping[str, str]) -> str:
    column = getattr(options, "column", "")
    return f"{column} is {row.get(column)!r}, not in this comparison" if column else "not in this comparison"


def _unscanned(label: str, table: Table, stages: Mapping[str, str], needed: Sequence[str]) -> tuple[str, str] | None:
    for stage in needed:
        session = stages[stage]
        if session not in table.available.get(label, set()):
            unknown = "not on disk: not scanned, or not run at participant level"
            where = f"session {session}: " if session else ""
            return stage, f"{where}{table.reasons.get((label, session), unknown)}"
    return None


def _unknown(row: Mapping[str, str], columns: Sequence[str]) -> tuple[str, str] | None:
    for column in columns:
        if is_missing(row[column]):
            return "covariate", f"{column} is {row[column]!r}"
    return None
