"""How much people have improved: in shares of where they began, as responders, and how unlike each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.floating[Any]]


def improvement(before: Values, after: Values, *, lower_is_better: bool) -> Values:
    """Return the improvement of each person as a share of the first value, (n,); positive is better.

    Where the first value is zero, or either is not known, there is none: NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(np.equal(before, 0), np.nan, (after - before) / np.abs(before))
    return -share if lower_is_better else share


def responders(shares: Values, least: float) -> tuple[int, int]:
    """Return how many people improved by at least a share, and of how many that is known.

    Shares such as 0.3 and 0.5 are those of IMMPACT (Dworkin 2008, doi:10.1016/j.jpain.2007.09.005).
    """
    known = shares[np.isfinite(shares)]
    return int((known >= least - 1e-12).sum()), len(known)


def cumulative(shares: Values, at: Values) -> Values:
    """Return the proportion of people who improved by at least each of some shares, (len(at),)."""
    known = shares[np.isfinite(shares)]
    return np.array([(known >= least - 1e-12).mean() if len(known) else np.nan for least in at])


@dataclass(frozen=True)
class Variability:
    """Whether people respond more unlike each other in one arm.

    Attributes
    ----------
    log_ratio, error : float
        Logarithm of the ratio of standard deviations, and its standard error.
    individual : float
        Standard deviation of the response of persons; negative if the other arm varies more.
    """

    log_ratio: float
    error: float
    individual: float

    @property
    def limits(self) -> tuple[float, float]:
        """Limits (95 %) of the ratio itself."""
        margin = stats.norm.isf(0.025) * self.error
        return float(np.exp(self.log_ratio - margin)), float(np.exp(self.log_ratio + margin))


def variability(sd: float, people: int, other_sd: float, other_people: int) -> Variability:
    """Compare the standard deviations of change of two arms.

    A treatment that helps some and not others makes its arm vary more; equal ones are no proof that all respond alike.
    """
    ratio = float(np.log(sd / other_sd))
    difference = sd**2 - other_sd**2
    return Variability(
        ratio,
        float(np.sqrt(1 / (2 * (people - 1)) + 1 / (2 * (other_people - 1)))),
        float(np.copysign(np.sqrt(abs(difference)), difference)),
    )
