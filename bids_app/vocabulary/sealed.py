"""A plan that was sealed beforehand, as results carry it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

OF_MAPS = ("dataset", "modalities", "measures", "designs", "inference", "multiplicity", "exclusions", "call", "file")
OF_OUTCOMES = ("designs", "inference", "multiplicity", "trial", "call.participant_label")
"""Settings that results depend on: tables, groups of tables (`measures`), or one key of a table."""

DECLARED = ("role", "kind")
"""Keys of an outcome that decide how all outcomes are corrected."""


@dataclass(frozen=True, kw_only=True)
class Deviation:
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
    planned: Any = None
    now: Any = None

    def concerns(self, setting: str) -> bool:
        """Tell whether it is of a table, of a group of tables, or of one key of a table."""
        return f"{self.table}.{self.key}.".startswith(f"{setting}.")

    def to_json(self) -> dict[str, Any]:
        """Return it as sidecars carry it."""
        return {name.capitalize(): value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, about: dict[str, Any]) -> Deviation:
        """Return what a sidecar carries."""
        return cls(**{name.lower(): value for name, value in about.items()})


@dataclass(frozen=True, kw_only=True)
class Sealed:
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


def told(sealed: Sealed | None, *settings: str, declared: bool, family: bool = False) -> dict[str, object] | None:
    """Return what a sidecar says of the plan; None where none was sealed.

    A result is confirmatory if nothing of its settings differs and arms could not be read.

    Parameters
    ----------
    settings : str
        What the result depends on, as in `OF_MAPS`.
    declared : bool
        False for what no plan declares to decide anything: it is exploratory whatever was sealed.
    family : bool
        True for a result that is corrected together with the declared outcomes.
    """
    if sealed is None:
        return None
    differs = sealed.differs(*settings) or (family and sealed.of_family)
    held = declared and not differs and not sealed.after_unblinding
    return {
        "SHA256": sealed.sha256, "LockedOn": sealed.locked_on, "AfterUnblinding": sealed.after_unblinding,
        "Status": "confirmatory" if held else "exploratory",
        "Deviations": [one.to_json() for one in sealed.deviations],
    }  # fmt: skip
