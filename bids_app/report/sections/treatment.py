"""How people were treated, on the group page: dose and expectation by arm, points, guesses, checklists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_frame, read_json, read_tsv
from bids_app.report.formats import format_number
from bids_app.report.messages import _
from bids_app.report.sections.participants import characteristics
from bids_app.vocabulary.sidecars import BlindingSidecar


def treatment(folder: Path) -> dict[str, object] | None:
    """Return what is on disk about the people of a trial and their treatment, or None."""
    about = folder / "desc-trial_people.json"
    if not about.exists():
        return None
    arms = read_json(about)["Arms"]
    people = read_tsv(about.with_suffix(".tsv"))
    rows = zip(people["participant_id"], people["arm"], people["left_out"], strict=True)
    exposure = folder / "desc-treatment_characteristics.tsv"
    return {
        "arms": arms,
        "notes": read_json(about)["Notes"],
        "counts": [people["arm"].count(arm) for arm in arms],
        "left_out": [(who, why) for who, _, why in rows if why != "n/a"],
        "exposure": _exposure(exposure, arms) if exposure.exists() else [],
        "points": _points(folder / "desc-treatment_points.tsv"),
        "blinding": _blinding(folder / "desc-treatment_blinding.json"),
        "checklists": [_checklist(path) for path in sorted(folder.glob("desc-*_checklist.json"))],
    }


def _exposure(path: Path, arms: list[str]) -> list[dict[str, object]]:
    whens = read_tsv(path)["when"]
    return [{**row, "when": when} for row, when in zip(characteristics(path, arms), whens, strict=True)]


def _points(path: Path) -> list[dict[str, object]]:
    return read_frame(path).fillna("").to_dict("records") if path.exists() else []


def _blinding(path: Path) -> dict[str, object] | None:
    if not path.exists():
        return None
    about = read_sidecar(path, BlindingSidecar)

    def said(index: Mapping[str, float] | None) -> str:
        if not index:
            return _("n/a")
        value, low, high = (format_number(index[key], 2) for key in ("value", "low", "high"))
        return _("%(value)s (%(low)s to %(high)s)", value=value, low=low, high=high)

    bang = {arm: said(index) for arm, index in about.bang.items()}
    return {"guesses": about.guesses, "bang": bang, "james": said(about.james)}


def _checklist(path: Path) -> dict[str, object]:
    table = read_tsv(path.with_suffix(".tsv"))
    heads = [name for name in table if name not in ("item", "asks")]
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    return {"about": read_json(path), "heads": heads, "rows": rows}
