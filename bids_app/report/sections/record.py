"""Provenance of a run, as it lies in the dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bids_app.dataset.tables import read_json


@dataclass(frozen=True, kw_only=True)
class Record:
    """What made the dataset, and from what."""

    made_by: tuple[str, ...]
    sources: tuple[str, ...]


def record(root: Path) -> Record:
    """Return what is on record of a run."""
    description = root / "dataset_description.json"
    about = read_json(description) if description.exists() else {}
    return Record(
        made_by=tuple(f"{one['Name']} {one.get('Version', '')}".strip() for one in about.get("GeneratedBy", [])),
        # By name: where they lie is another path in a container.
        sources=tuple(about.get("DatasetLinks", {})),
    )
