"""Blinding: arms appear as A and B until the allocation is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bids_app.dataset.participants import read_participants
from bids_app.errors import UsageError, WrongDataError
from bids_app.settings import Settings
from bids_app.statistics.coding import MISSING

Rows = Mapping[str, Mapping[str, str]]


def with_allocation(rows: Rows, path: Path | None) -> Rows:
    """Return the rows of participants with the columns of a separate allocation table.

    Raises
    ------
    WrongDataError
        If it says something else than participants.tsv, or misses somebody.
    """
    if path is None:
        return rows
    allocation = read_participants(path)
    if absent := sorted(set(rows) - set(allocation)):
        raise WrongDataError(
            f"{path} has no row for {', '.join(f'sub-{label}' for label in absent[:5])}; everybody needs one."
        )
    for label, row in rows.items():
        for column, value in allocation[label].items():
            if column != "participant_id" and row.get(column, value) != value:
                said = f"sub-{label} has {column} = {value!r} in {path} and {row[column]!r} in participants.tsv"
                raise WrongDataError(f"{said}; they must agree.")
    return {label: {**row, **allocation[label]} for label, row in rows.items()}


def blinded(rows: Rows, settings: Settings) -> tuple[Rows, Settings]:
    """Return rows and settings in which arms have letters; which letter is which follows from nothing that is seen.

    Raises
    ------
    UsageError
        If the design has no arms to hide.
    """
    ((name, options),) = settings.designs.items()
    if not hasattr(options, "arms"):
        raise UsageError(f"--blind: the design {name} has no arms to hide.")

    # The order of a hash over who is in which arm: repeatable, and not to be read off the names of the arms. Letters
    # change places within the pair that carries the claim, so that the claim stays what it was.
    def hidden(arm: str) -> str:
        members = sorted(label for label, row in rows.items() if row.get(options.column) == arm)
        return hashlib.sha256(" ".join(members).encode()).hexdigest()

    first, second = sorted((options.active, options.control), key=hidden)
    order = [first, second, *sorted(options.more_arms, key=hidden)]
    letters = {arm: chr(ord("A") + i) for i, arm in enumerate(order)}
    more = tuple(letters[arm] for arm in order[2:])
    masked_options: Any = replace(options, active="A", control="B", more_arms=more)
    told = _telling(rows, options.column) - {*options.covariates, *options.drawn_within}
    masked = {}
    for label, row in rows.items():
        arm = row.get(options.column, "n/a")
        letter = letters.get(arm, "n/a" if arm == "n/a" else "not compared")
        masked[label] = {**{k: v for k, v in row.items() if k not in told}, options.column: letter}
    return masked, replace(settings, designs={name: masked_options})


def _telling(rows: Rows, arm: str) -> set[str]:
    """Return columns that name the arms, in their own words or others (a code of the treatment): they would unblind.

    What is missing of somebody hides nothing of the others.
    """
    found = set()
    words = {row.get(arm, "n/a") for row in rows.values()}.difference(MISSING)
    for column in next(iter(rows.values()), {}):
        known = [
            row for row in rows.values() if not {row.get(column, "n/a"), row.get(arm, "n/a")}.intersection(MISSING)
        ]
        pairs = {(row[column], row[arm]) for row in known}
        values, arms = ({pair[i] for pair in pairs} for i in (0, 1))
        coded = len(pairs) == len(values) == len(arms) > 1 and len(pairs) < len(known)
        named = words <= values and not all(word.isnumeric() for word in words)
        if column != arm and (coded or named):
            found.add(column)
    return found
