"""The result of one contrast on one map: what was fitted, the null distribution, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics import effect_size
from bids_app.statistics.clusters import cluster_table
from bids_app.statistics.clusters.cluster_values import Profile
from bids_app.statistics.clusters.neighbours import Neighbours
from bids_app.statistics.permutation import corrections, permutation_test
from bids_app.statistics.permutation.corrections import q_per_sign
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.rerandomisation import Scheme
from bids_app.vocabulary.contrast_sidecar import Diagnostics
from bids_app.vocabulary.design import Contrast, Design
from bids_app.vocabulary.domain import Domain, Sites, Voxels
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import MapKey
from bids_app.vocabulary.output import Output

OF_CLUSTERS = ("extent", "mass")
"""Statistics that belong to whole clusters; the others to voxels."""

MAY_DIFFER = 0.1
"""Uncorrected p of the place that is tested first below which nothing is claimed of the others."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MapSet:
    """What contrasts of one kind of map share.

    Attributes
    ----------
    domain : Domain
        Places where every map has a value.
    neighbours : Neighbours
        Who joins whom among them.
    near : (places,) bool or None
        Voxels so close to the seed that smoothing alone correlates them; None for maps without a seed.
    distance : (places,) float32 or None
        mm from the seed; None for maps without one.
    """

    key: MapKey
    output: Output
    design: Design
    domain: Domain
    neighbours: Neighbours
    near: Mask | None = None
    distance: NDArray[np.float32] | None = None

    @property
    def voxels(self) -> Voxels:
        """The places, where they are voxels."""
        assert isinstance(self.domain, Voxels)
        return self.domain

    def claim(self, asked: str) -> str:
        """Return the statistic that decides: the one that was asked for, or the single place where nothing clusters."""
        return asked if self.domain.clustered else "voxel"


@dataclass(frozen=True, eq=False, kw_only=True)
class Tested:
    """A map of a statistic, the null distribution, and every p that follows.

    Attributes
    ----------
    threshold : float
        Statistic that forms clusters.
    labels : (voxels,) int32
        Number of the cluster of each voxel.
    clusters : sequence of Cluster
        Those of `labels`, the largest mass first.
    """

    scheme: Scheme
    threshold: float
    null: permutation_test.NullDistribution
    labels: NDArray[np.int32]
    clusters: Sequence[cluster_table.Cluster]

    @property
    def smallest_p(self) -> float:
        """Smallest p that the relabellings can give."""
        return self.scheme.smallest_p if self.null.both else 1 / self.scheme.total

    @cached_property
    def p(self) -> Mapping[str, NDArray[np.float64]]:
        """P corrected over the map: for each voxel (also by TFCE), and for each of `clusters` by extent and by mass."""
        sizes = {
            "voxel": np.abs(self.null.t) if self.null.both else self.null.t,
            "extent": np.array([c.extent for c in self.clusters], dtype=np.float32),
            "mass": np.array([c.mass for c in self.clusters], dtype=np.float32),
        }
        if self.null.enhanced is not None:
            sizes["tfce"] = np.abs(self.null.enhanced)
        return {name: corrections.familywise_p(values, self.null.maxima[name]) for name, values in sizes.items()}

    def spread(self, name: str, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """Spread p of a statistic over the voxels that it belongs to, as -log10; voxels in no cluster get 0."""
        if name not in OF_CLUSTERS:
            return np.asarray(-np.log10(p))
        values = np.zeros(len(self.labels))
        for cluster, value in zip(self.clusters, p, strict=True):
            values[self.labels == cluster.number] = -np.log10(value)
        return values

    def at(self, members: NDArray[np.bool_], name: str, p: NDArray[np.float64]) -> float:
        """Return p of a statistic in some voxels: the smallest; of clusters that of the one with most voxels there."""
        if name not in OF_CLUSTERS:
            return float(np.nanmin(p[members], initial=1.0))
        counts = np.bincount(self.labels[members], minlength=1)
        counts[0] = 0
        numbers = [cluster.number for cluster in self.clusters]
        return float(p[numbers.index(int(counts.argmax()))]) if counts.any() else 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Robust(Tested):
    """The same contrast tested by signs of residuals, which tests means whatever the variances of the arms.

    Attributes
    ----------
    small : bool
        True where an arm is too small for the p of single voxels.
    """

    small: bool


class Peak(NamedTuple):
    """Effect and standardised effect at the peak of a cluster."""

    effect: float
    standardised: float


def peaks_of(maps: Mapping[str, NDArray[np.float32]], found: Sequence[cluster_table.Cluster]) -> list[Peak]:
    """Return the effects at the peak of each cluster; `maps` are (voxels,) each by `stat`."""
    effect = maps["effect"]
    standardised = maps.get("g", maps.get("partialr", np.full_like(effect, np.nan)))
    return [Peak(float(effect[c.peak]), float(standardised[c.peak])) for c in found]


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(Tested):
    """One contrast of one map, without the data that it came from: a trial has dozens of these.

    Attributes
    ----------
    df, rank : int
        Residual degrees of freedom, and tested columns (1 gives t, more give F).
    peaks : sequence of Peak
        Effects at the peak of each of `clusters`.
    table : mapping of (places,) float32
        Every map but the corrected ones by its `stat` entity, where they are no images but stand in a table; images
        are too large to be kept until the family of a result is known.
    diagnostics : Diagnostics
        What else was found out: power, and what the literature's correction would say.
    profile : Profile or None
    robust : Robust or None
        Beside a primary contrast between arms that are large enough.
    printed : (voxels,) int32 or None
        Clusters that the literature's correction would report; not a result.
    """

    map_set: MapSet
    contrast: Contrast
    df: int
    rank: int
    peaks: Sequence[Peak]
    table: Mapping[str, NDArray[np.float32]]
    diagnostics: Diagnostics
    profile: Profile | None = None
    robust: Robust | None = None
    printed: NDArray[np.int32] | None = None

    @cached_property
    def not_claimed(self) -> NDArray[np.bool_]:
        """Which places nothing is claimed of, (places,): all others where the one that is tested first may differ."""
        domain = self.map_set.domain
        if not (isinstance(domain, Sites) and domain.first):
            return np.zeros(domain.size, dtype=bool)
        first = np.array([name == domain.first for name in domain.names])
        differs = not first.any() or self.p_first(int(first.argmax())) < MAY_DIFFER
        return ~first & differs

    def p_first(self, place: int) -> float:
        """Return the uncorrected p of a place on both sides, whichever were asked for: a fall counts like a rise."""
        if self.null.both or self.rank > 1:
            return float(10.0 ** -self.table["logpunc"][place])
        return float(2 * scipy.stats.t.sf(abs(float(self.null.t[place])), self.df))

    @property
    def next_to_seed(self) -> frozenset[int]:
        """Numbers of the clusters that touch the surroundings of the seed."""
        near = self.map_set.near
        return frozenset() if near is None else frozenset(np.unique(self.labels[near]).tolist()) - {0}


def maps_of(
    model: LinearModel,
    null: permutation_test.NullDistribution,
    contrast: Contrast,
    total: int,
    baseline: NDArray[np.float32] | None,
) -> dict[str, NDArray[np.float32]]:
    """Return every map but the corrected ones, (voxels,) each, by its `stat` entity.

    Parameters
    ----------
    total : int
        Permutations.
    baseline : (n, voxels) or None
        Maps that are adjusted for, whose spread standardises the adjusted effect.
    """
    reached = np.where(np.isnan(null.t), np.nan, np.maximum(null.reached, 1))
    maps: dict[str, NDArray[Any]] = {
        "effect": model.effect,
        "t" if model.rank == 1 else "F": null.t,
        **({} if null.enhanced is None else {"tfce": null.enhanced}),
        "logpunc": -np.log10(reached / total),
    }
    if model.rank == 1:
        name = "partialr" if contrast.effect == "slope" else "g"
        names = (name, f"{name}Lower", f"{name}Upper")
        limits = dict(zip(names, _standardised(model, null, contrast, baseline), strict=True))
        maps |= {"variance": variance_of(model, null), **limits, "qfdr": q_per_sign(null.t, model.df, both=null.both)}
    return {name: values.astype(np.float32) for name, values in maps.items()}


def _standardised(
    model: LinearModel,
    null: permutation_test.NullDistribution,
    contrast: Contrast,
    baseline: NDArray[np.float32] | None,
) -> NDArray[np.float64]:
    """Return Hedges g with its 95 % confidence limits, (3, voxels); for a slope the partial correlation.

    Limits are those of the noncentral t; with a voxelwise baseline those of the coefficient over the standard deviation
    of the baseline, which is an estimate too.
    """
    arm, df = contrast.tested[:, 0], model.df
    variance = variance_of(model, null)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Of arms with variances of their own too, g is of the pooled deviation; its limits take the variance of t.
        t = (model.effect / np.sqrt(model.variance)).astype(np.float32)
    if contrast.effect == "ancova" and baseline is not None:
        margin = scipy.stats.t.isf(0.025, df) * np.sqrt(variance)
        spread = effect_size.pooled_deviation(baseline, arm)
        limits = model.effect - margin, model.effect + margin
        return effect_size.adjusted_g(model.effect, limits, spread, len(arm) - 2)
    values = np.stack([t.astype(np.float64), *effect_size.noncentral_limits(t, df)])
    if contrast.effect == "slope":
        return np.asarray(values / np.sqrt(values**2 + df))
    if contrast.effect == "one_sample":
        return effect_size.one_sample_g(values, len(arm))
    g = effect_size.two_sample_g(values, int(arm.sum()), int((arm == 0).sum()))
    return g / 2 if contrast.effect == "crossover" else g  # of the difference within participants, not of half of it


def variance_of(model: LinearModel, null: permutation_test.NullDistribution) -> NDArray[np.float64]:
    """Return the variance of the effect that its t was taken with, (voxels,)."""
    if not model.by_arm and model.robust is None:
        return model.variance
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((model.effect / null.t.astype(np.float64)) ** 2)
