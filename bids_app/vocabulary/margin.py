"""A margin of equivalence: how much, and of what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bids_app.vocabulary.near_matches import folded

_MARGIN = re.compile(r"\s*([0-9.eE+-]+)\s*(.*?)\s*")


@dataclass(frozen=True, kw_only=True)
class Margin:
    """A difference below which arms count as alike, in the units of some maps."""

    value: float
    units: str

    def suits(self, scale: str) -> bool:
        """Tell whether values of a scale, such as `Fisher z`, are in these units."""
        return folded(self.units) == folded(scale)


def margin_of(text: str) -> Margin | None:
    """Return a margin as it is written, `0.2 Fisher z`; None of an empty text.

    Raises
    ------
    ValueError
        If it is no number above 0, or lacks its units.
    """
    if not text.strip():
        return None
    found = _MARGIN.fullmatch(text)
    try:
        value = float(found[1]) if found else 0.0
    except ValueError:
        value = 0.0
    if not (found and 0 < value < float("inf")):
        raise ValueError(
            f"a margin of equivalence is a number above 0 with its units, as '0.2 Fisher z'; given: {text}"
        )
    if not found[2]:
        raise ValueError(
            f"a margin of equivalence needs its units: {text.strip()} of what? Write '{text.strip()} Fisher z' for "
            "connectivity, 'z score' for alff and reho, 'percent' for task_glm"
        )
    return Margin(value=value, units=found[2])
