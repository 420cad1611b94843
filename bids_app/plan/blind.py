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
    # The order of a hash over who is in which arm: repeatable, and not to be read off the names of the arms.
    members = {
        arm: sorted(label for label, row in rows.items() if row.get(options.column) == arm) for arm in options.arms
    }
    order = sorted(options.arms, key=lambda arm: hashlib.sha256(" ".join(members[arm]).encode()).hexdigest())
    letters = {arm: chr(ord("A") + i) for i, arm in enumerate(order)}
    first, *others = order
    hidden: Any = replace(
        options,
        active=letters[first],
        control=letters[others[-1]],
        more_arms=tuple(letters[arm] for arm in others[:-1]),
    )
    masked = {
        label: {**row, options.column: letters.get(row.get(options.column, ""), row.get(options.column, "n/a"))}
        for label, row in rows.items()
    }
    return masked, replace(settings, designs={name: hidden})
