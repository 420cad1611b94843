"""The table of who is in each arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bids_app.statistics.table_one import table_one
from bids_app.vocabulary.design import Design


def characteristics_table(design: Design, columns: Sequence[str]) -> dict[str, list[Any]]:
    """Return one row a number (mean and SD of each arm) and one a level (count and percent)."""
    found = table_one(design.rows, design.arms or ("all",), columns)
    table: dict[str, list[Any]] = {
        "characteristic": [row.name for row in found],
        "level": [row.level or None for row in found],
    }
    for i, arm in enumerate(design.arms or ("all",)):
        table[f"{arm}_mean_or_count"] = [row.cells[i][0] for row in found]
        table[f"{arm}_sd_or_percent"] = [row.cells[i][1] for row in found]
    return {
        **table,
        "standardised_difference": [row.difference for row in found],
        "missing": [row.missing for row in found],
    }
