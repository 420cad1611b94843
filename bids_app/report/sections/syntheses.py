"""Syntheses of studies as the page shows them: claim, figures, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bids_app.dataset.tables import TableRow, read_frame, read_json
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.atomic import write_bytes
from bids_app.report.claims import syntheses as claims
from bids_app.report.claims.compared_peaks import of_compared
from bids_app.report.claims.maps import Verdict
from bids_app.report.drawing import glass_brain, mosaic
from bids_app.report.drawing.forest import forest, funnel
from bids_app.report.drawing.template import template
from bids_app.report.messages import N_, _
from bids_app.vocabulary.entities import companion
from bids_app.vocabulary.synthesis_sidecars import (
    ComparedPeaks,
    CoordinateSynthesis,
    DirectionSynthesis,
    MapSynthesis,
    OutcomeSynthesis,
    SubtractionSynthesis,
)


@dataclass(frozen=True, kw_only=True)
class OutcomeShown:
    """One outcome pooled over trials."""

    about: OutcomeSynthesis
    verdict: Verdict
    forest: dict[str, object]
    funnel: object
    left_out: list[str]
    without_each: Sequence[TableRow]
    regression: Sequence[TableRow]
    file: str


@dataclass(frozen=True, kw_only=True)
class PeaksShown:
    """Peaks of one contrast that converge, or do not."""

    about: CoordinateSynthesis
    title: str
    verdict: Verdict
    glass: str
    picture: str
    scale: tuple[float, float]
    clusters: Sequence[TableRow]
    more: int
    left_out: list[str]
    file: str


@dataclass(frozen=True, kw_only=True)
class MapsShown:
    """Maps of one subject pooled over studies."""

    about: MapSynthesis
    title: str
    verdict: Verdict
    glass: str
    pictures: Sequence[tuple[str, str]]
    scale: tuple[float, float]
    statistic: str
    regression: Sequence[TableRow]
    clusters: Sequence[TableRow]
    more: int
    left_out: list[str]
    file: str


@dataclass(frozen=True, kw_only=True)
class ComparedShown:
    """Peaks of two contrasts, or of both directions of one, compared."""

    about: ComparedPeaks
    title: str
    caption: str
    verdict: Verdict
    glass: str
    picture: str
    clusters: Sequence[TableRow]
    left_out: list[str]


SHOWN, FEW, CARRIERS = 12, 5, 4
"""Clusters that the page lists of maps, and of peaks besides those that pass; experiments beside each."""


def rows_of(sidecar: Path, suffix: str) -> list[TableRow]:
    """Return the rows of a table beside a sidecar; none where there is none."""
    path = companion(sidecar, suffix, ".tsv")
    return read_frame(path).to_dict("records") if path.exists() else []


def outcome(sidecar: Path) -> OutcomeShown:
    """Return what a synthesis of an outcome shows."""
    about = OutcomeSynthesis.from_json(read_json(sidecar))
    rows = rows_of(sidecar, "effects")
    return OutcomeShown(
        about=about, verdict=claims.of_outcome(about), forest=forest(rows, about.pooled if len(rows) > 1 else ()),
        funnel=funnel(rows, about.pooled[-1]) if len(rows) > 2 else None, without_each=rows_of(sidecar, "leaveoneout"),
        regression=rows_of(sidecar, "regression"),
        left_out=claims.left_out(about),
        file=companion(sidecar, "effects", ".tsv").name,
    )  # fmt: skip


def peaks(sidecar: Path, root: Path) -> PeaksShown:
    """Return what a synthesis of coordinates shows; its pictures are written to `meta/figures`."""
    about = CoordinateSynthesis.from_json(read_json(sidecar))
    rows = rows_of(sidecar, "clusters")
    noise = {row["cluster"]: row for row in rows_of(sidecar, "noise")}
    rows = [
        {**row, "noise": noise.get(row["cluster"]), "passed": _passed(row, about), "carried": _carried(row)}
        for row in rows
    ]
    z, grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat="z"))
    numbers, _grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat="cluster"))
    told = np.isin(np.nan_to_num(numbers), [row["cluster"] for row in rows if row["passed"]])
    shown, scale = np.where(np.nan_to_num(z) > 0, np.nan_to_num(z), 0.0), (2.0, 7.0)
    picture = mosaic.mosaic(mosaic.underlay(*template()), shown, grid, scale, told)
    places = [_place(row) for row in rows if row["passed"]]
    shown_rows = max(FEW, len(places) + 2)
    return PeaksShown(
        about=about, title=claims.title_of(about), verdict=claims.of_coordinates(about, places), scale=scale,
        glass=_picture(root, sidecar, "glass", glass_brain.glass(shown, grid, scale, told)),
        picture=_picture(root, sidecar, "z", picture), clusters=rows[:shown_rows], more=max(0, len(rows) - shown_rows),
        left_out=claims.left_out(about),
        file=companion(sidecar, "clusters", ".tsv").name,
    )  # fmt: skip


def maps(sidecar: Path, root: Path) -> MapsShown:
    """Return what a synthesis of maps shows; its pictures are written to `meta/figures`."""
    about = MapSynthesis.from_json(read_json(sidecar))
    statistic = "z" if about.estimator == "FE" else "t"
    t, grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat=statistic))
    told = np.zeros(t.shape, dtype=bool)
    if about.standing == "claim" and about.passing:
        p, _grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat="logpvoxfwe"))
        told = np.nan_to_num(p) >= -np.log10(about.alpha) - 1e-6
    rows = rows_of(sidecar, "clusters")
    rows = [{**row, "passed": about.standing == "claim" and row["p_voxel_fwe"] <= about.alpha} for row in rows]
    height = float(np.nanmax(np.abs(t), initial=4.0))
    shown, scale, below = np.nan_to_num(t), (2.0, max(4.0, min(height, 12.0))), mosaic.underlay(*template())
    pictures = [(_("pooled effect by its error"), "t", mosaic.mosaic(below, shown, grid, scale, told))]
    if about.estimator != "FE":
        share, _grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat="I2"))
        share = np.nan_to_num(100 * share)
        pictures.append((_("I² in percent, from 25"), "I2", mosaic.mosaic(below, share, grid, (25.0, 100.0))))
    return MapsShown(
        about=about, title=claims.subject_of(about), scale=scale,
        verdict=claims.of_maps(about, [_place(row) for row in rows if row["passed"]]),
        statistic=statistic, glass=_picture(root, sidecar, "glass", glass_brain.glass(shown, grid, scale, told)),
        pictures=[(title, _picture(root, sidecar, label, png)) for title, label, png in pictures],
        regression=rows_of(sidecar, "regression"),
        clusters=rows[:SHOWN], more=max(0, len(rows) - SHOWN), file=companion(sidecar, "clusters", ".tsv").name,
        left_out=claims.left_out(about),
    )  # fmt: skip


def compared(sidecar: Path, root: Path) -> ComparedShown:
    """Return what a comparison of two contrasts shows; its picture is written to `meta/figures`."""
    content = read_json(sidecar)
    directed = content["Synthesis"] == "direction"
    about = DirectionSynthesis.from_json(content) if directed else SubtractionSynthesis.from_json(content)
    stat = "meansign" if directed else "difference"
    values, grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat=stat))
    p, _grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat="logpvoxfwe"))
    told, values = np.nan_to_num(p) >= -np.log10(about.alpha) - 1e-6, np.nan_to_num(values)
    limit = float(np.abs(values).max()) or 1.0
    rows = rows_of(sidecar, "clusters")
    rows = [{**row, "more": about.first if row["more_in"] == "first" else about.second} for row in rows]
    places = [_("%(place)s, more in %(which)s", place=_place(row), which=row["more"]) for row in rows]
    titles = N_("%(first)s beside %(second)s"), N_("Which is reported more, %(first)s or %(second)s?")
    captions = N_("Difference of likelihoods"), N_("Share of experiments near a place with one rather than the other")
    picture = mosaic.mosaic(mosaic.underlay(*template()), values, grid, (limit / 3, limit), told)
    return ComparedShown(
        about=about, verdict=of_compared(about, places), clusters=rows, caption=_(captions[directed]),
        title=_(titles[directed], first=about.first, second=about.second),
        picture=_picture(root, sidecar, stat, picture), left_out=claims.left_out(about),
        glass=_picture(root, sidecar, "glass", glass_brain.glass(values, grid, (limit / 3, limit), told)),
    )  # fmt: skip


def _passed(row: TableRow, about: CoordinateSynthesis) -> bool:
    return row["p_extent_fwe"] <= about.alpha and not row["carried_by_few"] and about.standing in ("claim", "few")


def _carried(row: TableRow) -> str:
    """Return the experiments with most of the peak."""
    first, *others = str(row["experiments"]).split("; ")
    more = len(others) - CARRIERS + 1
    named = "; ".join([first, *others[: CARRIERS - 1]])
    return _("%(named)s and %(n)s more", named=named, n=more) if more > 0 else named


def _place(row: TableRow) -> str:
    where = f"({row['x']:.0f}, {row['y']:.0f}, {row['z']:.0f})"
    return f"{row['place']} {where}" if isinstance(row["place"], str) else where


def _picture(root: Path, sidecar: Path, label: str, png: bytes) -> str:
    """Write a picture and return its address."""
    name = companion(sidecar, "figure", ".png", stat=label).name.replace("_figure", "")
    write_bytes(root / "meta" / "figures" / name, png)
    return f"meta/figures/{name}"
