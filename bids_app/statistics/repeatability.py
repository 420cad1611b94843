"""What noise alone does to repeated scans: rises beyond a threshold without any change, the smallest change told."""

from __future__ import annotations

import numpy as np
import scipy


def rises_by_chance(variation: float, threshold: float) -> float:
    """Return the probability that a value rises by a share although nothing changed.

    Both scans are normal around one mean: P(after >= (1 + threshold) before), in closed form.

    Parameters
    ----------
    variation : float
        Within-subject coefficient of variation, of one scan.
    threshold : float
        Share of the value before, such as 0.15.
    """
    return float(scipy.stats.norm.sf(threshold / (variation * np.sqrt(1 + (1 + threshold) ** 2))))


def smallest_change(variation: float) -> float:
    """Return the smallest detectable change of one participant: 1.96 SD of a difference, as a share."""
    return float(scipy.stats.norm.ppf(0.975) * np.sqrt(2) * variation)


def conditional_odds(first: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float]:
    """Return the conditional odds ratio of two arms with exact 95 % limits; NaN where it is not told.

    Parameters
    ----------
    first, other : (events, participants)
    """
    table = [[events, people - events] for events, people in (first, other)]
    if not all(people for _, people in (first, other)):
        return float("nan"), float("nan"), float("nan")
    found = scipy.stats.contingency.odds_ratio(table, kind="conditional")
    limits = found.confidence_interval(0.95)
    return float(found.statistic), float(limits.low), float(limits.high)
