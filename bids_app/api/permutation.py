"""Permutation inference on maps, and threshold-free cluster enhancement of one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bids_app.api.model import finite, nuisance_of, strata_of, two_groups
from bids_app.errors import DeqiError
from bids_app.statistics.clusters.adjacency import adjacency
from bids_app.statistics.clusters.cluster_table import Cluster, tabulate
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.clusters.neighbours import Neighbours
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation import permutation_test as engine
from bids_app.statistics.permutation.corrections import familywise_p
from bids_app.statistics.permutation.engine import SpatialStructure, tested_side
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import SignFlips

Floats = NDArray[np.float64]
Statistic = Literal["mass", "extent", "voxel", "tfce"]
Connectivity = Literal[6, 18, 26]


@dataclass(frozen=True, eq=False, kw_only=True)
class PermutationResult:
    """What a permutation test of maps found.

    Attributes
    ----------
    effect : ndarray of shape (n_voxels,)
        Difference of the groups (active less control) in the units of the maps, adjusted as asked; the mean where
        there are no groups.
    t : ndarray of shape (n_voxels,)
    df : int
        Residual degrees of freedom.
    p : ndarray of shape (n_voxels,)
        Familywise corrected p of the statistic that was asked for. Of cluster statistics each voxel has the p of its
        cluster, which is a statement on the cluster and on no single voxel; outside of clusters it is 1.
    p_uncorrected : ndarray of shape (n_voxels,)
        Permutation p of each voxel alone.
    labels : ndarray of int of shape (n_voxels,)
        Number of the cluster of each voxel above the cluster-forming threshold, 0 outside.
    clusters : sequence of Cluster
        The largest mass first; `number` is that in `labels`, `peak` the voxel of the largest absolute t.
    null_max : ndarray of shape (n_permutations,)
        Largest statistic of each permutation; the first is the observed one.
    exhaustive : bool
        True where all permutations that exist were made.
    """

    effect: Floats
    t: NDArray[np.float32]
    df: int
    p: Floats
    p_uncorrected: Floats
    labels: NDArray[np.int32]
    clusters: Sequence[Cluster]
    null_max: NDArray[np.float32]
    exhaustive: bool


def permutation_test(
    maps: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    mask: ArrayLike | None = None,
    baseline: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    n_permutations: int = 10_000,
    statistic: Statistic = "mass",
    cluster_forming_p: float = 0.001,
    connectivity: Connectivity = 26,
    two_sided: bool = True,
    seed: int = 0,
    n_jobs: int = 1,
) -> PermutationResult:
    """Test whether maps differ between two groups, or whether their mean is zero.

    Groups are re-randomised within strata, the scheme of a randomised trial (Proschan & Dodd 2019,
    doi:10.1002/sim.8093); the mean of one group is tested by sign flips. With a baseline every voxel is adjusted for
    its own (analysis of covariance).

    Parameters
    ----------
    maps : array-like of shape (n_participants, n_voxels)
        One map a participant, such as Fisher z after treatment.
    groups : array-like of shape (n_participants,), optional
        1 for the active group, 0 for the control. Without it the mean of the maps is tested against zero.
    mask : array-like of bool of shape (x, y, z), optional
        Where the voxels lie: `maps[:, i]` is of the i-th True in C order. Needed for all statistics but `voxel`.
    baseline : array-like of shape (n_participants, n_voxels), optional
        Maps before treatment; each voxel is adjusted for its own.
    strata : array-like of shape (n_participants,), optional
        Strata that randomisation used, such as site; groups are exchanged within them alone.
    covariates : array-like of shape (n_participants,) or (n_participants, n_covariates), optional
        Columns known before randomisation. With groups only.
    n_permutations : int
        The observed one among them; all are made where fewer exist.
    statistic : {'mass', 'extent', 'voxel', 'tfce'}
        What `p` is corrected by: cluster mass, cluster extent, the largest absolute t, or TFCE (E = 0.5, H = 2,
        6 neighbours).
    cluster_forming_p : float
        Uncorrected p that forms clusters.
    connectivity : {6, 18, 26}
        Voxels that are neighbours in clusters: through a face, an edge too, or a corner too.
    two_sided : bool
        False looks at positive effects alone.
    seed : int
        Results depend on it and on nothing else that is random.
    n_jobs : int
        Threads; the result has the same bits with any number.

    Returns
    -------
    PermutationResult

    Raises
    ------
    ValueError
        If shapes do not fit, values are not finite, or the model cannot be estimated.

    Examples
    --------
    Sixteen participants, 5 x 5 x 5 voxels, an effect in eight of them:

    >>> import numpy as np
    >>> from bids_app import permutation_test
    >>> rng = np.random.default_rng(0)
    >>> groups = np.arange(16) % 2
    >>> maps = rng.standard_normal((16, 125))
    >>> volume = np.zeros((5, 5, 5))
    >>> volume[1:3, 1:3, 1:3] = 3
    >>> maps += groups[:, None] * volume.ravel()
    >>> found = permutation_test(maps, groups, mask=np.ones((5, 5, 5)), n_permutations=500, cluster_forming_p=0.01)
    >>> found.df, len(found.clusters) > 0, bool(found.p[volume.ravel() > 0].max() < 0.05)
    (14, True, True)
    """
    outcome = finite(maps, "maps", shape=(None, None))
    n, voxels = outcome.shape
    before = None if baseline is None else finite(baseline, "baseline", shape=(n, voxels)).astype(np.float32)
    neighbours = _neighbours(mask, voxels, statistic, connectivity)
    if groups is None:
        if covariates is not None or strata is not None or before is not None:
            raise ValueError("baseline, strata and covariates belong to a comparison of groups; give groups too.")
        tested, nuisance = np.ones(n), np.empty((n, 0))
        scheme: Rerandomisation | SignFlips = SignFlips(n, seed, n_permutations)
    else:
        blocks = strata_of(strata, n)
        tested, nuisance = two_groups(groups, n), nuisance_of(blocks, covariates)
        scheme = Rerandomisation(tested, blocks, seed, n_permutations)
    try:
        model = linear_model.fit(outcome.astype(np.float32), tested, nuisance, before)
    except DeqiError as error:
        raise ValueError(str(error)) from error
    threshold = engine.cluster_threshold(cluster_forming_p, model.df, both=two_sided)
    structure = SpatialStructure(
        neighbours=neighbours, threshold=threshold, both=two_sided, enhancing=statistic == "tfce"
    )
    null = engine.run(model, scheme, structure, n_jobs)
    labels = neighbours.label(tested_side(null.t, structure), threshold)
    clusters = tabulate(null.t, labels, threshold)
    return PermutationResult(
        effect=model.effect, t=null.t, df=model.df, p=_corrected(null, labels, clusters, statistic),
        p_uncorrected=np.maximum(null.reached, 1) / scheme.total, labels=labels, clusters=clusters,
        null_max=null.maxima[statistic], exhaustive=scheme.exhaustive,
    )  # fmt: skip


def _neighbours(mask: ArrayLike | None, voxels: int, statistic: str, connectivity: int) -> Neighbours:
    if mask is None:
        if statistic != "voxel":
            raise ValueError(f"statistic={statistic!r} needs a mask, which says where the voxels lie.")
        return adjacency(voxels, ())
    where = np.asarray(mask, dtype=bool)
    if where.ndim != 3 or where.sum() != voxels:
        raise ValueError(
            f"mask has shape {where.shape} with {int(where.sum())} voxels; expected three axes and {voxels} voxels."
        )
    return lattice(where, connectivity)


def _corrected(
    null: engine.NullDistribution, labels: NDArray[np.int32], clusters: Sequence[Cluster], statistic: Statistic
) -> Floats:
    """Return the familywise p of each voxel by the statistic that was asked for."""
    maxima = null.maxima[statistic]
    if statistic == "voxel":
        return familywise_p(np.abs(null.t) if null.both else null.t, maxima)
    if statistic == "tfce":
        assert null.enhanced is not None
        return familywise_p(np.abs(null.enhanced), maxima)
    p = np.ones(len(labels))
    sizes = np.array([one.mass if statistic == "mass" else one.extent for one in clusters], dtype=np.float32)
    for one, value in zip(clusters, familywise_p(sizes, maxima), strict=True):
        p[labels == one.number] = value
    return p


def tfce(
    t_map: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    neighbours: ArrayLike | None = None,
    connectivity: Connectivity = 6,
    extent_power: float = 0.5,
    height_power: float = 2.0,
) -> Floats:
    """Enhance a map by threshold-free cluster enhancement, exactly.

    The integral of extent^E height^H over height (Smith & Nichols 2009, doi:10.1016/j.neuroimage.2008.03.061) is taken
    in closed form: there is no step, so that values of several maps can be compared. Positive and negative values never
    join.

    Parameters
    ----------
    t_map : array-like of shape (x, y, z), or (n_places,) with `neighbours`
        Statistic; places that are NaN have no value.
    mask : array-like of bool of shape (x, y, z), optional
        Voxels that count; all that are finite if absent.
    neighbours : array-like of int of shape (n_pairs, 2), optional
        Pairs of places that are neighbours, for vertices of a mesh or sensors.
    connectivity : {6, 18, 26}
        Voxels that are neighbours.
    extent_power, height_power : float
        E and H.

    Returns
    -------
    ndarray of float, of the shape of `t_map`
        Negative where `t_map` is; NaN outside the mask.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> from bids_app import tfce
    >>> tfce([1, 2, 0.5, 3, 1], neighbours=[(0, 1), (1, 2), (2, 3), (3, 4)]).round(3)
    array([0.506, 2.839, 0.093, 9.172, 0.506])
    """
    t = np.asarray(t_map, dtype=np.float32)
    usable = np.isfinite(t)
    if mask is not None:
        given = np.asarray(mask, dtype=bool)
        if given.shape != t.shape:
            raise ValueError(f"mask has shape {given.shape}, t_map {t.shape}; they must be the same.")
        usable &= given
    if neighbours is not None:
        if t.ndim != 1:
            raise ValueError(f"t_map has shape {t.shape}; with neighbours it has one axis.")
        places: Neighbours = adjacency(len(t), np.asarray(neighbours, dtype=np.int64).reshape(-1, 2))
        usable_t = np.where(usable, t, np.float32(0))
    elif t.ndim == 3:
        places, usable_t = lattice(usable, connectivity, connectivity), t[usable]
    else:
        raise ValueError(f"t_map has shape {t.shape}; expected three axes, or neighbours.")
    values = np.zeros(len(usable_t))
    places.workspace(enhancing=True).enhance(usable_t, (extent_power, height_power), values)
    found = np.full(t.shape, np.nan)
    found[usable] = values[usable] if neighbours is not None else values
    return found
