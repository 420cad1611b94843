"""Sessions that limits of quality leave out of the group."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bids_app.dataset.tables import numeric, read_tsv
from bids_app.plan.finished import Finished
from bids_app.vocabulary.exclusions import Exclusions


def excluded(session: Finished, limits: Exclusions) -> str:
    """Return which limits a session is beyond, or nothing."""
    if limits == Exclusions():
        return ""
    table = next((path for path in session.files if path.name.endswith("_desc-fc_qc.tsv")), None)
    if table is None or not table.exists():
        return "its quality is not known: run the participant level again"
    rows = read_tsv(table)
    used = [i for i, decision in enumerate(rows["decision"]) if decision == "used"]
    columns = {name: numeric([values[i] for i in used]) for name, values in rows.items()}
    found = {name: values for name, values in columns.items() if values is not None}
    return "; ".join(_beyond(found, limits))


def _freedom(runs: dict[str, np.ndarray]) -> np.ndarray:
    """Return the degrees of freedom of each run, what they are worth where no low-pass filter counted them."""
    worth = runs.get("df_effective", np.full_like(runs["df_res"], np.nan))
    return np.where(np.isnan(worth), runs["df_res"], worth)


def _beyond(runs: dict[str, np.ndarray], limits: Exclusions) -> Iterator[str]:
    """Yield what is beyond a limit, over the runs of a session."""
    kept, volumes = np.nansum(runs["volumes_kept"]), np.nansum(runs["volumes"])
    usable, unusable = np.nansum(runs.get("voxels", np.nan)), np.nansum(runs.get("voxels_unusable", np.nan))
    quality = {
        "max_mean_fd": ("mean FD", float(np.nanmean(runs.get("mean_fd", np.array([np.nan])))), " mm"),
        "max_censored": ("share of censored volumes", float(1 - kept / volumes), ""),
        "min_minutes": ("minutes kept", float(np.nansum(runs["minutes_kept"])), ""),
        "min_df_res": ("residual degrees of freedom", float(np.nansum(_freedom(runs))), ""),
        "min_coverage": ("share of usable voxels", float(usable / max(usable + unusable, 1)), ""),
    }
    for name, (what, value, unit) in quality.items():
        limit = getattr(limits, name)
        beyond = value > limit if name.startswith("max") else value < limit
        if limit and np.isnan(value):
            yield f"{what} is not known"
        elif limit and beyond:
            word = "above" if name.startswith("max") else "below"
            yield f"{what} {value:.3g}{unit}, {word} the limit of {limit:g}{unit}"
