"""What an association is given, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bids_app.trial.cohort import Cohort
from bids_app.trial.outcome_slopes import RelatedOutcome
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.outcome import ClinicalOutcome

if TYPE_CHECKING:
    from bids_app.statistics.result import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class OutcomeInputs:
    """The primary contrast of one kind of map, the maps that it came from, and an outcome of the same participants.

    Attributes
    ----------
    stacks : mapping of (participants, voxels)
        Maps by stage.
    to : RelatedOutcome
        How much the outcome of each participant improved or changed.
    regions : mapping of (x, y, z) bool
        Regions declared beforehand, by name.
    """

    result: Result
    stacks: Mapping[str, NDArray[np.float32]]
    cohort: Cohort
    outcome: ClinicalOutcome
    to: RelatedOutcome
    regions: Mapping[str, Mask]
    inference: Inference


@dataclass(frozen=True)
class AssociationResult:
    """Tables by the label that stands in their names, one mapping a row, and what the sidecar says."""

    tables: Mapping[str, Sequence[Mapping[str, object]]]
    about: Mapping[str, object] = field(default_factory=dict)
