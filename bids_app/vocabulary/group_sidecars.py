"""What is reported alongside a group analysis: participants, mask, motion, common changes, other specifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bids_app.vocabulary.json_record import JsonRecord


@dataclass(frozen=True, kw_only=True)
class FlowSidecar(JsonRecord):
    """Arms, sessions by stage (or what stands for sessions, `stage`), and what the design says of its people."""

    arms: tuple[str, ...]
    stage: str
    sessions: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PairingSidecar(JsonRecord):
    """Whether those who were together are more alike than others of their arm, place by place.

    Attributes
    ----------
    dyads : mapping of int
        By arm.
    practitioners : int
        Different people in the other role; with one, pairings exchange sessions of one brain.
    places : tuple of mapping
        `place`, `observed`, `expected` (mean over all pairings within arms), `p` (one-sided, over all places).
    absent : str
        Why nothing was tested; then the rest is empty.
    """

    measure: str
    noun: str
    session: str
    dyads: Mapping[str, int]
    practitioners: int = 0
    places: tuple[Mapping[str, object], ...] = ()
    pairings: int = 0
    pairings_possible: str = ""
    smallest_possible_p: float | None = None
    random_seed: int = 0
    alpha: float = 0.05
    counts: tuple[int, ...] = ()
    edges: tuple[float, ...] = ()
    absent: str = ""


@dataclass(frozen=True, kw_only=True)
class MaskSidecar(JsonRecord):
    """The brain mask of a group; `lost_to_one_session_alone` counts the voxels that one session lacks alone."""

    type: str = "Brain"
    description: str = "Voxels that every session of every analysed participant covers."
    voxels: int
    voxels_of_any_session: int
    lost_to_one_session_alone: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class MotionSidecar(JsonRecord):
    """How the outcome of a contrast is associated with head motion over participants (QC-FC).

    Attributes
    ----------
    counts : sequence of int
        Histogram of r over the places, from -1 to 1.
    spearman_with_distance, median_r_by_distance
        None where maps have no seed; else with the distance from it, by `mm` and `r`.
    density_with_degrees_of_freedom, density_with_displacement : float
        Of maps that count connections above a threshold: how their density correlates, over sessions, with residual
        degrees of freedom and with mean framewise displacement. None of other maps.
    """

    description: str = (
        "Correlation over people of the outcome of the primary contrast with mean framewise displacement, arms and "
        "covariates taken out of both (QC-FC). By chance the median of |r| would be MedianByChance and the share of "
        "voxels with p < .05 would be 0.05."
    )
    participants: int
    degrees_of_freedom: int
    median_absolute_r: float
    median_by_chance: float
    share_below05: float
    counts: tuple[int, ...]
    spearman_with_distance: float | None = None
    median_r_by_distance: tuple[Mapping[str, float], ...] | None = None
    density_with_degrees_of_freedom: float | None = None
    density_with_displacement: float | None = None


@dataclass(frozen=True, kw_only=True)
class DiceAt(JsonRecord):
    """Overlap of the places where both |t| reach a height, and the p that arms overlap less than by chance."""

    absolute_t: float
    dice: float
    p_arms_differ: float


@dataclass(frozen=True, kw_only=True)
class Likeness(JsonRecord):
    """How alike the mean changes of two arms are."""

    spatial_correlation: float
    p_both_arms_change_alike: float
    p_arms_differ: float
    split_half_reliability: tuple[float, ...]
    dice: tuple[DiceAt, ...]
    remark: str = (
        "Two arms that do not differ significantly are not alike by that; a low correlation in small arms is no "
        "evidence of specificity either (see the reliabilities)."
    )


@dataclass(frozen=True, kw_only=True)
class OverlapSidecar(Likeness):
    """The conjunction of the changes of two arms, and how alike they are."""

    description: str
    arms: tuple[str, ...]
    smallest_p: float
    voxels: int


@dataclass(frozen=True, kw_only=True)
class SpecificationSidecar(JsonRecord):
    """One other way to analyse: options that differ, and the choices that it combines."""

    settings: tuple[str, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MultiverseSidecar(JsonRecord):
    """Every specification of one analysis.

    Attributes
    ----------
    not_done : mapping
        Why a specification has no result.
    primary : str
        Contrast of the main analysis.
    main_results : mapping
        Digest of each sidecar of the main analysis that the table was made beside.
    """

    description: str = "Exploratory: the place was chosen because corrected p of the main analysis is smallest there."
    columns: Mapping[str, str]
    specifications: Mapping[str, SpecificationSidecar]
    not_done: Mapping[str, str] = field(default_factory=dict)
    alpha: float
    primary: str
    main_results: Mapping[str, str]
