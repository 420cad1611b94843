"""Outcomes of people on the group page: the sentence, each one's course, responders, and every line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import TableRow, read_frame
from bids_app.report.claims.maps import Verdict
from bids_app.report.claims.outcomes import verdict
from bids_app.report.drawing import charts
from bids_app.report.drawing.spaghetti import courses
from bids_app.report.formats import format_number
from bids_app.report.messages import N_, _
from bids_app.report.sections.confirmatory import Confirmed
from bids_app.vocabulary.entities import as_label, companion
from bids_app.vocabulary.sidecars import OutcomeSidecar

WORDS = {
    "ancova": N_("adjusted difference (ANCOVA)"), "clda": N_("adjusted difference, all participants (cLDA)"),
    "change": N_("difference of changes"), "g": N_("Hedges g"), "ratio": N_("the same as a ratio"),
    "odds_ratio": N_("the same as an odds ratio"), "rate_ratio": N_("ratio of rates"),
    "mann_whitney": N_("changes, Mann-Whitney"), "superiority": N_("probability of superiority"),
    "responders": N_("responders"), "remission": N_("remission"), "variance_ratio": N_("spread of changes"),
    "moderator": N_("does the effect depend on %(what)s"), "baseline": N_("before treatment"), "mean": N_("mean"),
    "equivalence": N_("alike"), "bayes_factor": N_("evidence"), "mean_change": N_("mean change"),
    "wilcoxon": N_("change, Wilcoxon"),
}  # fmt: skip
ORDER = ("primary", "secondary", "exploratory")
WIDE, HIGH = 260.0, 150.0


@dataclass(frozen=True, eq=False, kw_only=True)
class OutcomeSection:
    """One outcome ready for a page.

    Attributes
    ----------
    decision : Confirmed or None
        What became of it among all that is confirmatory.
    deciding : mapping or None
        Row of the comparison that decides.
    now, other, within : sequence of mapping
        Rows at the endpoint, at other visits, and within arms.
    panel, curves : mapping
        Figures: every participant over visits, and responders.
    """

    name: str
    about: OutcomeSidecar
    verdict: Verdict
    decision: Confirmed | None
    deciding: Mapping[str, object] | None
    means: Sequence[Mapping[str, object]]
    now: Sequence[Mapping[str, object]]
    other: Sequence[Mapping[str, object]]
    within: Sequence[Mapping[str, object]]
    panel: Mapping[str, object]
    curves: Mapping[str, object] | None
    file: str


def outcomes(folder: Path, passed: Mapping[str, Confirmed]) -> list[OutcomeSection]:
    """Return every outcome on disk, the declared ones first."""
    found = [_section(path, passed) for path in sorted(folder.glob("meas-*_outcome.json"))]
    return sorted(found, key=lambda one: (ORDER.index(one.about.role), one.about.title))


def _section(path: Path, passed: Mapping[str, Confirmed]) -> OutcomeSection:
    about = read_sidecar(path, OutcomeSidecar)
    label = path.name.partition("_")[0].removeprefix("meas-")
    decision = next((found for name, found in passed.items() if as_label(name) == label), None)
    table = read_frame(path.with_suffix(".tsv"))
    lines: list[TableRow] = table.to_dict("records")
    for line in lines:
        line["what"] = _(WORDS[line["kind"]], what=line["subject"]) if line["kind"] in WORDS else line["kind"]
        line["remark"] = "" if line["remark"] != line["remark"] else line["remark"]
        line["quantity"] = "" if line["quantity"] != line["quantity"] else line["quantity"]
    described = [line for line in lines if line["kind"] == "mean"]
    compared = [line for line in lines if line["kind"] not in ("mean", "mean_change", "wilcoxon")]
    within = [line for line in lines if line["kind"] in ("mean_change", "wilcoxon")]
    return OutcomeSection(
        name=label,
        about=about,
        verdict=verdict(about, lines, decision),
        decision=decision,
        deciding=next((line for line in lines if line["weight"] == "decides"), None),
        means=_means(described, about),
        now=[line for line in compared if line["visit"] == about.endpoint or line["kind"] == "baseline"],
        other=[line for line in compared if line["visit"] not in (about.endpoint, about.visits[0])],
        within=within,
        panel=_courses(path, about),
        curves=_curves(about),
        file=path.with_suffix(".tsv").name,
    )


def _means(lines: list[TableRow], about: OutcomeSidecar) -> list[TableRow]:
    """Return mean and SD of each arm, a cell a visit."""
    rows = []
    for arm in about.arms:
        own = [line for line in lines if line["comparison"] == arm]
        cells = [f"{format_number(o['estimate'])} ({_sd(o['sd'])})" for o in own]
        rows.append({"arm": arm, "cells": cells, "people": [o["people"] for o in own]})
    return rows


def _sd(value: float) -> str:
    return f"{value:.3g}" if value == value else ""


def _courses(path: Path, about: OutcomeSidecar) -> dict[str, object]:
    values = read_frame(companion(path, "values", ".tsv"))
    there = [arm for arm in about.arms if (values["arm"] == arm).any()]
    return courses(values, list(about.visits), there)


def _curves(about: OutcomeSidecar) -> dict[str, object] | None:
    """Return the share of each arm that improved by at least so much, as lines; None where no side is better."""
    if not about.responders.improvement:
        return None
    percents = 100 * np.array(about.responders.improvement, dtype=float)
    across, up = charts.Scale(float(percents[0]), float(percents[-1]), 0, WIDE), charts.Scale(0, 100, HIGH, 0)
    lines = []
    for i, (arm, values) in enumerate(about.responders.proportion.items()):
        proportions = np.array([np.nan if value is None else value for value in values], dtype=float)
        lines.append({"arm": arm, "colour": i, "points": charts.line(across(percents), up(100 * proportions))})
    marks = [f"{float(across(percent)):.1f}" for percent in (30, 50)]
    return {"lines": lines, "across": across.ticks, "up": up.ticks, "marks": marks, "width": WIDE, "height": HIGH}
