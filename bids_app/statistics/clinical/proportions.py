"""Responders: how many more there are in one arm, and how many have to be treated for one more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class RiskDifference:
    """Difference of two proportions with 95 % limits, and Fisher's exact p."""

    difference: float
    low: float
    high: float
    p: float

    @property
    def needed(self) -> float:
        """Number needed to treat; negative if it is one to harm, infinite without a difference."""
        return 1 / self.difference if self.difference else np.inf

    def said(self) -> str:
        """Return the number needed to treat with its limits, in the form that is honest where they include harm.

        An interval of the difference that crosses zero is two intervals of its reciprocal, which meet at infinity.
        """
        first = _named(self.difference)
        if self.low > 0 or self.high < 0:
            near, far = sorted((abs(1 / self.low), abs(1 / self.high)))
            return f"{first} (95 % CI {near:.1f} to {far:.1f})"
        return f"{first} (95 % CI {_named(self.low)} to ∞ to {_named(self.high)})"


def _named(difference: float) -> str:
    """Return a number needed to treat for one more to benefit (NNTB) or to be harmed (NNTH)."""
    if not difference:
        return "∞"
    return f"{'NNTB' if difference > 0 else 'NNTH'} {abs(1 / difference):.1f}"


def risk_difference(responders: int, people: int, other_responders: int, other_people: int) -> RiskDifference:
    """Compare the responders of two arms (limits: Newcombe 1998, Stat Med 17:873-890)."""
    one, other = responders / people, other_responders / other_people
    (low, high), (other_low, other_high) = (
        stats.binomtest(k, n).proportion_ci(method="wilson")
        for k, n in ((responders, people), (other_responders, other_people))
    )
    table = np.array([[responders, people - responders], [other_responders, other_people - other_responders]])
    difference = one - other
    return RiskDifference(
        difference,
        difference - float(np.hypot(one - low, other_high - other)),
        difference + float(np.hypot(high - one, other - other_low)),
        float(stats.fisher_exact(table).pvalue),
    )
