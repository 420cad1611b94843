"""The result of one contrast on one map: what was fitted, what chance gave, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics import clusters, effect_size, permutation
from bids_app.statistics.false_discovery import q_per_sign
from bids_app.statistics.linear_model import LinearModel
from bids_app.statistics.relabelling import Scheme
from bids_app.vocabulary.design import Contrast, Design
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import MapKey
from bids_app.vocabulary.output import Output


@dataclass(frozen=True, eq=False)
class Subject:
    """What contrasts of one kind of map share.

    Attributes
    ----------
    mask : (x, y, z) bool
        Voxels where every map has a value.
    near : (x, y, z) bool
        Voxels so close to the seed that smoothing alone correlates them; none for maps without a seed.
    pre, post : (participants, voxels) float32
    """

    key: MapKey
    output: Output
    design: Design
    mask: Mask
    near: Mask
    pre: NDArray[np.float32]
    post: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Result:
    """One contrast of one map. Everything beyond the fields is derived from them."""

    subject: Subject
    contrast: Contrast
    model: LinearModel
    scheme: Scheme
    threshold: float
    null: permutation.Null
    labels: NDArray[np.int32]

    @property
    def people(self) -> tuple[str, ...]:
        """Who is in it, in the order of the relabellings: results share relabellings if they share this."""
        return tuple(self.subject.design.rows[i]["participant_id"] for i in self.contrast.members)

    @cached_property
    def clusters(self) -> Sequence[clusters.Cluster]:
        """Clusters, the largest mass first."""
        return clusters.tabulate(self.null.t, self.labels, self.threshold)

    @cached_property
    def p(self) -> Mapping[str, NDArray[np.float64]]:
        """P corrected over the map: for each voxel, and for each of `clusters` by extent and by mass."""
        sizes = {
            "voxel": np.abs(self.null.t),
            "extent": np.array([c.extent for c in self.clusters], dtype=np.float32),
            "mass": np.array([c.mass for c in self.clusters], dtype=np.float32),
        }
        return {name: permutation.familywise_p(values, self.null.maxima[name]) for name, values in sizes.items()}

    @property
    def next_to_seed(self) -> frozenset[int]:
        """Numbers of the clusters that touch the surroundings of the seed."""
        return frozenset(np.unique(self.labels[self.subject.near[self.subject.mask]]).tolist()) - {0}

    def maps(self) -> dict[str, NDArray[np.float64]]:
        """Return every map but the corrected ones, (voxels,) each, by its `stat` entity."""
        return {
            "effect": self.model.effect,
            "variance": self.model.variance,
            "t": self.null.t.astype(np.float64),
            "g": self._g(),
            "logpunc": np.where(
                np.isnan(self.null.t), np.nan, -np.log10(np.maximum(self.null.exceeded, 1) / self.scheme.total)
            ),
            "qfdr": q_per_sign(self.null.t, self.model.df),
        }

    def _g(self) -> NDArray[np.float64]:
        arm, t = self.contrast.regressor, self.null.t
        if self.contrast.effect == "ancova":
            baseline = self.subject.pre[self.contrast.members].astype(np.float64)
            return effect_size.ancova_g(self.model.effect, baseline, arm)
        if self.contrast.effect == "two_sample":
            return effect_size.two_sample_g(t, int(arm.sum()), int((arm == 0).sum()))
        return effect_size.one_sample_g(t, len(arm))


def joint_p(members: Sequence[Result]) -> list[dict[str, NDArray[np.float64]]]:
    """Return p values corrected over all seeds of a contrast as well, for each member.

    Seeds with the same participants share relabellings and are combined by min-p. Seeds that lack a participant
    cannot share them: each such set is a family of its own, and the families are combined by Bonferroni, which is
    never too lenient.
    """
    families: dict[tuple[str, ...], list[Result]] = {}
    for member in members:
        families.setdefault(member.people, []).append(member)
    nulls = {
        (family, name): permutation.joint_null([result.null.maxima[name] for result in results])
        for family, results in families.items()
        for name in permutation.STATISTICS
    }
    return [
        {
            name: np.minimum(permutation.joint_p(member.p[name], nulls[member.people, name]) * len(families), 1.0)
            for name in permutation.STATISTICS
        }
        for member in members
    ]
