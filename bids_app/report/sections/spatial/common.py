"""What sections of associations with references have in common: files, correction over maps, pictures of regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bids_app.dataset.tables import Json, read_frame, read_json, stands
from bids_app.report import html
from bids_app.report.drawing import charts
from bids_app.report.drawing.region_discs import spots
from bids_app.report.messages import N_, _
from bids_app.vocabulary.entities import companion, parse

WIDE, HIGH = 240.0, 150.0

SURROGATES = {"moran": N_("surrogates, Moran's I kept"), "variogram": N_("surrogates, variogram kept")}

TRIAL = {"rerandomise": N_("arms re-randomised"), "signflip": N_("signs of people flipped")}
"""What the relabellings of a contrast are, in a few words; else residuals, or values, are exchanged."""

DRAWN = 8
"""Maps of a section whose regions are drawn: those with the smallest p."""


@dataclass(frozen=True, eq=False)
class SpatialResult:
    """One association of one map: its sidecar, that of the contrast, and where its tables lie."""

    path: Path
    about: Json
    contrast: Json

    @property
    def name(self) -> str:
        """Map and contrast in words."""
        return f"{self.about['Map']} · {parse(self.path.name)[0]['contrast']}"

    @property
    def nulls(self) -> dict[str, str]:
        """Kinds of chance in words; the first decides."""
        scheme = self.contrast.get("Scheme", "rerandomise")
        trial = _(TRIAL[scheme]) if scheme in TRIAL else _("residuals exchanged")
        return {"trial": trial, **{name: _(said) for name, said in SURROGATES.items()}}

    @property
    def alpha(self) -> float:
        """Error rate of the contrast."""
        return float(self.contrast.get("Alpha", 0.05))

    @property
    def facts(self) -> dict[str, Any]:
        """What every section says of a map: its name, whether its contrast is shown, and the arm that it is within."""
        said, within = self.contrast, not self.contrast.get("BetweenArms", True)
        shown = "SmallestJointP" in said and said["SmallestJointP"][said["ClaimStatistic"]] <= said["Alpha"]
        return {
            "name": self.name, "shown": bool(shown), "arm": said.get("Arm", "") if within else "",
            "alpha": self.alpha, "parts": self.about.get("Parts", {}),
            "smallest_p": float(said.get("SmallestPossibleP", 0.0)),
        }  # fmt: skip

    def table(self, label: str) -> pd.DataFrame:
        """Return one of its tables; an empty one where there is none."""
        path = self.file(label)
        return read_frame(path) if stands(path) else pd.DataFrame()

    def file(self, label: str) -> Path:
        """Return where one of its tables lies."""
        return companion(self.path, "association", ".tsv", desc=label)


def results(folder: Path, label: str, needed: Sequence[str]) -> tuple[list[SpatialResult], list[str]]:
    """Return the results of one association by map, and notes: what they say, and which lack a table that is needed."""
    found, notes = list[SpatialResult](), list[str]()
    for path in sorted(folder.glob(f"*_desc-{label}_association.json")):
        sidecar = companion(path, "statmap", ".json", desc="")
        one = SpatialResult(path, read_json(path), read_json(sidecar) if stands(sidecar) else {})
        notes += one.about["Notes"]
        if absent := [one.file(name).name for name in needed if not stands(one.file(name))]:
            notes.append(_("%(map)s is not shown: %(files)s is gone. Run the group level again.",
                           map=one.name, files=", ".join(absent)))  # fmt: skip
        else:
            found.append(one)
    return found, list(dict.fromkeys(notes))


def pooled(p: Sequence[float]) -> list[float]:
    """Return q over all tables of a section (Benjamini and Hochberg)."""
    return [float(q) for q in stats.false_discovery_control(p)] if len(p) else []


def drawn(members: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return members of a section with the pictures and the cloud of the first ones, from `draw` of each."""
    return [{**one, **(one["draw"]() if i < DRAWN else {"pictures": []})} for i, one in enumerate(members)]


def side_by_side(own: pd.DataFrame, column: str, names: tuple[str, str]) -> dict[str, object]:
    """Return the map and a column beside each other: pictures of both, and one by the other."""
    pictures = [(_picture(own, "t"), names[0]), (_picture(own, column), names[1])]
    return {"pictures": pictures, "cloud": _cloud(own, column)}


def _picture(own: pd.DataFrame, column: str) -> str:
    """Return regions coloured by a column, on the outline of the brain; the largest magnitude is brightest."""
    known = own[np.isfinite(own[column])]
    values = known[column].to_numpy(dtype=float)
    if column != "t":  # densities have no natural zero: more and less than the mean of regions
        values = (values - values.mean()) / (values.std() or 1.0)
    limit = float(np.abs(values).max(initial=0.0)) or 1.0
    return html.embed(spots(known[["x", "y", "z"]].to_numpy(float), values, known["voxels"].to_numpy(float), limit))


def _cloud(own: pd.DataFrame, column: str) -> dict[str, object]:
    """Return the map by a column, one dot a region."""
    known = own[np.isfinite(own[column])]
    x, y = known[column].to_numpy(dtype=float), known["t"].to_numpy(dtype=float)
    across, up = charts.around(x, 0, WIDE), charts.around(y, HIGH, 0)
    dots = [(f"{a:.1f}", f"{b:.1f}", name) for a, b, name in zip(across(x), up(y), known["region"], strict=True)]
    return {"across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH, "dots": dots}
