"""What is there to work on, and what makes a whole call useless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bids_app.dataset.filters import series_filter
from bids_app.dataset.fmriprep import Selection
from bids_app.dataset.layout import check_description, derivative_roots
from bids_app.dataset.tables import require_content
from bids_app.errors import DeqiError, MissingInputError
from bids_app.launch.preprocessing import advice
from bids_app.plan.preprocess import asked_of
from bids_app.settings import Dataset, Settings
from bids_app.vocabulary.execution import Execution
from bids_app.vocabulary.job import Job


@dataclass(frozen=True)
class Plan:
    """Jobs of one call, and what was noticed on the way.

    `sources` are the datasets read, by name; `settings` are those that results are really made with; `notes` tell
    what is left out and why; `generated_by` is what the sources say of who made them.
    """

    jobs: tuple[Job, ...]
    sources: Mapping[str, Path]
    settings: Settings
    notes: tuple[str, ...] = ()
    generated_by: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)


def read_dataset(execution: Execution, settings: Settings, *, needed: bool = True) -> dict[str, Path]:
    """Check the input dataset and return the derivative datasets of fMRIPrep by name.

    Raises
    ------
    MissingInputError
        If there are none and they are needed; the message has the command that would make them.
    """
    roots = find_roots(execution)
    if needed and not roots:
        raise MissingInputError(
            f"No fMRIPrep derivatives in {execution.bids_dir}/derivatives/fmriprep*, and {execution.bids_dir} is not a "
            f"derivative dataset itself. {advice(asked_of(execution, settings, execution.participants))}"
        )
    return roots


def find_roots(execution: Execution) -> dict[str, Path]:
    """Check the input dataset and return the derivative datasets that are there, if any."""
    if not execution.bids_dir.is_dir():
        raise MissingInputError(f"BIDS_DIR {execution.bids_dir} is not a folder; expected a BIDS dataset.")
    if execution.validate:
        check_description(execution.bids_dir)
    return derivative_roots(execution.bids_dir, execution.derivatives)


def selection_of(execution: Execution, dataset: Dataset) -> Selection:
    """Return the filters of a call as one value."""
    space, _, resolution = dataset.space.partition(":")
    more = {}
    if execution.filter_file:
        more["matches"] = series_filter(execution.filter_file)
    return Selection(
        tuple(s.removeprefix("ses-") for s in dataset.sessions),
        tuple(t.removeprefix("task-") for t in dataset.tasks),
        space, resolution.removeprefix("res-"), **more,
    )  # fmt: skip


def unreadable(job: Job) -> str:
    """Return what is wrong with the first input file that has no content, or nothing."""
    for path in job.inputs:
        try:
            require_content(path)
        except DeqiError as error:
            return str(error)
    return ""


def generated_by(roots: Iterable[Path]) -> list[Mapping[str, Any]]:
    """Return the `GeneratedBy` entries of source datasets, which ours stands before."""
    entries: list[Mapping[str, Any]] = []
    for root in roots:
        path = root / "dataset_description.json"
        if path.exists() and path.stat().st_size:
            found = check_description(root).get("GeneratedBy", [])
            entries += [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return entries
