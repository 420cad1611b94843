"""Results of sensors by frequency or time as pictures: heads, the whole plane, and the course in each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bids_app.dataset.tables import TableRow, read_frame, read_json
from bids_app.report.drawing import charts, topography
from bids_app.report.formats import effect_with_limits
from bids_app.report.messages import _
from bids_app.report.sections.clusters import chance, panels
from bids_app.report.sections.confirmatory import JudgedContrast
from bids_app.vocabulary.entities import companion, join, parse

HEADS = 3
"""Clusters that have a head of their own."""

WIDTH, HEIGHT = 420.0, 200.0
"""Pixels of the chart of courses."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SensorFigures:
    """Pictures of one contrast.

    Attributes
    ----------
    heads : sequence of mapping
        Mean statistic over the frequencies of each cluster that passes, else of all.
    plane : mapping
        All channels, front to back, by frequency.
    courses : mapping
        Mean of each arm at each stage at one channel, with 95 % limits.
    clusters : sequence of mapping
        Rows of the table of clusters that pass.
    panels : sequence of mapping
        Every participant in each of them.
    limit : float
        Value of the fullest colour.
    """

    heads: Sequence[Mapping[str, object]]
    plane: Mapping[str, object]
    courses: Mapping[str, object] | None
    clusters: Sequence[Mapping[str, object]]
    panels: Sequence[Mapping[str, object]]
    chance: Mapping[str, object] | None
    limit: float
    statistic: str

    @property
    def legend(self) -> Mapping[str, str]:
        """Colours of both ends."""
        return topography.legend(self.limit)


@dataclass(frozen=True, eq=False, kw_only=True)
class SensorLook:
    """What the first page shows of sensors: a head, every participant in its largest cluster, and its effect."""

    head: Mapping[str, object]
    panel: Mapping[str, object] | None
    title: str
    effect: str
    caption: str


def first_look(figured: Sequence[tuple[str, SensorFigures, str]]) -> SensorLook | None:
    """Return the largest cluster that passes, of several sets of values; None where none does.

    Parameters
    ----------
    figured : sequence of (name, figures, scale)
    """
    passing = [one for one in figured if one[1].clusters]
    if not passing:
        return None
    name, shown, scale = max(passing, key=lambda one: float(str(one[1].clusters[0]["mass"])))
    cluster = shown.clusters[0]
    channels = ", ".join(str(cluster["channels"]).split()[:3])
    effect = effect_with_limits(
        cluster["mean_effect"], cluster["mean_effect_lower"], cluster["mean_effect_upper"], scale
    )
    return SensorLook(
        head=shown.heads[0], panel=shown.panels[0] if shown.panels else None,
        title=_("%(map)s, largest cluster (%(channels)s ...)", map=name, channels=channels), effect=effect,
        caption=_("Head from above, nose up: white electrodes are in the largest cluster. Effects are too large on "
                  "average, because this cluster was chosen for passing. Thin lines: participants."),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Field:
    """The statistic of a contrast on its whole plane: (channels, bins), NaN where there is none."""

    channels: list[str]
    axis: str
    bins: NDArray[np.float64]
    t: NDArray[np.float64]
    cluster: NDArray[np.float64]


def figures(path: Path, about: JudgedContrast) -> SensorFigures | None:
    """Return the pictures of a contrast from its table; None where nothing says how the sensors lie."""
    places = path.with_name(join(_shared(path), "adjacency", ".tsv"))
    listed = companion(path, "clusters", ".tsv")
    if not (places.exists() and listed.exists()):
        return None
    field = _field(read_frame(path.with_suffix(".tsv")))
    at = read_frame(places).set_index("channel")[["x", "y", "z"]].loc[field.channels].to_numpy(dtype=np.float64)
    if not np.isfinite(at).all():
        return None
    clusters = read_frame(listed)
    passing = clusters[clusters[f"p_{about.claim_statistic}_fwe_joint"] <= about.passes_at]
    limit = max(2 * float(about.cluster_forming_t), 1.0)
    return SensorFigures(
        heads=_heads(field, at, passing, limit),
        plane=_plane(field, at, passing, limit),
        courses=_courses(path, field, about),
        clusters=passing.head(HEADS).to_dict("records"),
        panels=panels(companion(path, "clustermeans", ".tsv"), passing, list(about.participants_by_arm)),
        chance=chance(companion(path, "nullmax", ".tsv"), about),
        limit=limit,
        statistic=about.statistic,
    )


def _shared(path: Path) -> dict[str, str]:
    return {key: value for key, value in parse(path.name)[0].items() if key not in ("meas", "contrast", "desc")}


def _field(table: pd.DataFrame) -> _Field:
    axis = str(table.columns[1])
    channels = list(dict.fromkeys(table["channel"].astype(str)))
    bins = np.unique(table[axis].to_numpy(dtype=np.float64))
    row = table["channel"].astype(str).map({name: i for i, name in enumerate(channels)}).to_numpy()
    column = np.searchsorted(bins, table[axis].to_numpy(dtype=np.float64))
    t, cluster = np.full((2, len(channels), len(bins)), np.nan)
    t[row, column], cluster[row, column] = table["t"], table["cluster"]
    return _Field(channels, axis, bins, t, cluster)


def _heads(field: _Field, at: NDArray[np.float64], passing: pd.DataFrame, limit: float) -> list[dict[str, object]]:
    """Return a head for each cluster that passes; without any one over all bins."""
    found = []
    for row in passing.head(HEADS).to_dict("records"):
        inside = field.cluster == row["cluster"]
        bins = inside.any(axis=0)
        low, high = (f"{row[f'{field.axis}_{end}']:g}" for end in ("low", "high"))
        title = _("cluster %(n)s: %(low)s to %(high)s %(unit)s", n=row["cluster"], low=low, high=high,
                  unit=_unit(field))  # fmt: skip
        drawn = topography.topography(at, np.nanmean(field.t[:, bins], axis=1), limit, inside.any(axis=1).tolist())
        found.append({**drawn, "title": title})
    if not found:
        drawn = topography.topography(at, np.nanmean(field.t, axis=1), limit, [False] * len(at))
        found.append({**drawn, "title": _("mean over all, no cluster passes")})
    return found


def _unit(field: _Field) -> str:
    return "Hz" if field.axis == "frequency" else "s"


def _plane(field: _Field, at: NDArray[np.float64], passing: pd.DataFrame, limit: float) -> dict[str, object]:
    clear = np.isin(field.cluster, passing["cluster"].to_numpy())
    drawn = topography.plane(at, field.t, limit, clear)
    across = charts.Scale(float(field.bins[0]), float(field.bins[-1]), 0, WIDTH)
    return {"picture": drawn.picture, "names": [field.channels[i] for i in drawn.order], "ticks": across.ticks,
            "width": WIDTH, "axis": field.axis, "unit": _unit(field)}  # fmt: skip


def _courses(path: Path, field: _Field, about: JudgedContrast) -> TableRow | None:
    """Return mean and limits of each arm at each stage, at the channel of the largest statistic."""
    means = companion(path, path.stem.rpartition("_")[2], ".tsv", contrast="", desc="means")
    if not means.exists():
        return None
    channel = field.channels[int(np.nanargmax(np.nanmax(np.abs(field.t), axis=1)))]
    table = read_frame(means)
    own = table[table["channel"].astype(str) == channel]
    groups = [one for one in read_json(means.with_suffix(".json"))["Groups"] if one["Participants"] > 1]
    limits = [_limits(own, one) for one in groups]
    up = charts.around(np.concatenate([np.concatenate(one) for one in limits]), HEIGHT, 0)
    across = charts.Scale(float(field.bins[0]), float(field.bins[-1]), 0, WIDTH)
    x = across(own[field.axis].to_numpy(dtype=np.float64))
    arms = list(dict.fromkeys(one["Arm"] for one in groups))
    stages = list(dict.fromkeys(one["Stage"] for one in groups))
    lines = []
    for one, (low, mean, high) in zip(groups, limits, strict=True):
        band = charts.line(np.concatenate([x, x[::-1]]), up(np.concatenate([high, low[::-1]])))
        lines.append({
            "arm": one["Arm"], "stage": one["Stage"], "colour": arms.index(one["Arm"]), "band": band,
            "points": charts.line(x, up(mean)), "first": stages.index(one["Stage"]) == len(stages) - 1,
            "n": one["Participants"],
        })  # fmt: skip
    return {"lines": lines, "up": up.ticks, "across": across.ticks, "width": WIDTH, "height": HEIGHT,
            "channel": channel, "scale": about.scale, "axis": field.axis, "unit": _unit(field)}  # fmt: skip


def _limits(own: pd.DataFrame, group: TableRow) -> tuple[NDArray[np.float64], ...]:
    """Return the lower 95 % limit, the mean and the upper limit of one arm at one stage, (bins,) each."""
    from scipy.special import stdtrit

    mean, deviation = (own[f"{name}_{group['Columns']}"].to_numpy(dtype=np.float64) for name in ("mean", "sd"))
    margin = float(stdtrit(group["Participants"] - 1, 0.975)) * deviation / np.sqrt(group["Participants"])
    return mean - margin, mean, mean + margin
