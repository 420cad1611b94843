"""The literature's recipe for maps and genes, shown beside what holds, with what it gives where there is nothing.

Regions are shuffled for the p of the variance explained, and drawn again for a Z of each gene (weight over its standard
deviation), of which |Z| > 3 is counted (Whitaker 2016, doi:10.1073/pnas.1601745113). Both take regions for independent
ones. Neighbouring regions are not, so that smooth maps of nothing pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.spatial import pls
from bids_app.statistics.spatial.correlation_tests import share, unit

Matrix = NDArray[np.float64]

CUTOFF = 3.0


def shuffled_p(products: Matrix, maps: Matrix, number: int, rng: np.random.Generator) -> Matrix:
    """Return the p of component 1 when regions are shuffled, of each map, (B, regions) -> (B,).

    Parameters
    ----------
    products : (regions, regions)
        See `pls.gram`.
    number : int
        Shuffles.
    """
    orders = np.argsort(rng.random((number, maps.shape[1])), axis=1)
    orders[0] = np.arange(maps.shape[1])
    return np.array([share(pls.explained(products, values[orders]))[0] for values in maps])


@dataclass(frozen=True, eq=False)
class Redrawn:
    """Regions drawn again, and what of the genes does not depend on the map.

    Attributes
    ----------
    counts : (draws, regions)
        How often each region is drawn.
    columns : (regions, genes) float32
        Standardised.
    sums : (draws, genes) float32
        Sums of each gene over the regions drawn.
    """

    counts: NDArray[np.float32]
    columns: NDArray[np.float32]
    sums: NDArray[np.float32]


def redrawn(reference: Matrix, number: int, rng: np.random.Generator) -> Redrawn:
    """Draw the regions of a (regions, genes) table again, `number` times."""
    columns = unit(reference).astype(np.float32)
    regions = len(columns)
    counts = rng.multinomial(regions, np.full(regions, 1 / regions), size=number).astype(np.float32)
    return Redrawn(counts, columns, counts @ columns)


def boot_ratio(values: Matrix, draws: Redrawn) -> Matrix:
    """Return the weight of each gene on component 1 over its standard deviation among draws, (regions,) -> (genes,)."""
    outcome = unit(values[:, None])[:, 0].astype(np.float32)
    mean = draws.counts @ outcome / len(outcome)
    weights = (draws.counts * outcome) @ draws.columns - mean[:, None] * draws.sums
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    observed = outcome @ draws.columns
    spread = weights.std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(observed / np.linalg.norm(observed) / spread, dtype=np.float64)


def counted(maps: Matrix, draws: Redrawn) -> NDArray[np.int64]:
    """Return how many genes pass |Z| > 3 with each map, (B, regions) -> (B,)."""
    return np.array([int((np.abs(boot_ratio(values, draws)) > CUTOFF).sum()) for values in maps])
