"""Sidecars of syntheses of studies, written by the level and read by the page as the same records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bids_app.vocabulary.json_record import JsonRecord


@dataclass(frozen=True, kw_only=True)
class StudyUse(JsonRecord):
    """Whether a study takes part, and why not where it does not."""

    study: str
    used: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SynthesisSidecar(JsonRecord):
    """What the sidecars of all syntheses say.

    Attributes
    ----------
    notes : tuple of str
        What was taken for granted.
    use : tuple of StudyUse
        What became of every study that was read.
    """

    title: str
    notes: tuple[str, ...]
    use: tuple[StudyUse, ...]


@dataclass(frozen=True, kw_only=True)
class PooledEffect(JsonRecord):
    """An effect pooled over studies by one estimator; numbers that cannot be had are None.

    `claimed` tells whether the page says whether there is a difference by this one.
    """

    estimator: str
    k: int
    effect: float
    error: float
    lower: float
    upper: float
    p: float | None
    tau2: float
    q: float
    q_p: float | None
    i2: float | None
    prediction_lower: float | None
    prediction_upper: float | None
    claimed: bool = False


@dataclass(frozen=True, kw_only=True)
class OutcomeSynthesis(SynthesisSidecar):
    """Sidecar of effects on one outcome, pooled over studies.

    Attributes
    ----------
    outcome, time, comparator : str
        What was pooled.
    form : str
        Endpoint, change, events or g: what papers told.
    scale : {'SMD', 'MD', 'logRR'}
        Of the effects.
    turned : bool
        True if the sign of effects was turned, for lower is better.
    favours_arm : bool
        True if values were turned so that positive favours the arm.
    alpha : float
        Level of what is said.
    with_maps : tuple of str
        Studies of it whose maps were read too, which are stronger evidence.
    tau2_limits : tuple of float, or None
        95 %, by the Q profile.
    egger_p : float or None
        Of small-study effects; None with too few studies.
    filled : mapping, or None
        How many studies trim-and-fill adds on which side, and the effect with them.
    """

    outcome: str
    time: str
    comparator: str
    form: str
    scale: str
    turned: bool
    favours_arm: bool
    alpha: float
    studies: int
    participants: float | None
    pooled: tuple[PooledEffect, ...]
    tau2_limits: tuple[float, ...] | None
    egger_p: float | None
    filled: Mapping[str, object] | None
    with_maps: tuple[str, ...] = ()
    synthesis: str = "outcomes"


@dataclass(frozen=True, kw_only=True)
class CoordinateSynthesis(SynthesisSidecar):
    """Sidecar of peaks that studies report, brought together.

    Attributes
    ----------
    within : str
        The arm within which the contrast lies; empty for a comparison.
    method : {'ALE', 'MKDA'}
    standing : {'claim', 'few', 'descriptive', 'insufficient'}
        What the number of experiments allows: a claim, one with a warning, a description, or not even that.
    with_maps : tuple of str
        Studies of it whose maps were read too, which are stronger evidence.
    silent : tuple of str
        Studies that reported no peak of any contrast.
    threshold : float
        Statistic that forms clusters at `cluster_forming_p`.
    critical : mapping of float
        Smallest extent, mass and height that pass.
    chance_of_report : mapping of float
        How often a study of the median number of participants reports a true peak, by its effect in SDs.
    """

    contrast: str
    within: str
    method: str
    standing: str
    experiments: int
    participants: float
    foci: int
    foci_outside: int
    moved_from_talairach: int
    silent: tuple[str, ...]
    kernel: str
    mask: str
    mask_sha256: str
    voxels: int
    cluster_forming_p: float
    threshold: float
    redraws: int
    redrawn: str
    random_seed: int
    alpha: float
    critical: Mapping[str, float]
    clusters: int
    passing: int
    chance_of_report: Mapping[str, float | None]
    median_people: float
    with_maps: tuple[str, ...] = ()
    synthesis: str = "coordinates"


@dataclass(frozen=True, kw_only=True)
class MapSynthesis(SynthesisSidecar):
    """Sidecar of maps of studies that were pooled.

    Attributes
    ----------
    scale : {'effect', 'g', 'z'}
    units : str
        Of the pooled effect.
    between_arms : bool
        True if verum and sham, or other arms, are compared.
    within : str
        The arm within which the contrast lies; empty for others.
    standing : {'claim', 'descriptive', 'insufficient'}
        What the number of studies allows.
    patterns : int
        Of signs, the observed one among them; 0 where none were flipped.
    critical : float or None
        Smallest |t| that passes over the brain.
    smallest_p : float or None
        Corrected over the brain.
    settings_that_differ : tuple of str
        Of studies that were pooled all the same.
    interpolated : tuple of str
        Studies whose grids differ from that of the first.
    """

    scale: str
    units: str
    estimator: str
    between_arms: bool
    within: str
    standing: str
    studies: int
    participants: float | None
    voxels: int
    least_k: int
    alpha: float
    patterns: int
    patterns_possible: int
    random_seed: int
    critical: float | None
    smallest_p: float | None
    smallest_possible_p: float | None
    clusters: int
    passing: int
    median_i2: float | None
    median_tau2: float | None
    settings_that_differ: tuple[str, ...]
    interpolated: tuple[str, ...]
    synthesis: str = "maps"


@dataclass(frozen=True, kw_only=True)
class ComparedPeaks(SynthesisSidecar):
    """What the sidecars of two contrasts compared say.

    Attributes
    ----------
    experiments : tuple of int
        Of each contrast.
    patterns : int
        Of labels exchanged or signs flipped, the observed one among them.
    """

    first: str
    second: str
    experiments: tuple[int, int]
    patterns: int
    patterns_possible: int
    smallest_possible_p: float
    smallest_p: float
    critical: float
    alpha: float
    random_seed: int
    passing: int


@dataclass(frozen=True, kw_only=True)
class SubtractionSynthesis(ComparedPeaks):
    """Sidecar of where the peaks of two contrasts converge differently.

    Attributes
    ----------
    exchanged : {'within', 'between'}
        Labels were exchanged within trials that report both, or between different trials.
    trials : tuple of str
        Those that take part.
    """

    exchanged: str
    trials: tuple[str, ...]
    synthesis: str = "subtraction"


@dataclass(frozen=True, kw_only=True)
class DirectionSynthesis(ComparedPeaks):
    """Sidecar of where experiments report one direction of a contrast more than the other.

    Attributes
    ----------
    within : str
        The arm within which the contrast lies; empty for a comparison.
    samples : int
        Experiments, some of which report both directions.
    standing : str
        As of `CoordinateSynthesis`.
    radius : float
        Of the sphere around a focus, mm.
    """

    within: str
    samples: int
    standing: str
    radius: float
    synthesis: str = "direction"
