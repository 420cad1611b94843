"""Which finished sessions would be done again, without reading what they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bids_app.dataset.runs import Complete
from bids_app.derivatives.names import record_path
from bids_app.derivatives.records import made_with, read_record
from bids_app.plan.found import Found, label_of
from bids_app.settings import resolve
from bids_app.vocabulary.execution import Execution


def outdated(execution: Execution, found: Found, tables: Mapping[str, Any]) -> frozenset[str]:
    """Return the labels whose record is of other options or another version, or older than a file of theirs."""
    chosen = resolve(tables)
    asked = made_with(chosen.modality, chosen.measures)
    sessions: dict[str, list[Complete]] = {}
    for runs in found.runs.values():
        for run in runs:
            sessions.setdefault(label_of(run.series.entities, found.join), []).append(run)
    done = {label: record_path(execution.output_dir, label) for label in sessions}
    return frozenset(
        label for label, record in done.items()
        if record.exists() and (not _is_of(record, asked) or _is_older(record, sessions[label]))
    )  # fmt: skip


def _is_of(record: Path, asked: Mapping[str, Any]) -> bool:
    content = read_record(record)
    return {name: content.get(name) for name in asked} == asked


def _is_older(record: Path, runs: Sequence[Complete]) -> bool:
    files = [Path(run.series.folder, name) for run in runs for name in (run.series.name, run.mask, run.confounds)]
    try:
        made = record.stat().st_mtime
        return any(file.stat().st_mtime > made for file in files)
    except OSError:  # whoever reads it says what is wrong with it
        return True
