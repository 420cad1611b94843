"""Shows: files on disk -> self-contained HTML, at any time again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bids_app.derivatives.paths import group_files
from bids_app.vocabulary.options import Options


def write_participants(output_dir: Path, labels: Iterable[str], *, self_contained: bool = False) -> None:
    """Write the page of each participant whose results are on disk; `self_contained` as `write_group` has it."""
    from bids_app.report.pages import participant

    for label in labels:
        participant.write_page(output_dir, label, self_contained=self_contained)


def write_group(output_dir: Path, *, self_contained: bool = False) -> None:
    """Write the pages of the group level, if there are group results.

    Parameters
    ----------
    self_contained : bool
        True keeps pictures, maps and the viewer in the pages themselves.
    """
    from bids_app.derivatives import pathways

    made = any(group_files(output_dir, pattern) for pattern in ("*_flow.tsv", "desc-trial_people.json"))
    if made or pathways.sidecars(output_dir):
        from bids_app.report.pages import group

        group.write_pages(output_dir, self_contained=self_contained)


def write_meta(output_dir: Path, *, self_contained: bool = False) -> Path | None:
    """Write the page of syntheses of studies and return it, if there are any; `self_contained` as for `write_group`."""
    from bids_app.report.pages import meta

    return meta.write_page(output_dir, self_contained=self_contained)


def write_index(output_dir: Path) -> Path:
    """Write the page to open first, and the reporting checklist beside it; return the page."""
    from bids_app.report.pages import index
    from bids_app.report.text import cobidas

    cobidas.write_checklist(output_dir)
    return index.write_page(output_dir)


def write_citation(
    output_dir: Path, tables: Mapping[str, tuple[type[Options], Mapping[str, object]]], mark: str
) -> None:
    """Write the methods text of a run from its settings."""
    from bids_app.report import html
    from bids_app.report.text import methods

    methods.write_citation(output_dir, tables, [html.notice(output_dir), mark])
