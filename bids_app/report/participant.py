"""The page of one participant: can the data be used, and what do the seeds see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bids_app.dataset.layout import functional_files
from bids_app.dataset.tables import numeric, read_json, read_tsv
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.atomic import write_bytes
from bids_app.report import courses, figures, measures, page
from bids_app.vocabulary.entities import parse, without

FLOOR, LIMIT = 0.15, 0.8
"""r that is drawn, and r of the brightest colour."""


def write_page(output_dir: Path, label: str) -> None:
    """Write `sub-<label>.html` from what is on disk; nothing if there is nothing."""
    if not (output_dir / f"sub-{label}").is_dir():
        return
    tables = sorted(_tables(output_dir, label), key=lambda path: page.session_order(path.name))
    sessions = [_session(output_dir, table) for table in tables]
    values = {"label": label, "sessions": sessions, "verdict": _verdict(sessions), "floor": FLOOR, "limit": LIMIT,
              "local": measures.LOCAL, "response": measures.RESPONSE, "r_limit": measures.R_LIMIT}  # fmt: skip
    page.write(output_dir, f"sub-{label}.html", "participant.html", values, [t.with_suffix(".json") for t in tables])


def _tables(output_dir: Path, label: str) -> Iterator[Path]:
    for path in functional_files(output_dir, label):
        if path.name.endswith("_desc-fc_qc.tsv"):
            yield path


def _verdict(sessions: list[dict[str, Any]]) -> tuple[str, str]:
    """Return a colour word and a sentence."""
    out = [s for s in sessions if s["reason"]]
    if len(out) == len(sessions):
        return "bad", "Excluded: no session of this participant can be used."
    if out:
        return "caution", "Caution: " + "; ".join(f"{s['name']} is left out" for s in out) + "."
    if any(s["refused"] for s in sessions):
        return "caution", "Caution: usable, but not for everything; see below what is left out and why."
    return "good", "Usable: every session passes the gates on degrees of freedom and minutes."


def _session(output_dir: Path, table: Path) -> dict[str, Any]:
    entities, _, _ = parse(table.name)
    rows = read_tsv(table)
    runs = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    reason = next((run["reason"] for run in runs if run["reason"] != "n/a"), "")
    timing = {k: v for k, v in without(entities, "space", "res", "desc", "cohort").items() if k != "sub"}
    stem = table.name.removesuffix("_desc-fc_qc.tsv")
    mean = table.with_name(f"{stem}_stat-mean_statmap.nii.gz")
    below = None if reason or not mean.exists() else figures.underlay(*read_map(mean))
    person = output_dir / f"sub-{entities['sub']}"
    maps = _maps(person, table, below, mean) if below else []
    return {
        "name": " ".join(f"{key}-{value}" for key, value in timing.items()),
        "reason": reason,
        "runs": runs,
        "refused": sorted({run["refused_because"] for run in runs} - {"n/a"}),
        "traces": [_trace(path) for path in _beside(table, entities, "outliers.tsv")],
        "maps": maps,
        "local": measures.maps_of(below, table.parent, stem, "zscore", measures.LOCAL) if below else [],
        "responses": measures.maps_of(below, table.parent, stem, "z", measures.RESPONSE) if below else [],
        "courses": courses.courses(table.parent, without(entities, "desc")) if below else [],
        "matrices": measures.matrices(table.parent, without(entities, "desc")) if below else [],
        "about": maps[0]["about"] if maps else {},
    }


def _beside(table: Path, entities: Mapping[str, str], ending: str) -> list[Path]:
    """Return files of the same task and acquisition in the same folder."""
    wanted = without(entities, "space", "res", "desc", "cohort")
    files = sorted(path for path in table.parent.iterdir() if path.name.endswith(ending))
    return [path for path in files if without(parse(path.name)[0], "run", "desc") == wanted]


def _trace(path: Path) -> dict[str, Any]:
    """Return the motion trace of a run as points of a line, 600 x 80, and its censored frames as spans."""
    table = read_tsv(path)
    displacement = numeric(table["framewise_displacement"])
    assert displacement is not None
    censored = [i for i, value in enumerate(table["censored"]) if value == "1"]
    step = 600 / max(len(displacement), 1)
    top = max(1.0, float(np.nanmax(displacement, initial=0.0)))
    points = [f"{(i + 0.5) * step:.1f},{80 - 76 * fd / top:.1f}" for i, fd in enumerate(displacement) if fd == fd]
    return {
        "run": parse(path.name)[0].get("run", ""),
        "points": " ".join(points),
        "censored": [(f"{i * step:.1f}", f"{max(step, 1.0):.1f}") for i in censored],
        "count": len(censored),
        "frames": len(displacement),
        "top": f"{top:.1f}",
        "mean": float(np.nanmean(displacement)) if np.isfinite(displacement).any() else None,
    }


def _maps(person: Path, table: Path, below: figures.Underlay, mean_path: Path) -> list[dict[str, Any]]:
    """Draw every seed map of a session; pictures also lie under `figures`."""
    stem = table.name.removesuffix("_desc-fc_qc.tsv")
    maps = []
    for path in sorted(table.parent.glob(f"{stem}_seed-*_stat-r_statmap.nii.gz")):
        values, grid = read_map(path)
        about = read_json(path.with_name(path.name.replace(".nii.gz", ".json")))
        seed = _seed_mask(values, mean_path)
        png = figures.mosaic(below, values, grid, (FLOOR, LIMIT), seed=seed)
        name = path.name.removesuffix(".nii.gz") + ".png"
        write_bytes(person / "figures" / name, png)
        maps.append({"seed": parse(path.name)[0]["seed"], "picture": page.embed(png), "about": about})
    return maps


def _seed_mask(values: np.ndarray, mean_path: Path) -> np.ndarray:
    """Return the voxels of the seed: measured, but without a value in its own map."""
    measured = np.isfinite(read_map(mean_path)[0])
    return np.asarray(measured & ~np.isfinite(values))
