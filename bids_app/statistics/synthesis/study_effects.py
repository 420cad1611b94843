"""Effects of single studies from what papers print: differences of means, ratios of risks, t values.

Variances are those of large samples, as metafor's "LS": v = 1/n1 + 1/n2 + g² / (2 (n1 + n2)).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.effect_size import small_sample_factor


class StudyEffect(NamedTuple):
    """An effect and its sampling variance."""

    effect: float
    variance: float


class Arm(NamedTuple):
    """Mean, standard deviation and participants of an arm."""

    mean: float
    sd: float
    n: float


class EventCount(NamedTuple):
    """How many participants of an arm had an event."""

    events: float
    n: float


def standardised_difference(arm: Arm, comparator: Arm) -> StudyEffect:
    """Return Hedges' g, (mean of the arm - mean of the comparator) by the deviation within arms.

    >>> [round(value, 6) for value in standardised_difference(Arm(2.1, 1.8, 49), Arm(3.4, 2.0, 49))]
    [-0.677911, 0.043161]
    """
    df = arm.n + comparator.n - 2
    pooled = np.sqrt(((arm.n - 1) * arm.sd**2 + (comparator.n - 1) * comparator.sd**2) / df)
    g = small_sample_factor(int(df)) * (arm.mean - comparator.mean) / pooled
    return StudyEffect(float(g), variance_of_g(float(g), arm.n, comparator.n))


def variance_of_g(g: float, n1: float, n2: float) -> float:
    """Return the sampling variance of Hedges' g of two arms."""
    return 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


def mean_difference(arm: Arm, comparator: Arm) -> StudyEffect:
    """Return the difference of the means, in their own unit."""
    return StudyEffect(arm.mean - comparator.mean, arm.sd**2 / arm.n + comparator.sd**2 / comparator.n)


def log_risk_ratio(arm: EventCount, comparator: EventCount) -> StudyEffect:
    """Return the logarithm of the ratio of risks; .5 is added to all cells if an arm has no events or nothing else.

    Notes
    -----
    var = 1/a - 1/n1 + 1/c - 1/n2.
    """
    add = 0.5 if has_empty_cell(arm, comparator) else 0.0
    a, c, n1, n2 = arm.events + add, comparator.events + add, arm.n + 2 * add, comparator.n + 2 * add
    return StudyEffect(float(np.log(a / n1 / (c / n2))), 1 / a - 1 / n1 + 1 / c - 1 / n2)


def has_empty_cell(arm: EventCount, comparator: EventCount) -> bool:
    """Tell whether one of the four cells is empty."""
    return any(one.events in (0, one.n) for one in (arm, comparator))


def g_within(t: float, n: float) -> StudyEffect:
    """Return Hedges' g of a change within one arm from its t: in standard deviations of the change.

    The factor is 1 - 3 / (4 (n - 1) - 1), and v = 1/n + g² / (2n).
    """
    g = (1 - 3 / (4 * (n - 1) - 1)) * t / np.sqrt(n)
    return StudyEffect(float(g), float(1 / n + g**2 / (2 * n)))


def between_arms(arm: StudyEffect, comparator: StudyEffect) -> StudyEffect:
    """Return what two changes within arms say of the difference between arms; changes must vary alike in both."""
    return StudyEffect(arm.effect - comparator.effect, arm.variance + comparator.variance)


def with_shared_comparator(effects: NDArray[np.float64], sizes: NDArray[np.float64], shared: float) -> StudyEffect:
    """Return several g of one trial as one: its arms were all compared with the same participants.

    Parameters
    ----------
    effects, sizes : (arms,)
        Hedges' g of each arm against the comparator, and the participants of that arm.
    shared : float
        Participants of the comparator.

    Notes
    -----
    Each has the variance that it has alone, and two of them the covariance 1/n0 + g1 g2 / (2N), with N all participants
    of the trial (Gleser & Olkin 2009); they are joined by generalised least squares.
    """
    everyone = float(sizes.sum() + shared)
    covariance = 1 / shared + np.outer(effects, effects) / (2 * everyone)
    np.fill_diagonal(covariance, [variance_of_g(g, n, shared) for g, n in zip(effects, sizes, strict=True)])
    weight = np.linalg.solve(covariance, np.ones(len(effects)))
    return StudyEffect(float(weight @ effects / weight.sum()), float(1 / weight.sum()))
