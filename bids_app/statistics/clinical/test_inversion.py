"""Limits from the very test that gives p: the effects that re-randomisation does not reject.

If the active arm had a constant effect of d, taking d off its participants would leave an outcome that does not depend
on how arms were drawn. The limits hold every d for which that is not refused at .05, so that p at or below .05 and
limits without 0 are one statement.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LEVEL = 0.05
FURTHEST = 12
"""Doublings of the first step after which there is no limit: so few relabellings refuse nothing."""

FINE = 10
"""Halvings of a step, of half a standard error at first: a limit is found to a thousandth of the error."""


def limits(p: Callable[[float], float], estimate: float, error: float) -> tuple[float, float]:
    """Return the lowest and highest effect that is not refused; infinite where none is.

    Parameters
    ----------
    p : callable
        Two-sided p of an effect.
    estimate, error : float
        Where to begin, and how far to step.
    """
    none = p(0.0) > LEVEL
    low, high = (_limit(p, estimate, sign * error, 0.0 if none else None) for sign in (-1, 1))
    if none:
        return min(low, 0.0), max(high, 0.0)
    # No effect is refused: it lies outside, on whichever side of the estimate it is.
    return (low if estimate < 0 else max(low, _tiny(error))), (high if estimate > 0 else min(high, -_tiny(error)))


def _tiny(error: float) -> float:
    return abs(error) * 2.0**-FINE


def _limit(p: Callable[[float], float], estimate: float, step: float, kept: float | None) -> float:
    """Return the limit on one side: outward until an effect is refused, then halves; what is kept lies inside."""
    inside = estimate
    if kept is not None and (kept - estimate) * step > 0:
        inside = kept
    outside = inside + step
    for _ in range(FURTHEST):
        if p(outside) <= LEVEL:
            break
        inside, step = outside, 2 * step
        outside = inside + step
    else:
        return float(np.copysign(np.inf, step))
    while abs(outside - inside) > abs(step) * 2.0**-FINE:
        middle = (inside + outside) / 2
        if p(middle) <= LEVEL:
            outside = middle
        else:
            inside = middle
    return inside
