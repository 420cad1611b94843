"""How the group level decides: options of the permutation inference, one slice for its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from bids_app.vocabulary.margin import Margin, margin_of
from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True, kw_only=True)
class Inference:
    """Options of `[inference]`."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "coerce_numbers_to_str": True}

    n_permutations: Annotated[int, Ge(20), Doc("Number of permutations, including the observed one.")] = 5000
    random_seed: Annotated[int, Ge(0), Doc("Random seed of the permutations.")] = 20260101
    cluster_forming_p: Annotated[
        float, Gt(0), Lt(0.5), Doc("Cluster-forming p (two-sided where both sides are tested).")
    ] = 0.001
    connectivity: Annotated[Literal[6, 18, 26], Doc("Voxel connectivity for clusters: 6, 18 or 26.")] = 26
    tfce: Annotated[
        Literal["primary", "all", "none"],
        Doc(
            "Contrasts for which threshold-free cluster enhancement (E = 0.5, H = 2) is computed; the slowest "
            "statistic."
        ),
    ] = "primary"
    tfce_connectivity: Annotated[
        Literal[6, 18, 26], Doc("Voxel connectivity for TFCE: 6, 18 or 26 (FSL and PALM use 6).")
    ] = 6
    alpha: Annotated[float, Gt(0), Lt(1), Doc("Familywise error rate.")] = 0.05
    sides: Annotated[
        Literal["both", "positive"],
        Doc("Two-sided tests (both), or one-sided tests of positive effects, which need a reason stated beforehand."),
    ] = "both"
    family: Annotated[
        Literal["maps", "contrasts", "measures", "all"],
        Doc(
            "Family of the joint correction: maps of a measure and contrast, also its contrasts, also other "
            "measures, or all."
        ),
    ] = "maps"
    small_volume: Annotated[
        tuple[str, ...],
        Doc(
            "Small volume: regions, written as for --seeds, to which the analysis is restricted;"
            " empty: the whole brain."
        ),
    ] = ()
    variances: Annotated[
        Literal["equal", "by-arm"],
        Doc("Pooled variance, or one variance per arm (by-arm: Welch's t) when arms are compared."),
    ] = "equal"
    scheme: Annotated[
        Literal["design", "wild"],
        Doc(
            "Null model of comparisons between arms: that of the design (re-randomisation), or signs of residuals"
            " (wild bootstrap), which tests means alone."
        ),
    ] = "design"
    equivalence_margin: Annotated[
        str,
        Doc("Equivalence margin with its units, e.g. '0.2 Fisher z'; empty: no equivalence test."),
    ] = ""
    equivalence_regions: Annotated[
        tuple[str, ...], Doc("Regions, written as for --seeds, whose means are also tested for equivalence.")
    ] = ()
    sensor_neighbours: Annotated[
        str,
        Doc(
            "Table (columns channel, neighbours) that says which sensors are neighbours in clusters; empty: Delaunay "
            "triangles of one layout for all."
        ),
    ] = ""
    literature: Annotated[
        bool, Doc("Report the random field correction of the literature alongside, for comparison only.")
    ] = True
    labels: Annotated[
        str,
        Doc(
            "Atlas that names the places of clusters: a label image with its .tsv, or 'templateflow:atlas-...'; empty: "
            "the nearest named centre."
        ),
    ] = ""
    maps: Annotated[
        Literal["claim", "all"],
        Doc(
            "Maps written of secondary contrasts: effect, variance, t and the p that decides (claim), or all. "
            "Primary contrasts have all."
        ),
    ] = "claim"
    claim: Annotated[
        Literal["mass", "extent", "voxel", "tfce"], Doc("Primary statistic; the others are reported as secondary.")
    ] = "mass"

    def __post_init__(self) -> None:
        """Refuse a claim by a statistic that shall not be computed, and a margin of nothing."""
        if self.margin is None and self.equivalence_regions:
            raise ValueError("equivalence_regions need a margin: equivalence_margin = '0.2 Fisher z'")
        if self.claim == "tfce" and self.tfce == "none":
            raise ValueError("claim = 'tfce' needs it: set tfce to 'primary' or 'all'")
        if self.scheme == "wild" and self.variances == "by-arm":
            raise ValueError("scheme = 'wild' has variances of its own (HC2): take out variances = 'by-arm'")

    @property
    def margin(self) -> Margin | None:
        """The margin of equivalence, if one is declared."""
        return margin_of(self.equivalence_margin)
