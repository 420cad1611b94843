"""Several quantities of one node as one: their first principal component, fixed before treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Component:
    """Weights of the first component of standardised columns.

    Attributes
    ----------
    mean, sd, weights : (columns,) arrays
        The first weight is positive.
    share : float
        Of the variance of all columns that the component has.
    """

    mean: Floats
    sd: Floats
    weights: Floats
    share: float

    def of(self, values: Floats) -> Floats:
        """Return the component of values, (participants, columns), as (participants,)."""
        return np.asarray((values - self.mean) / self.sd @ self.weights)


def first_component(before: Floats) -> Component:
    """Return the first component of values before treatment.

    Parameters
    ----------
    before : (participants, columns) array
        Of all participants; rows with NaN are left out.

    Raises
    ------
    ValueError
        If there are fewer complete rows than columns and ten, or a column is the same for all.
    """
    known = before[np.isfinite(before).all(axis=1)]
    least = before.shape[1] + 10
    if len(known) < least:
        raise ValueError(f"{len(known)} participants have all of them before treatment; at least {least} are needed")
    sd = known.std(axis=0, ddof=1)
    if not sd.all():
        raise ValueError("one of them is the same for all participants before treatment")
    mean = known.mean(axis=0)
    values, vectors = np.linalg.eigh(np.corrcoef((known - mean) / sd, rowvar=False))
    weights = vectors[:, -1] * (1 if vectors[0, -1] >= 0 else -1)
    return Component(mean=mean, sd=sd, weights=weights, share=float(values[-1] / values.sum()))
