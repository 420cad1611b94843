"""Who is in a group analysis: flow, characteristics, quality by arm, and what motion has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import betaln

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_frame
from bids_app.derivatives.failure_records import read_failures
from bids_app.report.drawing import charts
from bids_app.report.formats import format_number
from bids_app.report.messages import _
from bids_app.report.sections.quality_by_arm import quality_by_arm
from bids_app.vocabulary.entities import DATATYPES, companion, parse
from bids_app.vocabulary.group_sidecars import FlowSidecar, MaskSidecar, MotionSidecar


@dataclass(frozen=True, eq=False, kw_only=True)
class Participants:
    """Who is in one analysis, who is not and why, and how good their scans are.

    Attributes
    ----------
    name : str
        Entities of the analysis.
    flow : sequence of ArmFlow
        Boxes of the flow figure.
    lost : sequence of mapping
        Rows of who is not analysed.
    count : sequence of int
        Analysed participants of each arm.
    failed : str
        What ended the last attempt at this analysis, or nothing.
    """

    name: str
    arms: tuple[str, ...]
    sessions: Mapping[str, str]
    notes: tuple[str, ...]
    flow: Sequence[ArmFlow]
    lost: Sequence[Mapping[str, str]]
    mask: MaskSidecar | None
    characteristics: Sequence[Mapping[str, object]]
    count: Sequence[int]
    quality: Sequence[Mapping[str, object]]
    failed: str


@dataclass(frozen=True, kw_only=True)
class Loss:
    """How many participants of an arm lack a session, or a covariate, and each one's reason."""

    session: str | None
    count: int
    reasons: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ArmFlow:
    """One column of the flow figure."""

    arm: str
    found: int
    lost: Sequence[Loss]
    analysed: int


def participants(output_dir: Path, flow_path: Path) -> Participants:
    """Return who is in one analysis."""
    entities, _, _ = parse(flow_path.name)
    about = read_sidecar(flow_path.with_suffix(".json"), FlowSidecar)
    arms = about.arms
    flow = read_frame(flow_path)
    analysed = flow[flow["stage"] == "analysed"]
    datatype = DATATYPES[0] if flow_path.parent.name not in DATATYPES else flow_path.parent.name
    quality = quality_by_arm(output_dir, analysed, entities, datatype, (about.stage, about.sessions), arms)
    return Participants(
        name=" ".join(f"{key}-{value}" for key, value in entities.items()),
        arms=arms,
        sessions=about.sessions,
        notes=(*about.notes, *_of_segments(about), *quality.notes),
        flow=[_arm_flow(flow[flow["arm"] == arm], arm, about.sessions) for arm in arms],
        lost=flow[flow["stage"] != "analysed"].fillna("n/a").to_dict("records"),
        mask=_mask(companion(flow_path, "mask", ".json", desc="group")),
        characteristics=characteristics(companion(flow_path, "characteristics", ".tsv"), arms),
        count=[int((analysed["arm"] == arm).sum()) for arm in arms],
        quality=quality.charts,
        failed=read_failures(output_dir).get("group_" + "_".join(f"{k}-{v}" for k, v in entities.items()), ""),
    )


def _of_segments(about: FlowSidecar) -> tuple[str, ...]:
    """Return what has to be known of stages that are parts of one run."""
    if about.stage != "segment":
        return ()
    shared = _(
        "Sessions are segments of one run (%(names)s). Within an arm, drift, habituation and drowsiness look like an "
        "effect that lasts.",
        names=", ".join(about.sessions.values()),
    )
    if len(about.arms) > 1:
        return (f"{shared} {_('The comparison of arms takes out what both arms share.')}",)
    return (f"{shared} {_('Without a sham arm an effect of needling cannot be separated from them.')}",)


def _mask(path: Path) -> MaskSidecar | None:
    """Return what is known of a mask; None of tables, which have none."""
    return read_sidecar(path, MaskSidecar) if path.exists() else None


def _arm_flow(own: pd.DataFrame, arm: str, sessions: Mapping[str, str]) -> ArmFlow:
    counts = own["stage"].value_counts()
    lost = [
        Loss(
            session=sessions.get(stage),
            count=int(counts.get(stage, 0)),
            reasons=[f"{row.participant_id}: {row.reason}" for row in own[own["stage"] == stage].itertuples()],
        )
        for stage in (*sessions, "covariate")
        if stage in sessions or counts.get(stage, 0)
    ]
    return ArmFlow(arm=arm, found=len(own), lost=lost, analysed=int(counts.get("analysed", 0)))


def characteristics(path: Path, arms: Sequence[str]) -> list[dict[str, object]]:
    """Return the rows of the table of characteristics in the words that papers print."""
    if not path.exists():
        return []
    rows = []
    for row in read_frame(path).to_dict("records"):
        number = row["level"] != row["level"]
        cells = []
        for arm in arms:
            first, second = row[f"{arm}_mean_or_count"], row[f"{arm}_sd_or_percent"]
            format_ = format_number
            cells.append(f"{format_(first)} ({format_(second, 2)})" if number else f"{first:.0f} ({second:.0f} %)")
        rows.append({**row, "number": number, "cells": cells})
    return rows


def motion_left(path: Path) -> dict[str, object] | None:
    """Return figures of how maps correlate with motion: distribution of r beside that by chance, r by distance."""
    if not path.exists():
        return None
    about = read_sidecar(path, MotionSidecar)
    across, counts = charts.Scale(-1, 1, 0, 260), np.array(about.counts)
    r, df = np.linspace(-1, 1, 81), about.degrees_of_freedom
    # Density of r where nothing correlates with motion; a bin is 2 / len(counts) wide.
    with np.errstate(divide="ignore"):
        density = np.exp((df / 2 - 1) * np.log((1 - r**2) / 4) - betaln(df / 2, df / 2))
    expected = density / len(counts) * counts.sum() / max(counts.max(), 1)
    found: dict[str, object] = {
        **vars(about),
        "bars": charts.bars(counts, across(np.linspace(-1, 1, len(counts) + 1)), 90),
        "ticks": across.ticks,
        "chance": charts.line(across(r), 90 - 90 * np.minimum(expected, 1.2)),
    }
    if bins := about.median_r_by_distance:
        mm, medians = [one["mm"] for one in bins], [one["r"] for one in bins]
        far, up = charts.around(mm, 0, 260), charts.Scale(-0.5, 0.5, 90, 0)
        dots = [(f"{x:.1f}", f"{y:.1f}") for x, y in zip(far(mm), up(np.clip(medians, -0.5, 0.5)), strict=True)]
        found |= {"far": {"ticks": far.ticks, "up": up.ticks, "zero": f"{float(up(0)):.1f}", "dots": dots}}
    return found
