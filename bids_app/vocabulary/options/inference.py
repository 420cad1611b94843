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

    n_permutations: Annotated[int, Ge(20), Doc("Relabellings drawn, the observed one among them.")] = 5000
    random_seed: Annotated[int, Ge(0), Doc("Seed that every relabelling derives from.")] = 20260101
    cluster_forming_p: Annotated[float, Gt(0), Lt(0.5), Doc("p that forms clusters, over the sides tested.")] = 0.001
    connectivity: Annotated[Literal[6, 18, 26], Doc("Neighbours that join voxels to a cluster.")] = 26
    tfce: Annotated[
        Literal["primary", "all", "none"],
        Doc("Contrasts that threshold-free cluster enhancement (E = 0.5, H = 2) is computed for; it takes longest."),
    ] = "primary"
    tfce_connectivity: Annotated[Literal[6, 18, 26], Doc("Neighbours that join voxels there; FSL and PALM: 6.")] = 6
    alpha: Annotated[float, Gt(0), Lt(1), Doc("Familywise error rate that carries a claim.")] = 0.05
    sides: Annotated[
        Literal["both", "positive"],
        Doc("Directions that are tested: positive looks at larger values alone, which wants a reason told beforehand."),
    ] = "both"
    family: Annotated[
        Literal["maps", "contrasts", "measures", "all"],
        Doc("What is corrected together: maps of a measure under a contrast, its contrasts too, measures too, or all."),
    ] = "maps"
    small_volume: Annotated[
        tuple[str, ...], Doc("Regions in the grammar of --seeds that the analysis is restricted to; empty: the brain.")
    ] = ()
    variances: Annotated[
        Literal["equal", "by-arm"],
        Doc("Whether arms share a variance; by-arm gives Welch's t for comparisons of arms."),
    ] = "equal"
    scheme: Annotated[
        Literal["design", "wild"],
        Doc(
            "What chance could have done where arms are compared: what the design says, re-randomisation; or signs of "
            "residuals (wild), which test means alone."
        ),
    ] = "design"
    equivalence_margin: Annotated[
        str,
        Doc("Difference below which arms count as alike, with its units: '0.2 Fisher z'; empty tests no equivalence."),
    ] = ""
    equivalence_regions: Annotated[
        tuple[str, ...], Doc("Regions in the grammar of --seeds whose means are held against the margin as well.")
    ] = ()
    literature: Annotated[
        bool, Doc("Whether the random field correction of the literature stands beside, for comparison alone.")
    ] = True
    labels: Annotated[
        str,
        Doc(
            "Atlas that names the places of clusters: a label image with its .tsv, or 'templateflow:atlas-...'; empty: "
            "the nearest named centre."
        ),
    ] = ""
    claim: Annotated[
        Literal["mass", "extent", "voxel", "tfce"], Doc("Statistic that carries the claim; the others are beside it.")
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
