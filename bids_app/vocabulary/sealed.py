"""A plan that was sealed beforehand, as results carry it."""

from __future__ import annotations

import re
from dataclasses import dataclass

OF_MAPS = (
    "dataset", "modalities.", "measures.", "designs.", "inference", "multiplicity", "exclusions", "call.", "file ",
)  # fmt: skip
OF_OUTCOMES = ("designs.", "inference", "multiplicity", "trial", "call.participant_label")
_FAMILY = re.compile(r"outcomes\.[^.:]+(: was|\.role|\.kind)")

"""Which outcomes are declared decides how each of them is corrected."""


@dataclass(frozen=True)
class Sealed:
    """A plan's hash, the day it was sealed, whether arms could be read then, and what this call does differently."""

    sha256: str
    locked_on: str
    after_unblinding: bool
    deviations: tuple[str, ...]

    @property
    def family(self) -> tuple[str, ...]:
        """Deviations in which outcomes there are, and what is declared of them."""
        return tuple(deviation for deviation in self.deviations if _FAMILY.match(deviation))

    def status(self, *tables: str) -> str:
        """Return `confirmatory` if nothing of some tables differs and arms could not be read, else `exploratory`."""
        differs = any(deviation.startswith(tables) for deviation in self.deviations)
        return "exploratory" if differs or self.after_unblinding else "confirmatory"


def told(sealed: Sealed | None, *tables: str, declared: bool) -> dict[str, object] | None:
    """Return what a sidecar says of the plan; None where none was sealed.

    Parameters
    ----------
    tables : str
        Tables of settings, by how their names begin, that the result depends on.
    declared : bool
        False for what no plan declares to decide anything: it is exploratory whatever was sealed.
    """
    if sealed is None:
        return None
    return {
        "SHA256": sealed.sha256, "LockedOn": sealed.locked_on, "AfterUnblinding": sealed.after_unblinding,
        "Status": sealed.status(*tables) if declared else "exploratory", "Deviations": list(sealed.deviations),
    }  # fmt: skip
