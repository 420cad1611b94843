"""Sidecars that the report reads: written and read as the same record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bids_app.vocabulary.contrast_sidecar import Equivalence
from bids_app.vocabulary.json_record import JsonRecord
from bids_app.vocabulary.outcome import OutcomeKind, Scale
from bids_app.vocabulary.preregistration import PlanStatus


@dataclass(frozen=True, kw_only=True)
class ResponderCurves(JsonRecord):
    """The proportion of each arm that improved by at least each share, at the endpoint; None without data."""

    improvement: tuple[float, ...]
    proportion: Mapping[str, list[float | None]]


@dataclass(frozen=True, kw_only=True)
class OutcomeSidecar(JsonRecord):
    """What is reported alongside the table of an outcome.

    Attributes
    ----------
    deciding_p : float
        Corrected over the `holm_over` outcomes of the same declared role.
    p : float or None
        The same without that correction; None where no arms are compared.
    relabellings : int
        Re-randomisations, the observed allocation among them.
    notes : tuple of str
        Who was not asked, and what could not be compared.
    """

    title: str
    columns: tuple[str, ...]
    visits: tuple[str, ...]
    endpoint: str
    role: Literal["primary", "secondary", "exploratory"]
    kind: OutcomeKind
    units: str
    lower_is_better: bool
    minimum: float | None
    maximum: float | None
    important_difference: float | None
    remission_cutoff: float | None
    arms: tuple[str, ...]
    alpha: float
    deciding_p: float
    holm_over: int
    p: float | None
    relabellings: int
    random_seed: int
    smallest_possible_p: float
    strata: tuple[str, ...]
    covariates: tuple[str, ...]
    responders: ResponderCurves
    notes: tuple[str, ...]
    plan: PlanStatus | None
    scale: Scale = ""


@dataclass(frozen=True, kw_only=True)
class BlindingSidecar(JsonRecord):
    """What participants guessed: counts by arm and word, and both indices with 95 % limits (value, low, high).

    `james` is None where an arm was guessed by no one.
    """

    guesses: Mapping[str, Mapping[str, int]]
    bang: Mapping[str, Mapping[str, float]]
    james: Mapping[str, float] | None


@dataclass(frozen=True, kw_only=True)
class PredictionSidecar(JsonRecord):
    """What is reported alongside the table of a predictor.

    Attributes
    ----------
    share : float
        Improvement from which on a participant is a responder.
    responders : int or None
        None where improvement itself is predicted.
    sites_left_out : mapping
        How good each set of features is at each site that its model has not seen.
    of_divisions : mapping
        The same over each division into folds.
    decision_curves : mapping
        Net benefit by threshold, of each set; empty unless responders are predicted.
    steady : mapping
        Features that most models use, of each set.
    """

    outcome: str
    baseline: str
    target: str
    share: float
    units: str
    participants: int
    arms: tuple[str, ...]
    measure: str
    brain_features: int
    components: int
    responders: int | None
    clinical: tuple[str, ...]
    confounds: tuple[str, ...]
    folds: int
    repeats: int
    permutations: int
    random_seed: int
    sites: tuple[str, ...]
    alpha: float
    plan: PlanStatus | None
    notes: tuple[str, ...]
    predictor: str = ""
    statistic: Literal["auc", "r2"] = "auc"
    sites_left_out: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    of_divisions: Mapping[str, list[float]] = field(default_factory=dict)
    decision_curves: Mapping[str, list[dict[str, float]]] = field(default_factory=dict)
    steady: Mapping[str, list[dict[str, object]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evidence(JsonRecord):
    """What results say of a hypothesis, or of one step of it.

    Attributes
    ----------
    p : float
        The larger one of both below, where there are two, over all maps and analyses.
    p_re_randomised, p_robust : float or None
        Of re-randomised arms, and of means by signs of residuals.
    tests : str
        What is tested: that means differ, distributions, or a contrast that compares no arms.
    compared : tuple of str
        Arms.
    p_limits : tuple of float
        What other draws would have given for the first of both p.
    differs_at_least : tuple of float
        Share of each cluster that passes.
    analyses : int
        Analyses of other scans that are corrected for.
    step : {'', 'any', 'pair'}
        With three arms or more.
    passed : bool or None
        Of a step.
    """

    p: float
    tests: str
    p_re_randomised: float | None = None
    p_robust: float | None = None
    compared: tuple[str, ...] = ()
    participants: int | None = None
    p_limits: tuple[float, ...] = ()
    differs_at_least: tuple[float, ...] = ()
    equivalence: Equivalence | None = None
    analyses: int = 1
    step: str = ""
    passed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class HypothesisResult(Evidence):
    """A hypothesis of the graph: its share of alpha, the level it was held against, and what became of it."""

    name: str
    kind: Literal["outcome", "brain"]
    share: float
    adjusted_p: float
    level: float
    steps: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Arrow(JsonRecord):
    """Hands a share on; the first field is called so because `from` is a word of Python."""

    from_: str
    to: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class GraphResult(JsonRecord):
    """One graph of hypotheses with what became of them."""

    hypotheses: tuple[HypothesisResult, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, kw_only=True)
class MultiplicitySidecar(JsonRecord):
    """All that is called confirmatory."""

    alpha: float
    graphs: tuple[GraphResult, ...]
