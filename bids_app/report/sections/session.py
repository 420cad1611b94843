"""What a quality table says of one session of a participant, whatever was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bids_app.dataset.tables import read_json, read_tsv
from bids_app.derivatives.participant import LAST
from bids_app.report.formats import rounded
from bids_app.report.messages import _
from bids_app.report.sections.session_binding import binding, binding_maps, uptake
from bids_app.report.sections.session_evoked import evoked
from bids_app.report.sections.session_maps import Canvas
from bids_app.report.sections.session_optics import optics
from bids_app.report.sections.session_physiology import physiology
from bids_app.report.sections.session_spectra import spectra
from bids_app.vocabulary.entities import DATATYPES, parse, without


def about_session(table: Path) -> dict[str, Any]:
    """Return the runs of a session, why it is left out if it is, and what of it is."""
    entities = parse(table.name)[0]
    rows = read_tsv(table)
    runs = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    left_out = [run for run in runs if run["decision"] == "left out"]
    reason = next((run["reason"] for run in left_out if len(left_out) == len(runs)), "")
    timing = {k: v for k, v in without(entities, "space", "res", "desc", "cohort").items() if k != "sub"}
    name = " ".join(f"{key}-{value}" for key, value in timing.items())
    datatype = table.parent.name
    return {
        "name": name if datatype == DATATYPES[0] else f"{name} {datatype}",
        "reason": reason,
        "advice": next((run["advice"] for run in left_out if reason and run.get("advice", "n/a") != "n/a"), ""),
        "runs": runs,
        "refused": [
            *sorted({run["refused_because"] for run in runs} - {"n/a"}),
            *(_("run %(run)s: %(why)s", run=run["run"], why=run["reason"]) for run in left_out if not reason),
        ],
    }


def plain(output_dir: Path, table: Path) -> dict[str, Any]:
    """Return a session of which every kind has its own figures: its quality table, those figures, and its files."""
    session, described = about_session(table), read_json(table.with_suffix(".json"))
    own = [name for name in session["runs"][0] if name not in LAST or name == "decision"]
    stem = table.name.rpartition("_desc-")[0]
    files = sorted(path.name for path in table.parent.glob(f"{stem}_*.tsv") if path != table)
    nothing: dict[str, object] = dict.fromkeys(
        ("maps", "local", "homotopic", "responses", "courses", "matrices", "figures"), ()
    )
    columns = [{"name": name, "about": described.get(name, {}).get("Description", "")} for name in own]
    mean, canvas = table.with_name(f"{stem}_stat-mean_statmap.nii.gz"), None
    if mean.exists() and not session["reason"]:
        canvas = Canvas(session["name"], output_dir / f"sub-{parse(table.name)[0]['sub']}" / "figures", mean)
    shown = [{name: rounded(cell) for name, cell in run.items()} for run in session["runs"]]
    return {**nothing, **session, "runs": shown, "columns": columns, "files": files, "canvas": canvas, "about": {},
            "receptors": binding_maps(canvas, table.parent, stem) if canvas else (),
            "spectra": spectra(table.parent, stem) if not session["reason"] else None,
            "evoked": evoked(table.parent, stem) if not session["reason"] else [],
            "binding": binding(table.parent, stem) if not session["reason"] else None,
            "uptake": uptake(table.parent, stem) if not session["reason"] else None,
            "optics": optics(table.parent, stem) if not session["reason"] else None,
            "physiology": physiology(table.parent, stem) if not session["reason"] else None}  # fmt: skip
