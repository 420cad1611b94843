"""Two people together on the group pages: how alike all pairs of an arm are, and what exchanged pairings do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_frame
from bids_app.report.claims.maps import Verdict
from bids_app.report.claims.pairings import of_pairings
from bids_app.report.drawing import charts
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.group_sidecars import PairingSidecar

CELL, WIDTH, HEIGHT = 15.0, 300.0, 90.0
"""Pixels of a cell of the heat map, and of the histogram."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PairingsShown:
    """Pairs of one arm each as a heat map, of the pair of regions with the smallest p, and the null."""

    about: PairingSidecar
    verdict: Verdict
    place: str
    maps: Sequence[Mapping[str, object]]
    null: Mapping[str, object] | None
    low: float
    high: float


def pairings(contrast: Path) -> list[PairingsShown]:
    """Return what pairings of each session show beside a contrast; nothing where there are no dyads."""
    entities, _suffix, _ending = parse(contrast.name)
    own = {key: value for key, value in entities.items() if key != "contrast"}
    start = contrast.name.partition("_contrast-")[0]
    paths = sorted(contrast.parent.glob(f"{start}_desc-pairings*_relmat.json"))
    return [_shown(path) for path in paths if own.items() <= parse(path.name)[0].items()]


def _shown(path: Path) -> PairingsShown:
    about = read_sidecar(path, PairingSidecar)
    if about.absent:
        return PairingsShown(
            about=about, verdict=of_pairings(about), place="", maps=(), null=None, low=0.0, high=1.0
        )  # fmt: skip
    best = min(about.places, key=lambda one: (float(str(one["P"])), -float(str(one["Observed"]))))
    table, place = read_frame(path.with_suffix(".tsv")), str(best["Place"])
    values = table[place].to_numpy(dtype=float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    maps = []
    for arm in about.dyads:
        rows = table[table["arm"] == arm]
        people = list(dict.fromkeys(rows["patient"]))
        at = {name: i for i, name in enumerate(people)}
        cells = [
            {"x": CELL * at[row["practitioner_of"]], "y": CELL * at[row["patient"]],
             "share": round((row[place] - low) / max(high - low, 1e-12), 3), "value": row[place],
             "true": row["patient"] == row["practitioner_of"], "patient": row["patient"],
             "other": row["practitioner_of"]}
            for row in rows.to_dict("records")
        ]  # fmt: skip
        maps.append({"arm": arm, "cells": cells, "size": CELL * len(people), "cell": CELL})
    return PairingsShown(
        about=about, verdict=of_pairings(about), place=place, maps=maps, null=_null(about, best), low=low, high=high
    )


def _null(about: PairingSidecar, best: Mapping[str, object]) -> dict[str, object]:
    """Return the histogram of the largest excess of every pairing, with the observed one."""
    observed = float(str(best["Observed"])) - float(str(best["Expected"]))
    across = charts.around([*about.edges, observed], 0, WIDTH)
    return {
        "bars": charts.bars(about.counts, across(np.array(about.edges)), HEIGHT), "ticks": across.ticks,
        "observed": f"{float(across(observed)):.1f}", "value": observed, "width": WIDTH, "height": HEIGHT,
    }  # fmt: skip
