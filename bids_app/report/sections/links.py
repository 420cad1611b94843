"""Links of a framework as the page shows them: a matrix of signs by link and modality, and the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bids_app.dataset.sidecars import read_sidecar
from bids_app.report.claims import syntheses as claims
from bids_app.report.claims.links import of_links
from bids_app.report.claims.maps import Verdict
from bids_app.report.messages import _
from bids_app.vocabulary.entities import companion
from bids_app.vocabulary.links import LinkRow, LinkSynthesis


@dataclass(frozen=True, kw_only=True)
class LinksShown:
    """All links of a framework."""

    about: LinkSynthesis
    verdict: Verdict
    studies: int
    matrix: Sequence[Mapping[str, object]]
    left_out: list[str]
    file: str


def links(sidecar: Path) -> LinksShown:
    """Return what a synthesis of links shows."""
    about = read_sidecar(sidecar, LinkSynthesis)
    return LinksShown(
        about=about, verdict=of_links(about), studies=len({name for row in about.rows for name in row.names}),
        matrix=[
            {"link": link, "cells": [_cell(about, link, modality) for modality in about.modalities]}
            for link in about.links
        ],
        left_out=claims.left_out(about), file=companion(sidecar, "convergence", ".tsv").name,
    )  # fmt: skip


def _cell(about: LinkSynthesis, link: str, modality: str) -> dict[str, object]:
    rows = [row for row in about.rows if (row.link, row.modality) == (link, modality) and row.studies]
    return {
        "rows": [{"signs": _signs(row), "contrast": row.contrast, "said": _said(row)} for row in rows],
        "found": any(row.p_holm is not None and row.p_holm <= about.alpha for row in rows),
    }


def _signs(row: LinkRow) -> str:
    return "▲" * row.positive + "▽" * row.negative + "–" * (row.studies - row.positive - row.negative)


def _said(row: LinkRow) -> str:
    return _("%(n)s as written, %(m)s the opposite, %(k)s neither", n=row.positive, m=row.negative,
             k=row.studies - row.positive - row.negative)  # fmt: skip
