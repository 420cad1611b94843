"""What was seen of all participants at visits, as long tables of linear models want it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Visits:
    """What was seen of all participants.

    Attributes
    ----------
    values : (n, visits)
        NaN where someone was not seen; the first visit is before treatment.
    arm : (n,)
        1 active, 0 control.
    nuisance : (n, k)
        The constant, strata and covariates; their effects may differ between visits.
    """

    values: Array
    arm: Array
    nuisance: Array

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which visits there are, (n, visits)."""
        return np.isfinite(self.values)

    def design(self, arm: Array | None) -> Array:
        """Return the columns of all visits, (n, visits, parameters): arms differ after the first visit."""
        n, count = self.values.shape
        width = self.nuisance.shape[1]
        whole = np.zeros((n, count, count * width + (count - 1 if arm is not None else 0)))
        for visit in range(count):
            whole[:, visit, visit * width : (visit + 1) * width] = self.nuisance
            if visit and arm is not None:
                whole[:, visit, count * width + visit - 1] = arm
        return whole


def require_unlike(visits: Visits) -> None:
    """Refuse visits with the same values: their covariance has no inverse.

    Raises
    ------
    WrongDataError
        With their numbers.
    """
    for i, first in enumerate(visits.values.T):
        for j in range(i):
            both = np.isfinite(first) & np.isfinite(visits.values[:, j])
            if both.any() and np.allclose(first[both], visits.values[both, j], rtol=1e-9):
                raise WrongDataError(f"Visits {j + 1} and {i + 1} hold the same values.")
