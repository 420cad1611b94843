"""Which finished sessions would be done again, without reading what they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bids_app import plugs
from bids_app.derivatives.completion_records import made_with, read_record
from bids_app.derivatives.paths import record_path
from bids_app.settings import resolve
from bids_app.vocabulary.found import Candidate
from bids_app.vocabulary.options.execution import Execution


def outdated(
    execution: Execution, sessions: Mapping[str, Sequence[Candidate]], tables: Mapping[str, object]
) -> frozenset[str]:
    """Return the labels whose record is of other options or another version, or older than a file of theirs."""
    chosen = resolve(tables)
    own = [chosen.of(name) for name in chosen.modalities]
    asked = [
        (plugs.modality(one.modality.name).ending, made_with(one.modality, one.measures, one.segments)) for one in own
    ]
    done = {label: record_path(execution.output_dir, label) for label in sessions}
    return frozenset(
        label for label, record in done.items()
        if record.exists() and (
            not any(label.endswith(ending) and _is_of(record, one) for ending, one in asked)
            or _is_older(record, sessions[label])
        )
    )  # fmt: skip


def _is_of(record: Path, asked: Mapping[str, object]) -> bool:
    content = read_record(record)
    rules = asked["Segments"]
    assert isinstance(rules, Mapping)
    own = {name: rules.get(name) for name in content.get("Segments", {})}  # of all rules a record has its own
    return {name: content.get(name) for name in asked} == {**asked, "Segments": own}


def _is_older(record: Path, runs: Sequence[Candidate]) -> bool:
    files = [file for run in runs for file in (run.series, *run.companions.values())]
    try:
        made = record.stat().st_mtime
        return any(file.stat().st_mtime > made for file in files)
    except OSError:  # its reader says what is wrong with it
        return True
