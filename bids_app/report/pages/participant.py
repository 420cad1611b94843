"""The page of one participant: can the data be used, and what do the seeds see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bids_app.dataset.layout import scan_files
from bids_app.dataset.tables import Json, read_json
from bids_app.dataset.volumes import read_map
from bids_app.report import html, viewer
from bids_app.report.assets import Assets
from bids_app.report.drawing import mosaic
from bids_app.report.drawing.seed_locator import locate
from bids_app.report.messages import _
from bids_app.report.sections import measures, motion, time_courses
from bids_app.report.sections.session import about_session, plain
from bids_app.report.sections.session_maps import Canvas
from bids_app.vocabulary.entities import DATATYPES, join, parse, part_entities, without

FLOOR, LIMIT = 0.15, 0.8
"""r that is drawn, and r of the brightest colour."""

_DRAWN = ("maps", "local", "homotopic", "responses", "receptors")
"""Parts of a session whose members are maps."""


def write_page(output_dir: Path, label: str, *, self_contained: bool = False) -> None:
    """Write `sub-<label>.html` from what is on disk; nothing if there is nothing."""
    if not (output_dir / f"sub-{label}").is_dir():
        return
    tables = sorted(_tables(output_dir, label), key=lambda path: html.session_order(path.name))
    sessions = [
        _session(output_dir, table) if table.parent.name == DATATYPES[0] else plain(output_dir, table)
        for table in tables
    ]
    below = {session["name"]: session["canvas"].background() for session in sessions if session["canvas"]}
    drawn = [one for session in sessions for kind in _DRAWN for one in session.get(kind, ())]
    views, assets = [one.pop("view") for one in drawn], Assets(output_dir, self_contained=self_contained)
    values = {"label": label, "sessions": sessions, "verdict": _verdict(sessions), "floor": FLOOR, "limit": LIMIT,
              "local": measures.LOCAL, "response": measures.RESPONSE,
              "correlated": measures.CORRELATED, "r_limit": measures.R_LIMIT,
              "methods": _methods(output_dir),
              "viewer": viewer.content(below, views, assets)}  # fmt: skip
    html.write_html(
        output_dir,
        f"sub-{label}.html",
        "participant.html",
        values,
        [t.with_suffix(".json") for t in tables],
        self_contained=self_contained,
    )


def _methods(output_dir: Path) -> dict[str, object]:
    """Return the methods text and the settings of the run, as they lie in its logs."""
    methods, settings = (output_dir / "logs" / name for name in ("CITATION.json", "settings.toml"))
    return {
        "paragraphs": read_json(methods)["Paragraphs"] if methods.exists() else [],
        "settings": settings.read_text(encoding="utf-8") if settings.exists() else "",
    }


def _tables(output_dir: Path, label: str) -> Iterator[Path]:
    for path in scan_files(output_dir, label):
        if path.name.endswith("_qc.tsv"):
            yield path


def _stem(table: Path) -> str:
    """Return what the names of all files of a session begin with."""
    return table.name.rpartition("_desc-")[0]


def _verdict(sessions: list[dict[str, object]]) -> tuple[str, str]:
    """Return a colour word and a sentence."""
    out = [s for s in sessions if s["reason"]]
    if len(out) == len(sessions):
        return "bad", f"{_('Excluded: no session of this participant can be used.')} {_why(out)}".strip()
    if out:
        return "caution", _("Caution: %(why)s", why=_why(out))
    if any(s["refused"] for s in sessions):
        return "caution", _("Caution: usable, but not for everything; see below what is left out and why.")
    return "good", _("Usable: every session passes the quality gates.")


def _why(out: list[dict[str, object]]) -> str:
    """Return why sessions are left out; what would help stands with each of them."""
    return " ".join(_("%(session)s is left out: %(why)s.", session=one["name"], why=one["reason"]) for one in out)


def _session(output_dir: Path, table: Path) -> dict[str, Any]:
    entities, _, _ = parse(table.name)
    session = about_session(table)
    runs, reason, name = session["runs"], session["reason"], session["name"]
    stem = _stem(table)
    mean = table.with_name(f"{stem}_stat-mean_statmap.nii.gz")
    canvas, person = None, output_dir / f"sub-{entities['sub']}"
    if mean.exists() and not reason:
        canvas = Canvas(name, person / "figures", mean)
    maps = _maps(canvas, table.parent, stem) if canvas else []
    return {
        **session,
        "columns": [],
        "figures": _figures(person / "figures", table, entities, runs),
        "canvas": canvas,
        "maps": maps,
        "local": measures.maps_of(canvas, table.parent, stem, "zscore", measures.LOCAL) if canvas else [],
        "homotopic": measures.maps_of(canvas, table.parent, stem, "r", measures.CORRELATED, "r") if canvas else [],
        "responses": measures.maps_of(canvas, table.parent, stem, "z", measures.RESPONSE) if canvas else [],
        "courses": time_courses.courses(table.parent, without(entities, "desc")) if canvas else [],
        "matrices": measures.matrices(table.parent, without(entities, "desc")) if canvas else [],
        "about": maps[0]["about"] if maps else {},
    }


def _figures(
    pictures: Path, table: Path, entities: Mapping[str, str], runs: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """Return the frames and the degrees of freedom of each run that was read."""
    found = []
    sidecar = next(iter(sorted(table.parent.glob(f"{_stem(table)}*_statmap.json"))), None)
    step = read_json(sidecar).get("RepetitionTime") if sidecar else None
    steps = step if isinstance(step, list) else [step] * len(runs)
    for row, seconds in zip(runs, [*steps, *[None] * len(runs)], strict=False):
        own = {**without(entities, "space", "res", "cohort"), **part_entities(row["run"])}
        path = table.with_name(join({**own, "desc": "denoised"}, "outliers", ".tsv"))
        if path.exists():
            name = join(part_entities(row["run"]), "", "").removesuffix("_")
            stem = join({**entities, **part_entities(row["run"]), "desc": "carpet"}, "", "")
            picture = next(iter(pictures.glob(f"{stem}*.png")), pictures / "none")
            found.append({**motion.run_figure(path, picture, seconds), "run": name, "spent": motion.spent(row)})
    return found


def _maps(canvas: Canvas, folder: Path, stem: str) -> list[dict[str, object]]:
    """Draw every seed map of a session, with the seed outlined."""
    maps = []
    mean, grid = read_map(canvas.mean)
    measured, below, levels = np.isfinite(mean), np.nan_to_num(mean), mosaic.grey_levels(mean)
    for path in sorted(folder.glob(f"{stem}_seed-*_stat-r_statmap.nii.gz")):
        # A seed is measured, but has no value in its own map.
        seed = np.asarray(measured & ~np.isfinite(read_map(path)[0]))
        name = parse(path.name)[0]["seed"]
        where = html.embed(locate(below, grid, levels, seed))
        drawn = canvas.draw(path, _("seed %(seed)s", seed=name), (FLOOR, LIMIT), "r", seed)
        maps.append({"seed": name, "where": where, **drawn, "about": _of_all_runs(drawn["about"])})
    return maps


def _of_all_runs(about: Json) -> dict[str, Any]:
    """Return what is said of a seed with one value where runs differ: the least, and all remarks."""
    found = {**about}
    for name in ("SeedVoxels", "SeedCoverage", "SeedTSNR"):
        found[name] = min(np.atleast_1d(about[name]))
    remarks = [word for one in about["SeedRemarks"] for word in (one if isinstance(one, list) else [one])]
    return {**found, "SeedRemarks": list(dict.fromkeys(remarks)), "SeedLowConfidence": bool(remarks)}
