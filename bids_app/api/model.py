"""Arrays that users hand over, as the models inside take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def finite(values: ArrayLike, name: str, *, shape: tuple[int | None, ...]) -> Floats:
    """Return an array of a shape (...) as floats.

    Parameters
    ----------
    shape : tuple of int or None
        What it must have; None stands for any length.

    Raises
    ------
    ValueError
        If its shape is another one, or a value is NaN or infinite.
    """
    found: Floats = np.asarray(values, dtype=np.float64)
    fits = found.ndim == len(shape) and all(
        want is None or own == want for own, want in zip(found.shape, shape, strict=True)
    )
    if not fits:
        wanted = " x ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} has shape {found.shape}; expected {wanted}.")
    if not np.isfinite(found).all():
        count = int((~np.isfinite(found)).sum())
        raise ValueError(f"{name} has {count} values that are NaN or infinite; leave these participants or places out.")
    return found


def two_groups(groups: ArrayLike, n: int) -> Floats:
    """Return the groups as 1 and 0, (n,).

    Raises
    ------
    ValueError
        If there are other values, or one group is empty.
    """
    found = finite(np.asarray(groups, dtype=np.float64), "groups", shape=(n,))
    if set(np.unique(found).tolist()) != {0.0, 1.0}:
        there = ", ".join(f"{value:g}" for value in np.unique(found)[:5])
        raise ValueError(f"groups holds {there}; expected 1 for the active group and 0 for the control, both of them.")
    return found


def strata_of(strata: ArrayLike | None, n: int) -> NDArray[np.intp]:
    """Return the number of the stratum of each participant, (n,); one stratum if none are given.

    Raises
    ------
    ValueError
        If there is not one for each participant.
    """
    if strata is None:
        return np.zeros(n, dtype=np.intp)
    labels: NDArray[Any] = np.asarray(strata)
    if labels.shape != (n,):
        raise ValueError(f"strata has shape {labels.shape}; expected {n}, one for each participant.")
    numbers: NDArray[np.intp] = np.unique(labels, return_inverse=True)[1]
    return numbers


def nuisance_of(strata: NDArray[np.intp], covariates: ArrayLike | None) -> Floats:
    """Return the constant, an indicator of each stratum but the first, and the covariates, (n, k)."""
    n = len(strata)
    indicators = [(strata == number).astype(np.float64) for number in range(1, int(strata.max(initial=0)) + 1)]
    columns = [np.ones(n), *indicators]
    if covariates is not None:
        given = np.asarray(covariates, dtype=np.float64)
        columns += list(finite(given[:, None] if given.ndim == 1 else given, "covariates", shape=(n, None)).T)
    return np.column_stack(columns)
