"""The group page: the answer, who is in it, and every contrast with its maps and clusters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bids_app.dataset.outputs import index_outputs
from bids_app.dataset.tables import read_json
from bids_app.derivatives.names import participant_path
from bids_app.derivatives.records import read_failures
from bids_app.report import edges, multiverse, page
from bids_app.report.claims import Finding, Verdict, Wording, verdict
from bids_app.report.contrasts import Contrasts, statistic_name
from bids_app.vocabulary.entities import parse, without


def write_page(output_dir: Path) -> None:
    """Write `group.html` from what is on disk."""
    layout = index_outputs(output_dir / "group")
    flows = [Path(f.path) for f in layout.get(suffix="flow", extension=".tsv")]
    analyses = [analysis for flow in flows for analysis in _analyses(output_dir, flow, layout)]
    page.write(
        output_dir, "group.html", "group.html", {"analyses": analyses}, [flow.with_suffix(".json") for flow in flows]
    )


def read_table(path: Path) -> pd.DataFrame:
    """Return a table of ours; n/a is missing, identifiers stay text."""
    return pd.read_csv(path, sep="\t", na_values="n/a", dtype={"participant_id": str, "arm": str})


def _analyses(output_dir: Path, flow_path: Path, layout: Any) -> list[dict[str, Any]]:
    """Return the analysis of each measure of one task and space; who is in it stands with the first."""
    entities, _, _ = parse(flow_path.name)
    sidecars = [Path(f.path) for f in layout.get(suffix="statmap", extension=".json")]
    by_measure: dict[str, list[Path]] = {}
    for path in sidecars:
        if _shared(path) == entities:
            by_measure.setdefault(read_json(path)["Measure"], []).append(path)
    order = sorted(by_measure, key=lambda name: (name != "seed_correlation", name))
    people = _people(output_dir, flow_path)
    beside = [Path(f.path) for f in layout.get(suffix="edges", extension=".json")]
    tables = edges.sections([path for path in beside if without(_shared(path), "seg") == entities])
    maps = [
        {**people, **_answer(Contrasts(output_dir, by_measure[name]), people["arms"]), "measure": name}
        for name in order
    ]
    if not maps and tables:
        maps = [{**people, **_answer_of_tables(tables, people["arms"]), "measure": tables[0]["name"]}]
    table = flow_path.with_name(flow_path.name.replace("_flow.tsv", "_multiverse.tsv"))
    last = {"tables": tables, "multiverse": multiverse.curves(table)}
    nothing: dict[str, Any] = {"tables": [], "multiverse": None}
    return [
        {**analysis, "first": not i, **(last if i == len(maps) - 1 else nothing)} for i, analysis in enumerate(maps)
    ]


def _answer(contrasts: Contrasts, arms: tuple[str, ...]) -> dict[str, Any]:
    found = [(label, about) for members in contrasts.by_name().values() for label, about in members.items()]
    return {
        "verdict": _verdict(found, arms),
        "noun": contrasts.primary()["Noun"],
        "design": contrasts.design(),
        "contrasts": contrasts.sections(),
        "overlap": contrasts.overlap(),
    }


def _answer_of_tables(tables: list[dict[str, Any]], arms: tuple[str, ...]) -> dict[str, Any]:
    """Return the answer where there are tables of regions or networks alone."""
    found = [(table["name"], contrast["about"]) for table in tables for contrast in table["contrasts"]]
    answer = {"verdict": _verdict(found, arms), "noun": tables[0]["noun"], "design": None}
    return {**answer, "contrasts": [], "overlap": []}


def _people(output_dir: Path, flow_path: Path) -> dict[str, Any]:
    entities, _, _ = parse(flow_path.name)
    about = read_json(flow_path.with_suffix(".json"))
    arms = tuple(about["Arms"])
    flow = read_table(flow_path)
    return {
        "name": " ".join(f"{key}-{value}" for key, value in entities.items()),
        "arms": arms,
        "sessions": about["Sessions"],
        "notes": about["Notes"],
        "flow": _flow(flow, arms, about["Sessions"]),
        "lost": flow[flow["stage"] != "analysed"].fillna("n/a").to_dict("records"),
        "mask": read_json(flow_path.with_name(flow_path.name.replace("_flow.tsv", "_desc-group_mask.json"))),
        "table1": _table_one(_quality(output_dir, flow, entities, about["Sessions"]), flow, arms),
        "failed": read_failures(output_dir).get("group_" + "_".join(f"{k}-{v}" for k, v in entities.items()), ""),
    }


def _shared(path: Path) -> dict[str, str]:
    """Return the entities that all results of one analysis have; a subset would let in another analysis."""
    return without(parse(path.name)[0], "seed", "meas", "contrast", "stat", "desc")


def _verdict(found: list[tuple[str, Mapping[str, Any]]], arms: tuple[str, ...]) -> Verdict:
    findings = [
        Finding(
            label,
            about["SmallestJointP"][about["ClaimStatistic"]],
            about["Arm"] if about["Change"] else "",
            about["Primary"],
        )
        for label, about in found
    ]
    primary = next((about for _, about in found if about["Primary"]), found[0][1])
    where = f"the small volume ({', '.join(primary['RestrictedTo'])})" if primary["RestrictedTo"] else "the brain"
    several = "seeds" if primary["Measure"] == "seed_correlation" else "maps"
    return verdict(
        findings, arms, primary["Alpha"], primary["SmallestPossibleP"], min(primary["ParticipantsByArm"].values()),
        Wording(primary["Found"], primary["Absent"], primary["SpecificTo"], several, statistic_name(primary),
                where),
    )  # fmt: skip


def _flow(flow: pd.DataFrame, arms: tuple[str, ...], sessions: dict[str, str]) -> list[dict[str, Any]]:
    """Return the boxes of the flow figure for each arm."""
    boxes = []
    for arm in arms:
        own = flow[flow["arm"] == arm]
        counts = own["stage"].value_counts()
        stages = [*sessions, "covariate"]
        lost = [
            {
                "what": f"session {sessions[stage]}" if stage in sessions else "covariate",
                "count": int(counts.get(stage, 0)),
                "reasons": [f"{r.participant_id}: {r.reason}" for r in own[own["stage"] == stage].itertuples()],
            }
            for stage in stages
            if stage in sessions or counts.get(stage, 0)
        ]
        boxes.append({"arm": arm, "found": len(own), "lost": lost, "analysed": int(counts.get("analysed", 0))})
    return boxes


def _quality(
    output_dir: Path, flow: pd.DataFrame, entities: dict[str, str], sessions: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the quality of each session that was analysed, in the task and space of the analysis."""
    rows = []
    for record in flow[flow["stage"] == "analysed"].itertuples():
        for session in sessions.values():
            own = {"sub": str(record.participant_id).removeprefix("sub-"), "ses": session, **entities, "desc": "fc"}
            path = participant_path(output_dir, own, "qc", ".tsv")
            if not path.exists():
                continue  # a session that not everybody needs
            table = read_table(path)
            rows.append(
                {
                    "arm": record.arm,
                    "session": session,
                    "mean FD (mm)": table["mean_fd"].mean(),
                    "minutes kept": table["minutes_kept"].sum(),
                    "residual df": table["df_res"].sum(),
                    "tSNR": table["tsnr"].median(),
                }
            )
    return rows


def _table_one(rows: list[dict[str, Any]], flow: pd.DataFrame, arms: tuple[str, ...]) -> dict[str, Any]:
    """Return who is in each arm: quality by arm and session, as mean and standard deviation."""
    analysed = flow[flow["stage"] == "analysed"]
    if not rows:
        return {}
    frame = pd.DataFrame(rows)
    grouped = frame.groupby(["session", "arm"], sort=True)
    mean, spread = grouped.mean(numeric_only=True), grouped.std(numeric_only=True)
    lines = []
    for measure in mean.columns:
        for session in sorted(frame["session"].unique(), key=page.session_order):
            cells = []
            for arm in arms:
                if (session, arm) in mean.index:
                    m, s = mean.loc[(session, arm), measure], spread.loc[(session, arm), measure]
                    cells.append(f"{page.format_number(m)} ({page.format_number(s, 2)})")
                else:
                    cells.append("n/a")
            lines.append({"measure": measure, "session": session, "cells": cells})
    return {"lines": lines, "n": [int((analysed["arm"] == arm).sum()) for arm in arms]}
