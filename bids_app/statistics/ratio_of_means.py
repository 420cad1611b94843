"""How much less or more of an amount there is: the ratio of two means of the same participants.

A mean of individual percentages has no stable value where amounts are small beside their noise (a ratio of normals has
no mean at all); the ratio of means has, and limits that say where it is not known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEVEL = 0.95


class Ratio(NamedTuple):
    """Change of the mean in percent of the mean before, and its 95 % limits, (places,) each; NaN: not known."""

    percent: Floats
    low: Floats
    high: Floats


def ratio_of_means(before: Floats, after: Floats) -> Ratio:
    """Return the change of means in percent, with limits after Fieller (1954, J R Stat Soc B 16:175-185).

    The limits are those ratios that a paired t test of `after - ratio * before` does not reject, exact for normal
    values; where the limits of the mean before include 0 there are none.

    Parameters
    ----------
    before, after : (participants, places)
        Without missing values.
    """
    count = len(before)
    nothing = np.full(before.shape[1], np.nan)
    if count < 2:
        return Ratio(nothing, nothing, nothing)
    first, second = before.mean(axis=0), after.mean(axis=0)
    centred = before - first, after - second
    variance, other, both = (
        (a * b).sum(axis=0) / (count - 1) / count
        for a, b in ((centred[0], centred[0]), (centred[1], centred[1]), centred)
    )
    t2 = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) ** 2
    # (second - r first)^2 <= t2 (other - 2 r both + r^2 variance), as a r^2 - 2 b r + c <= 0
    a, b, c = first**2 - t2 * variance, first * second - t2 * both, second**2 - t2 * other
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.sqrt(b**2 - a * c)
        known = (a > 0) & np.isfinite(half)
        limits = [np.where(known, 100 * ((b + sign * half) / a - 1), np.nan) for sign in (-1, 1)]
        percent = np.where(first > 0, 100 * (second / first - 1), np.nan)
    return Ratio(percent, limits[0], limits[1])


def over_places(before: Floats, after: Floats) -> tuple[float, float]:
    """Return slope and intercept of what is lost, `before - after`, on `before` over places, (places,) each.

    What takes the same share everywhere, as a blocking drug does, gives that share as slope, and no intercept.
    """
    slope, intercept = np.polyfit(before, before - after, 1)
    return float(slope), float(intercept)
