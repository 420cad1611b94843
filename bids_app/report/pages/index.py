"""The page to open first: people by sessions, and where the answer is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.layout import participants_in, scan_files
from bids_app.dataset.tables import numeric, read_json, read_tsv
from bids_app.derivatives.failure_records import read_failures
from bids_app.report import html
from bids_app.report.formats import format_number
from bids_app.report.messages import _
from bids_app.vocabulary.entities import DATATYPES, parse


def write_page(output_dir: Path) -> Path:
    """Write `index.html`."""
    people: list[dict[str, object]] = []
    sidecars: list[Path] = []
    names: set[str] = set()
    for label in participants_in(output_dir):
        tables = [p for p in scan_files(output_dir, label) if p.name.endswith("_qc.tsv")]
        sidecars += [path.with_suffix(".json") for path in tables]
        cells = dict(map(_cell, tables))
        names.update(cells)
        people.append({"label": label, "cells": cells, "page": (output_dir / f"sub-{label}.html").exists()})
    description = output_dir / "dataset_description.json"
    values: dict[str, object] = {
        "people": people,
        "columns": sorted(names, key=html.session_order),
        "failed": list(read_failures(output_dir).items()),
        "left_out": _left_out(output_dir),
        "group": (output_dir / "group.html").exists(),
        "answers": _answers(output_dir),
        "methods": (output_dir / "logs" / "CITATION.html").exists(),
        "dataset": str(read_json(description).get("Name", "")) if description.exists() else "",
    }
    return html.write_html(output_dir, "index.html", "index.html", values, sidecars)


def _answers(output_dir: Path) -> list[Mapping[str, object]]:
    """Return the primary answers as the group page has them."""
    path = output_dir / "logs" / "answers.json"
    return read_json(path)["Answers"] if path.exists() and (output_dir / "group.html").exists() else []


def _left_out(output_dir: Path) -> list[str]:
    """Return what the last call of each level left out before any work."""
    files = sorted((output_dir / "logs").glob("*_notes.json"))
    return list(dict.fromkeys(str(note) for path in files for note in read_json(path).get("LeftOut", [])))


def _cell(path: Path) -> tuple[str, dict[str, object]]:
    """Return name and content of the cell of one session from its quality table."""
    entities, _, _ = parse(path.name)
    table = read_tsv(path)
    out = [value == "left out" for value in table["decision"]]
    reasons = [value for value in table["reason"] if value != "n/a"]
    left_out = all(out)
    refused = [*(value for value in table["refused_because"] if value != "n/a"), *reasons]
    datatype = path.parent.name
    name = " ".join(f"{k}-{v}" for k, v in entities.items() if k in ("ses", "task", "acq", "run", "segment"))
    movement = _numbers(table.get("mean_fd", []))
    return name if datatype == DATATYPES[0] else f"{name} {datatype}", {
        "session": entities.get("segment", entities.get("ses", "")),
        "task": entities.get("task", ""),
        "state": "bad" if left_out else "caution" if refused else "good",
        "word": "left out" if left_out else "used in part" if refused else "used",
        "fd": float(np.nanmean(movement)) if np.isfinite(movement).any() else np.nan,
        "said": _said(table, movement),
        "reason": reasons[0] if left_out else "; ".join(refused),
    }


def _said(table: Mapping[str, list[str]], movement: NDArray[np.float64]) -> str:
    """Return the quality of a session in a few words, of what its table has."""
    said = []
    if "mean_fd" in table:
        moved = float(np.nanmean(movement)) if np.isfinite(movement).any() else np.nan
        said.append(_("FD %(moved)s mm", moved=format_number(moved, 2)))
    if "df_res" in table:
        said.append(_("df %(df)d", df=np.nansum(_numbers(table["df_res"]))))
    if "minutes_kept" in table:
        kept = float(np.nansum(_numbers(table["minutes_kept"])))
        said.append(_("%(minutes)s min", minutes=format_number(kept, 2)))
    return " · ".join(said)


def _numbers(values: list[str]) -> NDArray[np.float64]:
    """Return a column of our own tables, which holds numbers or n/a."""
    numbers = numeric(values)
    return np.full(len(values), np.nan) if numbers is None else numbers
