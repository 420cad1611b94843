"""How good the scans of each arm are: what a modality shows of a session, by session and arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from bids_app import plugs
from bids_app.dataset.tables import numeric, read_tsv
from bids_app.derivatives.paths import participant_path
from bids_app.plugs.modality import Modality
from bids_app.report.drawing import charts
from bids_app.report.formats import format_number
from bids_app.report.messages import N_, _
from bids_app.statistics.table_one import standardised_difference

WORDS = {
    "mean_fd": N_("mean FD (mm)"), "minutes_kept": N_("minutes kept"), "df_res": N_("residual df"),
    "tsnr": N_("tSNR"), "coverage": N_("coverage (%%)"), "seconds_kept": N_("seconds kept"),
    "channels_bad": N_("interpolated channels"), "amplitude": N_("amplitude (µV)"),
    "reference": N_("reference per injected activity"), "injected": N_("injected activity"),
    "injected_mass": N_("injected mass"), "channels_good": N_("good channels"), "coupling": N_("scalp coupling"),
    "events": N_("events"),
}  # fmt: skip
"""What pages call the qualities that modalities show by arm."""

BALANCED = {
    "injected_mass": N_(
        "%(what)s differs between arms (session %(session)s: %(said)s): mass that occupies receptors lowers binding by "
        "itself. An analysis adjusted for it (designs.*.covariates) belongs beside this one."
    )
}
"""Qualities whose imbalance can look like an effect of treatment, and what is to be said of it."""

_UNBALANCED = 0.5
"""Standardised difference between arms from which imbalance is told."""


@dataclass(frozen=True, kw_only=True)
class QualityByArm:
    """Charts of each quality, one a mapping, and what is to be said of imbalance."""

    charts: Sequence[Mapping[str, object]] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)


def quality_by_arm(
    output_dir: Path,
    analysed: pd.DataFrame,
    entities: Mapping[str, str],
    datatype: str,
    stages: tuple[str, Mapping[str, str]],
    arms: Sequence[str],
) -> QualityByArm:
    """Return the quality of the sessions that were analysed, in the task and space of an analysis.

    Parameters
    ----------
    datatype : str
        Folder of the results, by which the modality is known.
    stages : (str, mapping of str)
        Entity of the stages, and label of each.
    """
    table = _table(output_dir, analysed, entities, _modality(datatype), stages)
    names = [name for name in table.columns if name in WORDS and table[name].notna().any()]
    notes = [
        _(BALANCED[name], what=_(WORDS[name]), session=session, said=said)
        for name in names
        if name in BALANCED
        for session in table["session"].unique()
        if (said := _imbalance(table[table["session"] == session], name, arms))
    ]
    there = [session for session in dict.fromkeys(stages[1].values()) if session in set(table.get("session", ()))]
    return QualityByArm(charts=[_strip(table, name, arms, there) for name in names], notes=tuple(notes))


def _modality(datatype: str) -> Modality:
    return next(one for name in plugs.names("modalities") if (one := plugs.modality(name)).datatype == datatype)


def _table(
    output_dir: Path,
    analysed: pd.DataFrame,
    entities: Mapping[str, str],
    modality: Modality,
    stages: tuple[str, Mapping[str, str]],
) -> pd.DataFrame:
    """Return one row a session: arm, session, and what its modality shows of its runs together."""
    stage, sessions = stages
    rows = []
    for record in analysed.itertuples():
        for session in sessions.values():
            label = str(record.participant_id).removeprefix("sub-")
            own = {"sub": label, stage: session, **entities, "desc": modality.quality_name}
            path = participant_path(output_dir, own, "qc", ".tsv", modality.datatype)
            if path.exists():  # not all participants need every session
                columns = {name: numeric(values) for name, values in read_tsv(path).items()}
                known = {name: values for name, values in columns.items() if values is not None}
                rows.append({"arm": record.arm, "session": session, **modality.by_arm(known)})
    return pd.DataFrame(rows)


def _imbalance(table: pd.DataFrame, name: str, arms: Sequence[str]) -> str:
    """Return the means of two arms that are far apart, or nothing."""
    values = [table.loc[table["arm"] == arm, name].dropna().to_numpy() for arm in arms]
    if len(arms) != 2 or min(map(len, values)) < 2 or not standardised_difference(*values) > _UNBALANCED:
        return ""
    return ", ".join(f"{format_number(own.mean())} {arm}" for arm, own in zip(arms, values, strict=True))


def _strip(table: pd.DataFrame, name: str, arms: Sequence[str], sessions: Sequence[str]) -> dict[str, object]:
    """Return one chart: dots of every session, by session and arm, with means; and the same in numbers."""
    groups, cells = [], []
    for session in sessions:
        for i, arm in enumerate(arms):
            values = table.loc[(table["session"] == session) & (table["arm"] == arm), name].dropna()
            groups.append((session, i, values.tolist()))
            said = f"{format_number(values.mean())} ({format_number(values.std(), 2)})"
            cells.append({"session": session, "arm": arm, "said": said})
    return {"name": _(WORDS[name]), "cells": cells, **charts.strips(groups, 110, 40)}
