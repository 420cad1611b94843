"""Sessions that limits of quality leave out of the group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from bids_app.dataset.tables import numeric, read_tsv
from bids_app.plan.completed_sessions import Finished
from bids_app.vocabulary.options.exclusions import Exclusions
from bids_app.vocabulary.quality import Quality

if TYPE_CHECKING:
    from bids_app.plugs.modality import Modality


def excluded(session: Finished, limits: Exclusions, modality: Modality) -> str:
    """Return which limits a session is beyond, or nothing."""
    if limits == Exclusions():
        return ""
    table = next((path for path in session.files if path.name.endswith(f"_desc-{modality.quality_name}_qc.tsv")), None)
    if table is None or not table.exists():
        return "its quality is not known: run the participant level again"
    rows = read_tsv(table)
    used = [i for i, decision in enumerate(rows["decision"]) if decision == "used"]
    columns = {name: numeric([values[i] for i in used]) for name, values in rows.items()}
    found = {name: values for name, values in columns.items() if values is not None}
    return "; ".join(_beyond(modality.limits(found), limits))


def _beyond(quality: Mapping[str, Quality], limits: Exclusions) -> Iterator[str]:
    """Yield what is beyond a limit; limits on what a modality does not have are of others."""
    for name, (what, value, unit) in quality.items():
        limit = getattr(limits, name)
        beyond = value > limit if name.startswith("max") else value < limit
        if limit and np.isnan(value):
            yield f"{what} is not known"
        elif limit and beyond:
            word = "above" if name.startswith("max") else "below"
            yield f"{what} {value:.3g}{unit}, {word} the limit of {limit:g}{unit}"
