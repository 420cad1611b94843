"""A plan that was sealed beforehand, as results carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bids_app.vocabulary.json_record import JsonRecord

OF_MAPS = ("dataset", "modalities", "measures", "designs", "inference", "multiplicity", "exclusions", "call", "file")
OF_OUTCOMES = ("designs", "inference", "multiplicity", "trial", "call.participant_label")
"""Settings that results depend on: tables, groups of tables (`measures`), or one key of a table."""

DECLARED = ("role", "kind")
"""Keys of an outcome that decide how all outcomes are corrected."""


@dataclass(frozen=True, kw_only=True)
class Deviation(JsonRecord):
    """One thing that a call does otherwise than was planned.

    Attributes
    ----------
    table, key : str
        Table of settings and key; `file` and its name for a file; no key where a whole table was added or dropped.
    kind : {'added', 'dropped', 'changed'}
    planned, now
        Values of a key that changed, as JSON knows them.
    """

    table: str
    kind: Literal["added", "dropped", "changed"]
    key: str = ""
    planned: object = None
    now: object = None

    def concerns(self, setting: str) -> bool:
        """Tell whether it is of a table, of a group of tables, or of one key of a table."""
        return f"{self.table}.{self.key}.".startswith(f"{setting}.")


@dataclass(frozen=True, kw_only=True)
class Preregistration:
    """A plan's hash, the day it was sealed, whether arms could be read then, and what this call does differently."""

    sha256: str
    locked_on: str
    after_unblinding: bool
    deviations: tuple[Deviation, ...]

    @property
    def of_family(self) -> bool:
        """True if other outcomes were planned, or declared otherwise, which decides how each is corrected."""
        return any(one.concerns("outcomes") and (not one.key or one.key in DECLARED) for one in self.deviations)

    def differs(self, *settings: str) -> bool:
        """Tell whether anything differs in some settings."""
        return any(one.concerns(setting) for one in self.deviations for setting in settings)


@dataclass(frozen=True, kw_only=True)
class PlanStatus(JsonRecord):
    """What a sidecar says of the plan: which one, and whether its result is confirmatory."""

    sha256: str
    locked_on: str
    after_unblinding: bool
    status: Literal["confirmatory", "exploratory"]
    deviations: tuple[Deviation, ...] = ()


def plan_status(
    sealed: Preregistration | None, *settings: str, declared: bool, family: bool = False
) -> PlanStatus | None:
    """Return what a sidecar says of the plan; None where none was locked.

    A result is confirmatory if nothing of its settings differs and arms could not be read.

    Parameters
    ----------
    settings : str
        What the result depends on, as in `OF_MAPS`.
    declared : bool
        False for what no plan declares to decide anything: it is exploratory whatever was locked.
    family : bool
        True for a result that is corrected together with the declared outcomes.
    """
    if sealed is None:
        return None
    differs = sealed.differs(*settings) or (family and sealed.of_family)
    held = declared and not differs and not sealed.after_unblinding
    return PlanStatus(
        sha256=sealed.sha256, locked_on=sealed.locked_on, after_unblinding=sealed.after_unblinding,
        status="confirmatory" if held else "exploratory", deviations=sealed.deviations,
    )  # fmt: skip
