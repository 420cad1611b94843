"""Associations of maps with references on the group page."""

from __future__ import annotations

from pathlib import Path

from bids_app.report.sections.spatial.gene_sets import sets
from bids_app.report.sections.spatial.genes import genes
from bids_app.report.sections.spatial.references import receptors, reference_maps


def regional(folder: Path) -> list[dict[str, object]]:
    """Return every section that there are results on disk for."""
    found = (genes(folder), sets(folder), receptors(folder), reference_maps(folder))
    return [section for section in found if section]
