"""The page of published studies brought together."""

from __future__ import annotations

from pathlib import Path

from bids_app.dataset.tables import read_json
from bids_app.derivatives.failure_records import read_failures
from bids_app.derivatives.meta import sidecars
from bids_app.report import html
from bids_app.report.sections import links, syntheses

PAGE = "meta.html"


def write_page(output_dir: Path, *, self_contained: bool = False) -> Path | None:
    """Write `meta.html` from what is on disk and return it; None where there is nothing to show."""
    found = {path: str(read_json(path)["Synthesis"]) for path in sidecars(output_dir)}
    failed = {name: said for name, said in read_failures(output_dir).items() if name.startswith("meta_")}
    if not (found or failed):
        (output_dir / PAGE).unlink(missing_ok=True)
        return None
    values = {
        "outcomes": [syntheses.outcome(path) for path, kind in found.items() if kind == "outcomes"],
        "peaks": sorted(
            (syntheses.peaks(path, output_dir) for path, kind in found.items() if kind == "coordinates"),
            key=lambda one: bool(one.about.within),  # what compares arms comes first
        ),
        "maps": [syntheses.maps(path, output_dir) for path, kind in found.items() if kind == "maps"],
        "compared": [
            syntheses.compared(path, output_dir) for path, kind in found.items() if kind in ("subtraction", "direction")
        ],
        "links": [links.links(path) for path, kind in found.items() if kind == "links"],
        "home": PAGE, "failed": list(failed.items()), "notes": _notes(output_dir),
    }  # fmt: skip
    return html.write_html(output_dir, PAGE, PAGE, values, list(found), self_contained=self_contained)


def _notes(output_dir: Path) -> list[str]:
    path = output_dir / "logs" / "meta_notes.json"
    return [str(text) for text in read_json(path)["LeftOut"]] if path.exists() else []
