"""What is there to work on, and what makes a whole call useless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bids_app import plugs
from bids_app.dataset.filters import series_filter
from bids_app.dataset.layout import check_description, derivative_roots, read_description
from bids_app.dataset.tables import require_content
from bids_app.errors import DeqiError, MissingInputError, UsageError
from bids_app.launch.preprocess import how_to_make
from bids_app.settings import Settings
from bids_app.vocabulary.entities import plain, stage_label
from bids_app.vocabulary.job import Job, ParticipantJob
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options.dataset import Dataset
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.selection import NATIVE, Selection

if TYPE_CHECKING:
    from bids_app.plugs.modality import Modality


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """Jobs of one call, and what was noticed on the way.

    `sources` are the datasets read, by name; `settings` are those that results are really made with; `notes` tell
    what is left out and why; `generated_by` is what the sources say of who made them; `postponed` is what is wrong with
    one modality of several, to be raised once the others are done.
    """

    jobs: tuple[Job, ...]
    sources: Mapping[str, Path]
    settings: Settings
    notes: tuple[Note, ...] = ()
    generated_by: tuple[Mapping[str, object], ...] = field(default_factory=tuple)
    postponed: DeqiError | None = None


def read_dataset(execution: Execution, settings: Settings, modality: Modality) -> dict[str, Path]:
    """Check the input dataset and return by name the datasets that a modality is read from.

    Raises
    ------
    MissingInputError
        If there are none; the message has the command that would make them.
    """
    if roots := roots_of(execution, modality):
        return roots
    dataset = settings.dataset
    how = how_to_make(modality.preprocessor, execution, dataset.space, dataset.tasks)
    raise MissingInputError(f"{modality.absent(execution.bids_dir)} {how}".strip())


def find_roots(execution: Execution, modalities: Iterable[str]) -> dict[str, Path]:
    """Check the input dataset and return the datasets that are there to be read, if any."""
    return {root: path for name in modalities for root, path in roots_of(execution, plugs.modality(name)).items()}


def roots_of(execution: Execution, modality: Modality) -> dict[str, Path]:
    """Check the input dataset and return the datasets of one modality; the input itself if it reads that."""
    if not execution.bids_dir.is_dir():
        raise MissingInputError(f"BIDS_DIR {execution.bids_dir} is not a folder; expected a BIDS dataset.")
    if execution.validate:
        check_description(execution.bids_dir)
    raw = {"raw": execution.bids_dir} if not all(modality.roots) or not modality.roots else {}
    named = tuple(filter(None, modality.roots)) or ("none",)
    return {**raw, **derivative_roots(execution.bids_dir, execution.derivatives, named)}


def selection_of(execution: Execution, dataset: Dataset, segments: Iterable[str] = ()) -> Selection:
    """Return the filters of a call as one value; `segments` are the names of those that the settings cut runs into.

    Raises
    ------
    UsageError
        If a space has a modifier of no known form, or the filter file cannot be understood.
    """
    space, *modifiers = dataset.space.split(":")
    template = dict(template_label(word, dataset.space) for word in modifiers)
    return Selection(
        sessions=tuple(stage_label(s) for s in dataset.sessions),
        tasks=tuple(t.removeprefix("task-") for t in dataset.tasks),
        space=space,
        resolution=template.get("res", ""),
        cohort=template.get("cohort", ""),
        desc=dataset.desc.removeprefix("desc-"),
        join=tuple(entity for entity in dataset.join if entity != dataset.stage),
        stage=dataset.stage,
        segments=tuple(segments),
        matches=series_filter(execution.filter_file) if execution.filter_file else None,
    )


def template_label(word: str, whole: str) -> tuple[str, str]:
    """Return entity and label of a modifier of a space, as preprocessors write them: `res-2`, `native`, `cohort-1`."""
    key, dash, label = word.partition("-")
    if not dash:
        key, label = "res", word
    if key not in ("res", "cohort") or not (label == NATIVE or label.isdecimal() or dash):
        raise UsageError(
            f"--space {whole}: {word!r} is no modifier of a space. Write res-LABEL, native or cohort-LABEL, "
            "e.g. MNI152NLin2009cAsym:res-2"
        )
    return key, plain(key, label)


def unreadable(job: Job) -> str:
    """Return what is wrong with the files of a job, or nothing: with one of those that it shares, or with each run."""
    runs = [run.inputs() for run in job.recordings] if isinstance(job, ParticipantJob) else []
    problems = [_without_content(files) for files in runs]
    shared = job.shared if isinstance(job, ParticipantJob) else job.inputs
    return _without_content(shared) or (problems[0] if problems and all(problems) else "")


def _without_content(files: Iterable[Path]) -> str:
    """Return what is wrong with the first file that has no content, or nothing."""
    for path in files:
        try:
            require_content(path)
        except DeqiError as error:
            return str(error)
    return ""


def generated_by(roots: Iterable[Path]) -> list[Mapping[str, object]]:
    """Return the `GeneratedBy` entries of source datasets, which ours stands before.

    Old datasets have one object in place of a list, or `PipelineDescription` (before BIDS 1.4).
    """
    entries: list[Mapping[str, object]] = []
    for root in roots:
        description = read_description(root)
        found = description.get("GeneratedBy", description.get("PipelineDescription", []))
        entries += [entry for entry in (found if isinstance(found, list) else [found]) if isinstance(entry, dict)]
    return entries
