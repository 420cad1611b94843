"""P corrected over a family of maps or tables as well, and 1 where nothing is claimed whatever the p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation import corrections
from bids_app.statistics.result import OF_CLUSTERS, Result, Tested


@dataclass(frozen=True, eq=False, kw_only=True)
class JointP:
    """P of a result corrected over its family too, by statistic: of its own relabellings, and robust ones."""

    own: Mapping[str, NDArray[np.float64]]
    robust: Mapping[str, NDArray[np.float64]]


def joint_p_of(members: Sequence[Result]) -> list[JointP]:
    """Return the p of each member of a family corrected over all of them; 1 for places of which nothing is claimed."""
    robust = [member.robust for member in members if member.robust]
    found = iter(joint_p(robust))
    return [
        JointP(own=_held(member, own), robust=_held(member, next(found)) if member.robust else {})
        for member, own in zip(members, joint_p(members), strict=True)
    ]


def _held(member: Result, p: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return p of single places, 1 where the place that is tested first stands against a claim of the others."""
    return {name: own if name in OF_CLUSTERS else np.where(member.not_claimed, 1.0, own) for name, own in p.items()}


def joint_p(members: Sequence[Tested]) -> list[dict[str, NDArray[np.float64]]]:
    """Return p values corrected over all members of a family as well, (places,) or (clusters,) each, for each member.

    Members with the same permutations are combined by min-p. Maps that lack a participant cannot share them: each
    such set is a family of its own, and the families are combined by Bonferroni, which is never too lenient.
    """
    families: dict[str, list[Tested]] = {}
    for member in members:
        families.setdefault(member.scheme.digest, []).append(member)
    nulls = {
        (family, name): corrections.joint_null([r.null.maxima[name] for r in results if name in r.null.maxima])
        for family, results in families.items()
        for name in {name for result in results for name in result.null.maxima}
    }
    return [
        {
            name: np.minimum(
                corrections.joint_p(member.p[name], nulls[member.scheme.digest, name]) * len(families), 1.0
            )
            for name in member.null.maxima
        }
        for member in members
    ]
