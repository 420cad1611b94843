"""Values that are no images (edges, regions, sensors by frequency): the rows of each contrast that matter most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bids_app.dataset.tables import read_frame
from bids_app.report.sections.amounts import Amounts, amounts
from bids_app.report.sections.confirmatory import Confirmed, JudgedContrast, with_levels
from bids_app.report.sections.sensors import SensorFigures, figures
from bids_app.vocabulary.entities import parse

SHOWN = 6
"""Rows shown of each contrast; the file has all."""

ALONE = ("regions", "metrics")
"""Suffixes of tables whose rows stand alone, each with its own p."""

DECIDING = {
    "voxel": "p_fwe_joint", "tfce": "p_tfce_fwe_joint", "mass": "p_cluster_mass_joint", "extent": "p_cluster_extent",
}  # fmt: skip
"""Column of the p of the statistic that decides."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PlaceContrast:
    """One contrast of a table: its first rows, and what is said of them.

    Attributes
    ----------
    apart : str
        Columns that tell the places apart.
    units : str
        What a row is, as in file names (`edges`).
    clusters : bool
        Whether rows are joined to clusters, not to sets of neighbours.
    joined : bool
        Whether rows have neighbours at all; regions have none.
    figures : SensorFigures or None
        Pictures, of sensors by frequency or time.
    amounts : Amounts or None
        Pictures of values with a true zero, beside the primary contrast.
    findings : sequence of (str, JudgedContrast)
        What is claimed by its label: each row that stands alone with its own p, else the table as a whole.
    """

    name: str
    about: JudgedContrast
    rows: Sequence[Mapping[str, object]]
    count: int
    apart: str
    units: str
    scale: str
    clusters: bool
    file: str
    joined: bool = True
    figures: SensorFigures | None = None
    amounts: Amounts | None = None
    findings: Sequence[tuple[str, JudgedContrast]] = ()

    @property
    def claim(self) -> str:
        """Statistic that decides."""
        return self.about.claim_statistic

    @property
    def p(self) -> float:
        """Smallest p of it, over the table and its family."""
        return self.about.p

    @property
    def passed(self) -> bool:
        """Whether anything in the table passes."""
        return self.about.passes


@dataclass(frozen=True, eq=False, kw_only=True)
class PlaceSection:
    """One set of values with its contrasts, the primary one first."""

    name: str
    contrasts: Sequence[PlaceContrast]

    @property
    def noun(self) -> str:
        """What is compared."""
        return self.contrasts[0].about.noun


def sections(sidecars: Sequence[Path], decision: Confirmed | None) -> list[PlaceSection]:
    """Return one section for each set of values of one measure."""
    found: dict[str, list[PlaceContrast]] = {}
    for path, about in with_levels(sorted(sidecars), decision).items():
        entities, suffix, _ = parse(path.name)
        name = entities.get("meas") or entities.get("seg", suffix)
        found.setdefault(name, []).append(_contrast(path, name, suffix, about))
    return [
        PlaceSection(name=name, contrasts=sorted(own, key=lambda c: (not c.about.primary, not c.about.between_arms)))
        for name, own in found.items()
    ]


def _contrast(path: Path, label: str, suffix: str, about: JudgedContrast) -> PlaceContrast:
    name = parse(path.name)[0]["contrast"]
    table = read_frame(path.with_suffix(".tsv"))
    columns = [str(column) for column in table.columns]
    apart = columns[: columns.index("effect")]
    clusters = "cluster" in columns
    sets, p_set = ("cluster", "p_cluster_mass") if clusters else ("component", "p_component_extent")
    rows = table.head(SHOWN).to_dict("records")
    for row in rows:
        row["place"] = ", ".join(str(row[column]) for column in apart)
        row["set"], row["p_set"] = row[sets], row[p_set]
        row["p_deciding"] = row[DECIDING[about.claim_statistic]]
    return PlaceContrast(
        name=name, about=about, rows=rows, count=len(table), apart=", ".join(apart), units=suffix,
        scale=(about.columns or {})["effect"].partition(" in ")[2].rstrip("."),
        clusters=clusters, file=path.with_suffix(".tsv").name,
        figures=figures(path, about) if clusters else None, joined=suffix not in ALONE,
        findings=_by_row(table, about) if suffix in ALONE else [(label, about)],
        amounts=amounts(path, [*about.participants_by_arm], [row["place"] for row in rows]) if about.primary else None,
    )  # fmt: skip


def _by_row(table: pd.DataFrame, about: JudgedContrast) -> list[tuple[str, JudgedContrast]]:
    """Return each row with its own p in place of the smallest of the table; both are corrected over the rows."""
    claim, robust = about.claim_statistic, "p_robust_fwe_joint"
    found = []
    for row in table.to_dict("records"):
        if str(row[table.columns[0]]) == about.tested_first:
            continue  # it is no result of the measure
        means = replace(about.robust, smallest_joint_p={claim: row[robust]}) if about.robust and robust in row else None
        own = replace(about, smallest_joint_p={claim: row[DECIDING[claim]]}, robust=means or about.robust)
        found.append((str(row[table.columns[0]]), own))
    return found
