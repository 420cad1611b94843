"""Channels of fNIRS on the group pages: effects between source and detector, both kinds of haemoglobin side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bids_app.dataset.tables import read_frame, read_json, read_tsv
from bids_app.report.claims import optics as claims
from bids_app.report.drawing.probe import drawn, ends_of, probe
from bids_app.report.messages import _
from bids_app.report.sections.confirmatory import JudgedContrast
from bids_app.report.sections.places import DECIDING

KINDS = ("hbo", "hbr")
"""Oxygenated and deoxygenated haemoglobin, as tables have them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProbeFigure:
    """Effects of one contrast on the probe: one picture for each kind of haemoglobin, and what belongs to it."""

    name: str
    pictures: Sequence[Mapping[str, object]]
    limit: float
    scale: str
    remarks: Sequence[str]


def figure(path: Path, about: JudgedContrast, root: Path) -> ProbeFigure | None:
    """Return the picture of a table of channels, and what stands beside one of channels or regions; None of others.

    Parameters
    ----------
    path : Path
        Sidecar of the contrast.
    """
    table = read_frame(path.with_suffix(".tsv"))
    names = [str(name).rpartition(" ") for name in table[table.columns[0]]]
    if table.columns[0] not in ("channel", "region") or not all(kind in KINDS for _before, _blank, kind in names):
        return None
    p = table[DECIDING[about.claim_statistic]].to_numpy(dtype=float)
    effect, t = table["effect"].to_numpy(dtype=float), table["t"].to_numpy(dtype=float)
    passing = {(channel, kind): float(t[i]) for i, (channel, _b, kind) in enumerate(names) if p[i] <= about.passes_at}
    sources = [root / str(uri).removeprefix("bids::") for uri in read_json(path)["Sources"]]
    channels = _channels(sources) if table.columns[0] == "channel" else {}
    limit = float(np.abs(effect).max()) or 1.0
    pictures = []
    layout = probe(ends_of(channels)) if channels else None
    for kind, title in zip(KINDS, (_("oxygenated (HbO)"), _("deoxygenated (HbR)")), strict=True):
        if layout:
            values = {channel: float(effect[i]) for i, (channel, _b, own) in enumerate(names) if own == kind}
            marked = [channel for channel, own in passing if own == kind]
            pictures.append({**drawn(layout, values, limit, marked), "title": title})
    short = all(_without_scalp(read_json(path.with_suffix(".json"))) for path in sources)
    return ProbeFigure(
        name=about.noun, pictures=pictures, limit=limit, scale="µM", remarks=_remarks(passing, short=short)
    )  # fmt: skip


def _without_scalp(about: Mapping[str, object]) -> bool:
    """Return whether short channels were taken out of all runs of a session."""
    told = about.get("ShortChannelComponents", 0)
    return all(told) if isinstance(told, list) else bool(told)


def _channels(tables: Sequence[Path]) -> dict[str, list[str]]:
    """Return the table of channels beside the first participant's results; nothing where it is gone."""
    for path in tables:
        beside = sorted(path.parent.glob("*_desc-deqi_channels.tsv"))
        if beside:
            return read_tsv(beside[0])
    return {}


def _remarks(passing: Mapping[tuple[str, str], float], *, short: bool) -> list[str]:
    channels = list(dict.fromkeys(channel for channel, _kind in passing))
    up, down, only = list[str](), list[str](), list[str]()
    for channel in channels:
        more, less = passing.get((channel, "hbo")), passing.get((channel, "hbr"))
        if more is None or less is None or (more > 0) == (less > 0):
            only.append(channel)
        else:
            (up if more > 0 else down).append(channel)
    return claims.remarks(up, down, only, short=short)
