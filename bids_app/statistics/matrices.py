"""Correlation between regions: plain, partial by shrinkage, and what networks make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.correlation import combine_runs, fisher_z

Matrix = NDArray[np.float64]


def _standardised(series: Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return the columns that vary, each of length sqrt(n), and which they are."""
    length = np.linalg.norm(series, axis=0)
    known = np.isfinite(length) & (length > 1e-12 * max(float(np.nanmax(length, initial=0.0)), 1e-300))
    return series[:, known] / length[known] * np.sqrt(len(series)), known


def _spread(values: Matrix, known: NDArray[np.bool_]) -> Matrix:
    whole = np.full((len(known), len(known)), np.nan)
    whole[np.ix_(known, known)] = values
    return whole


def pearson(series: Matrix) -> Matrix:
    """Return the correlation matrix (n, n) of centred series, or of their coordinates, (samples, n).

    Columns that do not vary or hold NaN have NaN.
    """
    columns, known = _standardised(series)
    return _spread(np.clip(columns.T @ columns / len(series), -1.0, 1.0), known)


def shrunk_covariance(samples: Matrix) -> Matrix:
    """Return the Ledoit-Wolf covariance (n, n) of centred samples, (samples, n).

    Notes
    -----
    The sample covariance S is drawn towards m I, m its mean variance, by b² / d²: d² is how far S lies from m I,
    b² how far single samples scatter about S (Ledoit & Wolf 2004, doi:10.1016/S0047-259X(03)00096-4).
    """
    count, size = samples.shape
    covariance = samples.T @ samples / count
    mean = np.trace(covariance) / size
    length = float((covariance**2).sum())
    distance = length / size - mean**2
    scatter = (float(((samples**2).sum(axis=1) ** 2).mean()) - length) / (count * size)
    share = min(scatter / distance, 1.0) if distance > 0 else 1.0
    return np.asarray((1 - share) * covariance + share * mean * np.eye(size))


def partial(series: Matrix) -> Matrix:
    """Return the partial correlation matrix (n, n) given all other columns, from the Ledoit-Wolf covariance.

    Parameters
    ----------
    series : (samples, n)
        Centred series, or their coordinates. Columns that do not vary or hold NaN have NaN and take no part.

    Notes
    -----
    Columns are scaled to equal variance first, as the target of the shrinkage demands.
    """
    columns, known = _standardised(series)
    if columns.shape[1] == 0:
        return _spread(np.empty((0, 0)), known)
    precision = np.linalg.inv(shrunk_covariance(columns))
    scale = np.sqrt(np.diag(precision))
    values = -precision / np.outer(scale, scale)
    np.fill_diagonal(values, 1.0)
    return _spread(values, known)


def combine_matrices(matrices: Sequence[Matrix], df_res: Sequence[int]) -> Matrix:
    """Return the matrix of a session, (regions, regions), from those of its runs.

    It is the mean Fisher z, weighted by df_res - 2; ones on the diagonal stay.
    """
    r = np.tanh(combine_runs([fisher_z(matrix) for matrix in matrices], df_res))
    np.fill_diagonal(r, np.where(np.isnan(np.diag(r)), np.nan, 1.0))
    return np.asarray(r)


def coherence(r: Matrix, networks: Sequence[str]) -> dict[tuple[str, str], tuple[int, float]]:
    """Return (pairs, mean Fisher z) within each network and between each two.

    Parameters
    ----------
    r : (n, n)
        Correlations of nodes; nodes without a value are NaN and leave their pairs out.
    networks : sequence of str
        The network of each node.
    """
    z = fisher_z(r)
    upper = np.triu(np.ones(r.shape, dtype=bool), 1)
    names = list(dict.fromkeys(networks))
    member = {name: np.array([network == name for network in networks]) for name in names}
    found = {}
    for i, first in enumerate(names):
        for second in names[i:]:
            pairs = upper & (np.outer(member[first], member[second]) | np.outer(member[second], member[first]))
            values = z[pairs & np.isfinite(z)]
            found[first, second] = len(values), float(values.mean()) if len(values) else float("nan")
    return found


def first_component(series: Matrix, networks: Sequence[str]) -> Mapping[str, float]:
    """Return the share of variance, 0 to 1, of the first component of each network's nodes, of unit variance each.

    Parameters
    ----------
    series : (samples, nodes)
    networks : sequence of str
        Network of each node.
    """
    shares = {}
    for name in dict.fromkeys(networks):
        columns, _ = _standardised(series[:, [network == name for network in networks]])
        squares = np.linalg.svd(columns, compute_uv=False) ** 2
        shares[name] = float(squares[0] / squares.sum()) if len(squares) > 1 else float("nan")
    return shares
