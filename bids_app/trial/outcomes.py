"""Outcomes of a trial: what settings and the JSON beside the tables say of them, and everybody's values, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import UsageError, WrongDataError
from bids_app.statistics.coding import MISSING
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.outcome import Outcome, OutcomeOptions

Rows = Mapping[str, Mapping[str, str]]

SIDES = {"lower is better": True, "lower": True, "higher is better": False, "higher": False}
NAMED = 5
"""Faults that one message names."""


def outcome_of(
    name: str, options: OutcomeOptions, rows: Rows, described: Mapping[str, Mapping[str, Any]], visits: Sequence[str],
    post: str = "",
) -> Outcome:  # fmt: skip
    """Return an outcome of which everything is known.

    Parameters
    ----------
    rows : mapping
        Of every participant, by label.
    described : mapping
        What JSON files say of columns.
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
    where, stem = f"outcomes.{name}", options.column or name
    visits = [visit.removeprefix("ses-") for visit in options.visits or visits]
    if len(visits) < 2 or len(set(visits)) < len(visits):
        raise UsageError(
            f"{where} has visits {', '.join(visits) or 'none'}; expected the one before treatment and at least one "
            f'after it: --set \'{where}.visits=["pre", "post"]\'.'
        )
    endpoint = options.endpoint.removeprefix("ses-") or (post if post in visits[1:] else visits[-1])
    if endpoint not in visits[1:]:
        raise UsageError(f"{where}.endpoint is {endpoint!r}; expected one of {', '.join(visits[1:])}.")
    columns = tuple(f"{stem}_{visit}" for visit in visits)
    _require_columns(where, columns, rows)
    _require_columns(f"{where}.moderators", options.moderators, rows)
    said = _said(stem, columns, described)
    lower = SIDES.get(str(options.better or said.get("Direction", "")).lower().strip())
    if lower is None:
        raise WrongDataError(
            f'{where}: nothing says whether a lower or a higher {stem} is better. Add "Direction": "lower is better" '
            f"(or higher) to its column in the JSON beside the table, or --set {where}.better=lower."
        )
    units = options.units or str(said.get("Units", ""))
    if not units:
        raise WrongDataError(
            f'{where}: {stem} has no units. Add "Units" to its column in the JSON beside the table, or --set '
            f'{where}.units="points".'
        )

    def number(option: float | None, key: str) -> float | None:
        value = said.get(key) if option is None else option
        if value is not None and not isinstance(value, int | float):
            raise WrongDataError(f"{key} of {stem} is {value!r} in the JSON beside its table; expected a number.")
        return value

    found = Outcome(
        as_label(name), name, str(said.get("LongName", name)), columns, tuple(visits), endpoint, options.role,
        options.kind, lower, units, number(options.minimum, "Minimum"), number(options.maximum, "Maximum"),
        number(options.important_difference, "MinimalImportantDifference"),
        number(options.remission, "RemissionCutoff"),
        options.responders, options.days, options.moderators, options.zeros,
    )  # fmt: skip
    _require_possible(where, found, rows)
    return found


def _require_columns(where: str, columns: Sequence[str], rows: Rows) -> None:
    known = {column for row in rows.values() for column in row}
    if absent := [column for column in columns if column not in known]:
        raise WrongDataError(
            f"{where} needs the column {', '.join(absent)}; participants.tsv, phenotype and tables of sessions have "
            f"none of that name. There are {', '.join(sorted(known)) or 'none'}."
        )


def _said(stem: str, columns: Sequence[str], described: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is said of an outcome: of the column itself (long tables), or of its visits (wide ones)."""
    merged: dict[str, Any] = {}
    for name in (*reversed(columns), stem):
        merged |= described.get(name, {})
    names = {described[name]["LongName"] for name in columns if "LongName" in described.get(name, {})}
    if stem not in described and len(names) > 1:
        merged.pop("LongName")  # that of one visit is not that of the outcome
    return merged


def _require_possible(where: str, outcome: Outcome, rows: Rows) -> None:
    """Refuse scores that cannot be: outside their range, no numbers, or counts that are no whole numbers."""
    wrong = []
    for label, row in rows.items():
        for column in outcome.columns:
            word = row.get(column, "n/a")
            value = _number(word)
            if word.lower() not in MISSING and not _possible(value, outcome):
                wrong.append(f"sub-{label} has {column} = {word}")
    if wrong:
        low, high = ("any" if limit is None else f"{limit:g}" for limit in (outcome.minimum, outcome.maximum))
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        kind = "whole numbers from 0" if outcome.kind == "count" else f"numbers from {low} to {high}"
        raise WrongDataError(
            f"{where}: impossible values: {'; '.join(wrong[:NAMED])}{more}; expected {kind}, n/a where it was not "
            "asked. Mend the table, or the range in the JSON beside it."
        )


def _possible(value: float, outcome: Outcome) -> bool:
    low = -np.inf if outcome.minimum is None else outcome.minimum
    high = np.inf if outcome.maximum is None else outcome.maximum
    whole = outcome.kind != "count" or (value >= 0 and value == np.floor(value))
    return bool(np.isfinite(value)) and low <= value <= high and whole


def _number(word: str) -> float:
    try:
        return float("nan") if "_" in word else float(word)
    except ValueError:
        return float("nan")


def values_of(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Return the values of people at visits, (n, visits); NaN where there is none."""
    return np.array([[_number(str(row.get(column, "n/a"))) for column in columns] for row in rows], dtype=np.float64)
