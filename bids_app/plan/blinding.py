"""Blinding: arms appear as A and B until the allocation is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from bids_app.errors import UsageError
from bids_app.settings import Settings
from bids_app.trial.allocation_secrecy import telling
from bids_app.trial.cohort import arms_of
from bids_app.vocabulary.options.design import ArmOptions
from bids_app.vocabulary.selected import Selected

Rows = Mapping[str, Mapping[str, str]]


def blinded(rows: Rows, settings: Settings) -> tuple[Rows, Settings]:
    """Return rows and settings in which arms have letters; which letter is which follows from nothing that is seen.

    Raises
    ------
    UsageError
        If the design has no arms to hide.
    WrongDataError
        If the arms are not in the table.
    """
    name, options = settings.design.name, settings.design.options
    if not isinstance(options, ArmOptions):
        raise UsageError(f"--blind: the design {name} has no arms to hide.")
    if getattr(options, "by_treatment", False):
        raise UsageError("--blind: sessions that are called after treatments tell them in every file name.")
    arms_of(rows, options, name)

    # The order of a hash over who is in which arm: repeatable, and not to be read off the names of the arms. Letters
    # change places within the pair that carries the claim, so that the claim stays what it was.
    def hidden(arm: str) -> str:
        members = sorted(label for label, row in rows.items() if row.get(options.column) == arm)
        return hashlib.sha256(" ".join(members).encode()).hexdigest()

    first, second = sorted((options.active, options.control), key=hidden)
    order = [first, second, *sorted(options.more_arms, key=hidden)]
    letters = {arm: chr(ord("A") + i) for i, arm in enumerate(order)}
    more = tuple(letters[arm] for arm in order[2:])
    masked_options = replace(options, active="A", control="B", more_arms=more)
    asked = {*options.covariates, *options.drawn_within, *_of_outcomes(rows, settings)}
    told = telling(rows, options.column) - asked
    masked = {}
    for label, row in rows.items():
        arm = row.get(options.column, "n/a")
        letter = letters.get(arm, "n/a" if arm == "n/a" else "not compared")
        masked[label] = {**{k: v for k, v in row.items() if k not in told}, options.column: letter}
    return masked, replace(settings, design=Selected(name, masked_options))


def _of_outcomes(rows: Rows, settings: Settings) -> set[str]:
    """Return the columns of outcomes at any visit: what treatment did to them is the question, not the arm."""
    stems = tuple(f"{options.column or name}_" for name, options in settings.outcomes.items())
    columns = {column for row in rows.values() for column in row}
    return {column for column in columns if stems and column.rpartition(".")[2].startswith(stems)}
