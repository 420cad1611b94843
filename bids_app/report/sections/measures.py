"""The participant's page beyond seeds: maps of local activity, matrices between regions, coherence of networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bids_app import plugs
from bids_app.dataset.tables import numeric, read_json, read_tsv
from bids_app.report import html
from bids_app.report.drawing import mosaic
from bids_app.report.sections.session_maps import Canvas
from bids_app.vocabulary.entities import parse

LOCAL = 1.0, 3.0
"""Standard deviations from the mean of the mask that are drawn, and those of the brightest colour."""

R_LIMIT = 0.8
"""Correlation of the fullest colour of a matrix."""

CORRELATED = 0.2, 0.8
"""Correlation that is drawn, and that of the brightest colour."""

RESPONSE = 2.3, 6.0
"""z of a response that is drawn, and that of the brightest colour."""

LABELLED = 45
"""Nodes up to which a matrix has room for their names."""


def maps_of(
    canvas: Canvas, folder: Path, stem: str, stat: str, scale: tuple[float, float], unit: str = "z"
) -> list[dict[str, object]]:
    """Draw every map of a session that stands in no relation to a seed, of one statistic."""
    maps, titles = [], titles_of_maps()
    for path in sorted(folder.glob(f"{stem}_meas-*_stat-{stat}_statmap.nii.gz")):
        label = parse(path.name)[0]["meas"]
        title = titles.get(label, label)
        maps.append({"label": label, "title": title, **canvas.draw(path, title, scale, unit)})
    return maps


def titles_of_maps() -> dict[str, str]:
    """Return what measures call their maps, by label."""
    return {label: title for name in plugs.names("measures") for label, title in plugs.measure(name).titles.items()}


def matrices(folder: Path, entities: dict[str, str]) -> list[dict[str, object]]:
    """Return every matrix of plain correlations of a session as a picture with the names of its nodes."""
    found = []
    for path in sorted(folder.glob("*_stat-pearsoncorrelation_relmat.tsv")):
        own = parse(path.name)[0]
        name = own.pop("seg", "")
        if own != {**entities, "stat": "pearsoncorrelation"}:
            continue
        table = read_tsv(path)
        nodes = table.pop("node")
        columns = [numeric(values) for values in table.values()]
        values = np.array([np.full(len(nodes), np.nan) if c is None else c for c in columns])
        np.fill_diagonal(values, np.nan)
        png = mosaic.heatmap(values, R_LIMIT)
        labels = nodes if len(nodes) <= LABELLED else []
        about = read_json(path.with_suffix(".json"))
        thin = [n for n, region in about.get("Regions", {}).items() if region["Coverage"] < 1]
        unknown = [node for node, row in zip(nodes, values, strict=True) if np.isnan(row).all()]
        found.append({
            "name": name, "nodes": len(nodes), "labels": labels, "picture": html.embed(png), "unknown": unknown,
            "thin": len(thin), "coherence": _coherence(path),
        })  # fmt: skip
    return found


def _coherence(matrix: Path) -> list[dict[str, str]]:
    """Return the rows of the table of coherence that lies beside a matrix of nodes."""
    path = matrix.with_name(matrix.name.replace("pearsoncorrelation", "coherence"))
    if not path.exists():
        return []
    table = read_tsv(path)
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
