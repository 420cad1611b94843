"""How the group level decides: options of the permutation inference, one slice for its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from bids_app.vocabulary.option import Doc


@dataclass(frozen=True)
class Inference:
    """Options of `[inference]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    n_permutations: Annotated[int, Ge(20), Doc("Relabellings drawn, the observed one among them.")] = 5000
    random_seed: Annotated[int, Ge(0), Doc("Seed that every relabelling derives from.")] = 20260101
    cluster_forming_p: Annotated[float, Gt(0), Lt(0.5), Doc("Two-sided p that forms clusters.")] = 0.001
    connectivity: Annotated[Literal[6, 18, 26], Doc("Neighbours that join voxels to a cluster.")] = 26
    alpha: Annotated[float, Gt(0), Lt(1), Doc("Familywise error rate that carries a claim, two-sided.")] = 0.05
    claim: Annotated[
        Literal["mass", "extent", "voxel"], Doc("Statistic that carries the claim; the others are beside it.")
    ] = "mass"
