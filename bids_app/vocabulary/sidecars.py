"""Sidecars that the report reads: written and read as the same record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bids_app.vocabulary.json_record import JsonRecord
from bids_app.vocabulary.sealed import PlanStatus


@dataclass(frozen=True, kw_only=True)
class ResponderCurves(JsonRecord):
    """The proportion of each arm that improved by at least each share, at the endpoint; None where nobody is known."""

    improvement: tuple[float, ...]
    proportion: Mapping[str, list[float | None]]


@dataclass(frozen=True, kw_only=True)
class OutcomeSidecar(JsonRecord):
    """What stands beside the table of an outcome.

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
    kind: Literal["score", "count"]
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
    plan: PlanStatus | None = None
