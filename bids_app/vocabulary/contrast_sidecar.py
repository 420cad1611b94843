"""The sidecar of one contrast of one map or table, written and read as the same record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bids_app.vocabulary.json_record import JsonRecord
from bids_app.vocabulary.preregistration import PlanStatus


@dataclass(frozen=True, kw_only=True)
class PowerAt(JsonRecord):
    """What a trial of these people can detect where |t| must reach a height; None where none is high enough.

    Attributes
    ----------
    smallest_detectable_effect_median : float or None
        In the units of the outcome.
    participants_for : mapping
        Participants, arms together, that a standardised effect needs, by its size.
    """

    critical_t: float | None
    smallest_detectable_effect_median: float | None
    participants_for: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Power(JsonRecord):
    """What can be detected at one place that was named beforehand, and anywhere."""

    power: float = 0.8
    one_voxel_or_region: PowerAt
    any_voxel_of_the_brain: PowerAt


@dataclass(frozen=True, kw_only=True)
class ArmVariances(JsonRecord):
    """How much more one arm varies than the other: medians over the places of a map."""

    median_ratio: float
    median_ratio_limits: tuple[float, ...]
    median_absolute_skewness: float
    unequal: bool
    unreliable: bool
    warning: str


@dataclass(frozen=True, kw_only=True)
class Symmetry(JsonRecord):
    """How skewed the changes are whose signs are flipped."""

    median_absolute_skewness: float
    warning: str


@dataclass(frozen=True, kw_only=True)
class RandomFieldFinding(JsonRecord):
    """What one cluster-forming threshold of the literature finds; `voxels` are the sizes of the clusters that pass."""

    cluster_forming_p: float
    smallest_extent: int | None
    clusters_large_enough: int
    clusters_by_spm: int
    voxels: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class RandomFieldTheory(JsonRecord):
    """What the parametric correction of the literature would report; not a result."""

    warning: str
    fwhm_in_voxels: tuple[float, ...]
    resels: float
    findings: tuple[RandomFieldFinding, ...]


@dataclass(frozen=True, kw_only=True)
class ShareOfEvidence(JsonRecord):
    """Which share of a map has which evidence, each place by itself."""

    strong_for_difference: float
    moderate_for_difference: float
    neither: float
    moderate_for_none: float
    strong_for_none: float


@dataclass(frozen=True, kw_only=True)
class EquivalentRegion(JsonRecord):
    """Whether the mean of a region was shown to be alike in both arms; None where no voxel of it was measured."""

    region: str
    voxels: int
    difference: float | None = None
    p: float | None = None
    p_corrected: float | None = None
    shown: bool


@dataclass(frozen=True, kw_only=True)
class Equivalence(JsonRecord):
    """Where arms were shown to differ by less than a margin."""

    margin: float
    units: str
    share_shown: float
    smallest_p: float
    regions: tuple[EquivalentRegion, ...]


@dataclass(frozen=True, kw_only=True)
class RobustTest(JsonRecord):
    """The same contrast tested by signs of residuals; all but `absent`, the reason, is left out where there is none."""

    absent: str | None = None
    scheme: str | None = None
    residuals: str | None = None
    patterns: int | None = None
    exhaustive: bool | None = None
    seed: int | None = None
    patterns_hash: str | None = None
    determined_by_one_participant: float | None = None
    too_small_for_voxels: bool | None = None
    smallest_p: Mapping[str, float] | None = None
    smallest_joint_p: Mapping[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """What else was found out of one contrast of one map, beside its maps."""

    power: Power | None = None
    variance_of_arms: ArmVariances | None = None
    symmetry: Symmetry | None = None
    random_field_theory: RandomFieldTheory | None = None
    evidence: ShareOfEvidence | None = None
    equivalence: Equivalence | None = None
    robust: RobustTest | None = None


@dataclass(frozen=True, kw_only=True)
class ContrastSidecar(Diagnostics, JsonRecord):
    """What the files of one contrast of one map or table say beside their values.

    Attributes
    ----------
    question, found, absent : str
        The question, and what may be said where it is answered by yes, and where not.
    step : {'', 'any', 'pair'}
        Place in a hypothesis of three arms or more.
    association : str
        Which association asked; empty for a contrast of the design.
    degrees_of_freedom : int or list of int
        Of t; of F the columns before.
    scale : str
        What effects are in, e.g. Fisher z.
    claim_statistic : str
        Statistic that decides.
    smallest_p, smallest_joint_p : mapping
        By statistic: corrected over the map, and over all maps of the family too.
    differs_at_least : sequence of float
        Smallest share of each cluster that passes in which the arms differ.
    exploratory : bool
        True where nothing is ever confirmed.
    tested_first : str
        Place that is tested first, and is no result of the measure itself: smallest joint p are those of the others.
    not_claimed : str
        Why nothing is claimed of places whatever their p, where one that is tested first may differ.
    columns : mapping
        What stands in the columns, where the result is a table.
    """

    replication_only: str | None = None
    measure: str
    outcome: str
    units: str
    scale: str = ""
    labels: str
    noun: str
    definite: bool
    question: str
    found: str
    absent: str
    compared: tuple[str, ...]
    sign: str
    primary: bool
    step: str
    association: str
    plan: PlanStatus | None
    between_arms: bool
    arm: str
    change: bool
    statistics: Mapping[str, str]
    standardised: str
    statistic: Literal["t", "F"]
    participants: int
    participants_by_arm: Mapping[str, int]
    degrees_of_freedom: int | list[int]
    voxels: int
    restricted_to: tuple[str, ...]
    scheme: str
    relabellings: int
    relabellings_possible: str
    exhaustive: bool
    random_seed: int
    relabellings_hash: str
    smallest_possible_p: float
    sides: Literal["both", "positive"]
    cluster_forming_p: float
    cluster_forming_t: float
    connectivity: int
    cluster_mass: str
    connectivity_tfce: int | None = None
    alpha: float
    claim_statistic: str
    family: str
    family_members: int
    smallest_p: Mapping[str, float]
    smallest_p_limits: Mapping[str, list[float]]
    smallest_joint_p: Mapping[str, float]
    smallest_joint_p_limits: Mapping[str, list[float]]
    families_of_this_contrast: int
    holm_p: float
    differs_at_least: tuple[float, ...] | None = None
    exploratory: bool | None = None
    tested_first: str | None = None
    not_claimed: str | None = None
    columns: Mapping[str, str] | None = None
    sources: tuple[str, ...] = field(default_factory=tuple)

    @property
    def p(self) -> float:
        """Smallest p of the statistic that decides, over the map and its family."""
        return self.smallest_joint_p[self.claim_statistic]

    @property
    def p_robust(self) -> float | None:
        """The same of the test of means alone; None where there is none."""
        if self.scheme == "wild":
            return self.p
        joint = self.robust.smallest_joint_p if self.robust else None
        return (joint or {}).get(self.claim_statistic)
