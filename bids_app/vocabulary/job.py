"""One piece of work that can be planned, printed, done and recognised as done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.design import PeopleOptions
from bids_app.vocabulary.options.execution import PermutationShare
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.options.pathway import PathwayOptions
from bids_app.vocabulary.options.prediction import Prediction
from bids_app.vocabulary.options.segments import SegmentOptions
from bids_app.vocabulary.outcome import ClinicalOutcome
from bids_app.vocabulary.preregistration import Preregistration
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.selected import Selected
from bids_app.vocabulary.treatment import Treatment, TrialOptions

if TYPE_CHECKING:  # they bring numpy, which a list of what is done does without
    from bids_app.vocabulary.studies import Studies
    from bids_app.vocabulary.synthesis import Subject

NO_MODALITY: Selected[Options] = Selected("", PeopleOptions())
NO_DESIGN = Selected("", PeopleOptions())
NO_SYNTHESIS: Selected[Options] = Selected("", PeopleOptions())


@dataclass(frozen=True, kw_only=True)
class Job:
    """What both levels share: a label, the output dataset and the options slice of its plugs.

    `modality` is the one that a job is of, `measures` map plug names to their options, `inputs` are the files that the
    work reads, `mark` a warning that its results carry besides that of the modality.
    """

    label: str
    output_dir: Path
    modality: Selected[Options]
    measures: Mapping[str, Options]
    inputs: tuple[Path, ...]
    mark: str = ""

    def context(self) -> dict[str, object]:
        """Return what results depend on besides the files read; of associations, whose files have paths, the words."""
        apart = (
            "output_dir", "inputs", "recordings", "sessions", "threads", "shared", "share", "scratch", "in_memory",
            "associations", "studies",
        )  # fmt: skip
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in apart}


@dataclass(frozen=True, kw_only=True)
class ParticipantJob(Job):
    """All runs of one session of one participant.

    `shared` are inputs that all participants have, such as seeds; `companions` the options of the modalities whose
    simultaneous recordings a measure needs; `segments` has the rule by which runs were cut.
    """

    recordings: tuple[Recording, ...] = ()
    shared: tuple[Path, ...] = ()
    flipped: bool = False
    companions: Mapping[str, Options] = field(default_factory=dict)
    segments: Mapping[str, SegmentOptions] = field(default_factory=dict)
    threads: int = 1


class MapKey(NamedTuple):
    """Which map of a session: the measure, and the entity and label that tell it apart (`seed`, `PCC`)."""

    measure: str
    entity: str
    label: str


@dataclass(frozen=True)
class SessionMaps:
    """What the participant level left on disk for one session: its mask and its maps, and why others are absent.

    `refused` has the reason by what is left out: a seed, a condition, a whole measure.
    """

    mask: Path | None
    maps: Mapping[MapKey, Path]
    refused: Mapping[str, str] = field(default_factory=dict)

    def why_without(self, key: MapKey) -> str:
        """Return why there is no map of a kind."""
        named = {f"{key.entity} {key.label}", key.label, key.measure, f"{key.measure} of the session"}
        said = [why for name, why in self.refused.items() if name in named]
        return "; ".join(said) or f"no map of {key.entity} {key.label}"


@dataclass(frozen=True, kw_only=True)
class GroupJob(Job):
    """One task in one space: every map of every participant at hand, under one design.

    `entities` are those that all maps share; `sessions` maps (participant, session) to what is on disk and `reasons`
    to why nothing is; `participants` are the rows of participants.tsv, of which the columns `later` arose after
    randomisation and the columns `coded` hold codes of levels; `stage` is the entity whose labels the stages of the
    design are; `associations` are asked of `outcomes` beside the design
    (`words`: as the settings spell them); `sealed` is what was planned. With a `share` nothing is concluded: that part
    of the permutations is made and kept. Arrays of more than `in_memory` bytes lie in the folder `scratch`.
    """

    entities: Mapping[str, str] = field(default_factory=dict)
    sessions: Mapping[tuple[str, str], SessionMaps] = field(default_factory=dict)
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    participants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    later: tuple[str, ...] = ()
    coded: tuple[str, ...] = ()
    stage: str = "ses"
    design: Selected[PeopleOptions] = NO_DESIGN
    associations: Mapping[str, Options] = field(default_factory=dict)
    words: Mapping[str, Options] = field(default_factory=dict)
    outcomes: tuple[ClinicalOutcome, ...] = ()
    sealed: Preregistration | None = None
    inference: Inference = field(default_factory=Inference)
    threads: int = 1
    share: PermutationShare | None = None
    scratch: Path = Path()
    in_memory: float = float("inf")


@dataclass(frozen=True, kw_only=True)
class PredictionJob(GroupJob):
    """The maps and tables before treatment of one task, from which an outcome is predicted."""

    predictors: Mapping[str, Options] = field(default_factory=dict)
    prediction: Prediction = field(default_factory=Prediction)


@dataclass(frozen=True, kw_only=True)
class TrialJob(Job):
    """What is known of the participants of a trial outside the scanner, whether they were scanned or not.

    `participants` are their rows, of which the columns `later` arose after randomisation; `treatment` is how they were
    treated (None while arms are blinded), `declared` what the dataset and the call say that checklists ask for.
    """

    participants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    design: Selected[PeopleOptions] = NO_DESIGN
    outcomes: tuple[ClinicalOutcome, ...] = ()
    trial: TrialOptions = field(default_factory=TrialOptions)
    treatment: Treatment | None = None
    later: tuple[str, ...] = ()
    coded: tuple[str, ...] = ()
    declared: Mapping[str, str] = field(default_factory=dict)
    sealed: Preregistration | None = None
    inference: Inference = field(default_factory=Inference)


@dataclass(frozen=True, kw_only=True)
class PathwayJob(TrialJob):
    """A diagram of declared paths, held against the participants of a trial.

    `name` is that of its table; `sessions` have the maps and tables of nodes that are measures, by participant and
    session, and `entities` what those share.
    """

    name: str
    pathway: PathwayOptions
    entities: Mapping[str, str] = field(default_factory=dict)
    sessions: Mapping[tuple[str, str], SessionMaps] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MetaJob(Job):
    """What several published studies say of one subject: a contrast, a measure, an outcome.

    `studies` are all that were read, `brain` the image of the mask (empty: the one that comes with deqi).
    """

    synthesis: Selected[Options]
    subject: Subject
    studies: Studies
    brain: Path | None = None
    inference: Inference = field(default_factory=Inference)
    threads: int = 1


@dataclass(frozen=True)
class Summary:
    """What a job has to say when it is done: files, warnings and lines for the user, and notes for the record."""

    files: frozenset[Path]
    warnings: tuple[str, ...] = ()
    notes: Mapping[str, object] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
