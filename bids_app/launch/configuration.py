"""`--init-config`: an analysis.toml filled with what this dataset has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bids_app.dataset.fmriprep import Selection, find_series
from bids_app.dataset.layout import derivative_roots, participants_in
from bids_app.dataset.participants import participants_file, read_participants
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.settings_file import to_toml
from bids_app.errors import DeqiError

_BEFORE = ("pre", "baseline", "bl", "t0", "01", "1")
_AFTER = ("post", "followup", "fu", "t1", "02", "2")


def write_configuration(
    path: Path, bids_dir: Path, derivatives: tuple[tuple[str, Path], ...],
    tables: Mapping[str, tuple[type[Any], dict[str, Any]]],
) -> None:  # fmt: skip
    """Write a commented settings file; arms, sessions, tasks and spaces are those found in the dataset."""
    roots = derivative_roots(bids_dir, derivatives)
    entities = [
        one.entities for root in roots.values() for one in find_series(root, participants_in(root), Selection())[0]
    ]
    tasks, sessions, spaces = (sorted({e[key] for e in entities if key in e}) for key in ("task", "ses", "space"))
    heading = [
        f"Settings of deqi for {bids_dir.resolve().name}. Every line may be left out; the value shown is then used.",
        f"Found: {len({e['sub'] for e in entities})} participants; tasks: {_list(tasks)}.",
        f"Found: sessions: {_list(sessions)}; spaces: {_list(spaces)}.",
    ]
    if len(tasks) > 1:
        tables["dataset"][1]["tasks"] = tuple(tasks)
    standard = [space for space in spaces if space.startswith("MNI")]
    if len(standard) > 1:
        tables["dataset"][1]["space"] = standard[0]
    design = tables["designs.parallel_prepost"][1]
    design.update(_sessions(sessions))
    try:
        rows = read_participants(participants_file(bids_dir, *roots.values()))
        design.update(_arms(rows, heading))
    except DeqiError as error:
        heading.append(f"Arms are not known: {error}")
    write_text(path, to_toml(tables, heading))


def _list(words: list[str]) -> str:
    return ", ".join(words) or "none"


def _sessions(sessions: list[str]) -> dict[str, str]:
    """Guess which sessions stand before and after treatment."""
    if len(sessions) < 2:
        return {}
    before = next((s for s in sessions if s.lower() in _BEFORE), sessions[0])
    after = next((s for s in sessions if s.lower() in _AFTER and s != before), sessions[-1])
    return {"pre": before, "post": after if after != before else sessions[0]}


def _arms(rows: Mapping[str, Mapping[str, str]], heading: list[str]) -> dict[str, str]:
    """Find the column of arms: two levels, the likeliest name first; note what was seen."""
    columns = {name: Counter(row[name] for row in rows.values()) for name in next(iter(rows.values()), {})}
    likely: list[str] = [n for n in ("group", "arm", "treatment", "condition") if n in columns]
    likely += [name for name, levels in columns.items() if len(levels) == 2 and name not in likely]
    if not likely:
        heading.append(f"No column of participants.tsv looks like arms; it has {', '.join(columns)}.")
        return {}
    column = likely[0]
    levels = columns[column]
    heading.append(
        f"Column {column}: " + ", ".join(f"{level} {count}" for level, count in sorted(levels.items())) + "."
    )
    known = [
        level for level in levels if "sham" in level.lower() or "control" in level.lower() or "placebo" in level.lower()
    ]
    control = known[0] if known else min(levels)
    active = next((level for level in sorted(levels, reverse=True) if level != control), "verum")
    return {"column": column, "active": active, "control": control}
