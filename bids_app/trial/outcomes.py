"""Outcomes of a trial: what settings and the JSON beside the tables say of them, and all values, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import UsageError, WrongDataError, suggest
from bids_app.statistics.covariate_coding import is_missing, number, numbers, read_column
from bids_app.trial.cohort import require_column
from bids_app.vocabulary.entities import as_label, stage_label
from bids_app.vocabulary.outcome import ClinicalOutcome, OutcomeOptions, Scale
from bids_app.vocabulary.person_column import Comparable

Rows = Mapping[str, Mapping[str, str]]

SIDES = {"lower is better": True, "lower": True, "higher is better": False, "higher": False}
NAMED = 5
"""Faults that one message names."""


@dataclass(frozen=True)
class Said:
    """What a dataset says of its people: rows by participant, and the table and description of each column."""

    rows: Rows
    sources: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def columns(self, where: str, stem: str, visits: Sequence[str], table: str) -> tuple[str, ...]:
        """Return the column of each visit, in the table that an outcome names.

        Raises
        ------
        WrongDataError
            If there is none of that name, or tables disagree in it and none is named.
        """
        known = {column for row in self.rows.values() for column in row}
        tables = sorted({*self.sources.values()})
        if table and table not in tables:
            raise WrongDataError(f"{where}.table is {table!r}; {suggest(table, tables)}")
        found = []
        for visit in visits:
            plain = f"{stem}_{visit}"
            column = f"{table}.{plain}" if table and f"{table}.{plain}" in known else plain
            if table and self.sources.get(column) != table:
                raise WrongDataError(f"{where} needs the column {plain} of the table {table}, which has none.")
            if column not in known and (own := sorted(name for name in known if name.endswith(f".{plain}"))):
                tables = [name.removesuffix(f".{plain}") for name in own]
                raise WrongDataError(
                    f"{where}: the column {plain} stands in {' and '.join(tables)} with other values. Say which is "
                    f"meant: --set {where}.table={tables[0]}"
                )
            found.append(column)
        _require_columns(where, found, self.rows)
        return tuple(found)

    def about(self, column: str, stem: str) -> Mapping[str, object]:
        """Return what the JSON of its own table says of a column, or of the scale that it is a visit of."""
        source = self.sources.get(column, "")
        scale = self.described.get(f"{source}.{stem}" if source else stem, {})
        visit = self.described.get(column, {})
        alone = {**self.described.get(f".{stem}", {}), **self.described.get(f".{column}", {})}
        return {**scale, **visit} or alone


def outcome_of(
    name: str, options: OutcomeOptions, said_of: Said, visits: Sequence[str], post: str = ""
) -> ClinicalOutcome:
    """Return an outcome of which everything is known.

    Parameters
    ----------
    visits : sequence of str
        Those of the design, if the outcome names none.
    post : str
        The visit that carries the claim of the design: the endpoint, if the outcome has it and names none.

    Raises
    ------
    UsageError
        If visits are not told, or the endpoint is none of them.
    WrongDataError
        If a column is not there, its direction or units are nowhere declared, or a score is impossible.
    """
    where, stem, rows = f"outcomes.{name}", options.column or name, said_of.rows
    visits = [stage_label(visit) for visit in options.visits or visits]
    if len(visits) < 2 or len(set(visits)) < len(visits):
        raise UsageError(
            f"{where} has visits {', '.join(visits) or 'none'}; expected the one before treatment and at least one "
            f'after it: --set \'{where}.visits=["pre", "post"]\'.'
        )
    endpoint = stage_label(options.endpoint) or (post if post in visits[1:] else visits[-1])
    if endpoint not in visits[1:]:
        raise UsageError(f"{where}.endpoint is {endpoint!r}; expected one of {', '.join(visits[1:])}.")
    columns = said_of.columns(where, stem, visits, options.table)
    for moderator in options.moderators:
        require_column(moderator, rows, f"Correct {where}.moderators.")
    said = _said(stem, columns, said_of)
    lower = _lower_is_better(where, stem, options, said)
    units = options.units or str(said.get("Units", ""))
    if not units:
        raise WrongDataError(
            f'{where}: {stem} has no units. Add "Units" to its column in the JSON beside the table, or --set '
            f'{where}.units="points".'
        )

    def declared(option: float | None, key: str) -> float | None:
        value = said.get(key) if option is None else option
        if value is not None and not isinstance(value, int | float):
            raise WrongDataError(f"{key} of {stem} is {value!r} in the JSON beside its table; expected a number.")
        return value

    found = ClinicalOutcome(
        name=as_label(name),
        table=name,
        stem=stem,
        title=str(said.get("LongName", name)),
        columns=columns,
        visits=tuple(visits),
        endpoint=endpoint,
        role=options.role,
        kind=options.kind,
        lower_is_better=lower,
        units=f"{options.scale} {units}".strip(),
        scale=options.scale,
        minimum=declared(options.minimum, "Minimum"),
        maximum=declared(options.maximum, "Maximum"),
        important_difference=declared(options.important_difference, "MinimalImportantDifference"),
        remission=declared(options.remission, "RemissionCutoff"),
        responders=options.responders,
        days=options.days,
        moderators=options.moderators,
        zeros=options.zeros,
        comparable=_comparable(stem, columns, said_of),
    )
    _require_possible(where, found, rows)
    return found


def _comparable(stem: str, columns: Sequence[str], said_of: Said) -> Comparable | None:
    """Return within what an outcome may be compared, its column named as those of the outcome without the visit."""
    for column in columns:
        own = said_of.described.get(column, {}).get("Comparable")
        if isinstance(own, Comparable):
            return own._replace(column="_".join([own.column, *stem.split("_")[1:]]))
    return None


def _lower_is_better(where: str, stem: str, options: OutcomeOptions, said: Mapping[str, object]) -> bool:
    """Return the better side of a score or count; of a measurement none is.

    Raises
    ------
    WrongDataError
        If it is nowhere declared.
    """
    lower = SIDES.get(str(options.better or said.get("Direction", "")).lower().strip())
    if options.kind == "measurement":
        return False
    if lower is None:
        raise WrongDataError(
            f'{where}: nothing says whether a lower or a higher {stem} is better. Add "Direction": "lower is better" '
            f"(or higher) to its column in the JSON beside the table, or --set {where}.better=lower; for a value of "
            f"which neither is better: --set {where}.kind=measurement."
        )
    return lower


def _require_columns(where: str, columns: Sequence[str], rows: Rows) -> None:
    known = {column for row in rows.values() for column in row}
    if absent := [column for column in columns if column not in known]:
        raise WrongDataError(
            f"{where} needs the column {', '.join(absent)}; participants.tsv, phenotype and tables of sessions have "
            f"none of that name. There are {', '.join(sorted(known)) or 'none'}."
        )


def _said(stem: str, columns: Sequence[str], said_of: Said) -> dict[str, object]:
    """Return what is said of an outcome: of the column itself (long tables), or of its visits (wide ones)."""
    about = [said_of.about(column, stem) for column in columns]
    merged: dict[str, object] = {}
    for one in reversed(about):
        merged |= one
    names = {one["LongName"] for one in about if "LongName" in one}
    if len(names) > 1:
        merged.pop("LongName")  # that of one visit is not that of the outcome
    return merged


def _require_possible(where: str, outcome: ClinicalOutcome, rows: Rows) -> None:
    """Refuse scores that cannot be: words, outside their range, or counts that are no whole numbers."""
    limits = outcome.minimum, outcome.maximum
    wrong = []
    for column in outcome.columns:
        cells = {label: row.get(column, "n/a") for label, row in rows.items()}
        read_column(column, cells, limits=limits)  # words among numbers, and codes for missing, end here
        wrong += [
            f"sub-{label} has {column} = {word}"
            for label, word in cells.items()
            if not is_missing(word) and not _possible(number(word), outcome)
        ]
    if wrong:
        low, high = ("any" if limit is None else f"{limit:g}" for limit in limits)
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        kind = "whole numbers from 0" if outcome.kind == "count" else f"numbers from {low} to {high}"
        if outcome.scale:
            kind += f", above 0{' and below 1' if outcome.scale == 'logit' else ''} for the scale {outcome.scale}"
        raise WrongDataError(
            f"{where}: impossible values: {'; '.join(wrong[:NAMED])}{more}; expected {kind}, n/a where it was not "
            "asked. Correct the table, or the range in the JSON beside it."
        )


def _possible(value: float, outcome: ClinicalOutcome) -> bool:
    low = -np.inf if outcome.minimum is None else outcome.minimum
    high = np.inf if outcome.maximum is None else outcome.maximum
    whole = outcome.kind != "count" or (value >= 0 and value == np.floor(value))
    known = outcome.scale == "" or (0 < value < (1 if outcome.scale == "logit" else np.inf))
    return bool(np.isfinite(value)) and low <= value <= high and whole and known


def transformed(values: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    """Return values on the scale that they are analysed on, of the same shape; NaN where there is none."""
    if scale == "logit":
        return np.asarray(np.log(values / (1 - values)))
    return {"": values, "log": np.log(values), "log10": np.log10(values)}[scale] if scale else values


def visit_numbers(column: str, rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Return a column of participants as it is, (participants,); NaN where there is none."""
    return values_of([column], rows)[:, 0]


def visit_values(outcome: ClinicalOutcome, rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Return the values of an outcome on its scale, (participants, visits); NaN where there is none."""
    return transformed(values_of(outcome.columns, rows), outcome.scale)


def values_of(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Return the values of people at visits, (n, visits); NaN where there is none."""
    return np.array([numbers([row.get(column, "n/a") for column in columns]) for row in rows], dtype=np.float64)
