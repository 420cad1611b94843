"""Amounts of places of a table, such as binding potentials of regions: all participants, and changes of arms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.files import write_json, write_table
from bids_app.derivatives.group import GroupWriter, maps_named
from bids_app.derivatives.paths import table_suffix
from bids_app.statistics.ratio_of_means import over_places, ratio_of_means
from bids_app.statistics.result import Result

Table = dict[str, list[object]]

_FEWEST_PLACES = 3
"""Places from which on a line over them says anything."""

_LINE = "Line of the mean loss on the mean before over places: a loss of the same share everywhere is its slope."
_VALUES: dict[str, object] = {
    "Description": "Value of every participant at each stage, one row a place and participant; not tested."
}
_COLUMNS: dict[str, object] = {
    "change_percent": {
        "Description": "Change of the mean of the arm in percent of its mean before; no mean of percentages.",
        "Units": "percent",
    },
    "change_percent_low": {"Description": "Lower 95 % limit after Fieller; n/a where the mean before may be 0."},
    "change_percent_high": {"Description": "Upper 95 % limit."},
}


def write_amounts(writer: GroupWriter, primary: Result, stacks: Mapping[str, NDArray[np.floating[Any]]]) -> None:
    """Write the values of all participants, and how much each arm changed; to look at, not tested.

    No change where the primary contrast compares no stage with an earlier one.
    """
    map_set = primary.map_set
    names = maps_named(map_set)
    suffix = table_suffix(map_set.domain.unit)
    found = {"values": (_values(primary, stacks), _VALUES)}
    before, after = _stages(primary)
    if before in stacks and after in stacks:
        found["change"] = _change(primary, stacks, before, after)
    for desc, (table, about) in found.items():
        write_table(writer.path(suffix, ".tsv", **names, desc=desc), table)
        write_json(writer.path(suffix, ".json", **names, desc=desc), {**writer.mark_of, **about})


def _values(primary: Result, stacks: Mapping[str, NDArray[np.floating[Any]]]) -> Table:
    rows, unit = primary.map_set.design.rows, primary.map_set.domain.unit
    places = primary.map_set.domain.columns()[unit]
    return {
        unit: [place for place in places for _ in rows],
        **{key: [cell for _ in places for cell in (row[key] for row in rows)] for key in ("participant_id", "arm")},
        **{stage: [*np.asarray(own, dtype=np.float64).T.ravel()] for stage, own in stacks.items()},
    }


def _change(
    primary: Result, stacks: Mapping[str, NDArray[np.floating[Any]]], before: str, after: str
) -> tuple[Table, dict[str, object]]:  # fmt: skip
    """Return the change of each arm at each place, and what its JSON says."""
    design, unit = primary.map_set.design, primary.map_set.domain.unit
    places = primary.map_set.domain.columns()[unit]
    table: Table = {}
    slopes: dict[str, object] = {}
    for arm in design.arms or ("",):
        own = [i for i, row in enumerate(design.rows) if row["arm"] == arm or not arm]
        pair = [np.asarray(stacks[stage][own], dtype=np.float64) for stage in (before, after)]
        known = np.isfinite(pair[0]).all(axis=1) & np.isfinite(pair[1]).all(axis=1)
        first, second = (one[known] for one in pair)
        ratio = ratio_of_means(first, second)
        part: Table = {
            unit: [*places], "arm": [arm or "all"] * len(places), "participants": [int(known.sum())] * len(places),
            f"mean_{before}": [*first.mean(axis=0)], f"mean_{after}": [*second.mean(axis=0)],
            "change_percent": [*ratio.percent], "change_percent_low": [*ratio.low],
            "change_percent_high": [*ratio.high],
        }  # fmt: skip
        for column, cells in part.items():
            table.setdefault(column, []).extend(cells)
        if len(places) >= _FEWEST_PLACES and known.any():
            slope, intercept = over_places(first.mean(axis=0), second.mean(axis=0))
            slopes[arm or "all"] = {"Slope": slope, "Intercept": intercept}
    said = f"Change of each arm from {before} to {after} as a ratio of means; not tested."
    return table, {"Description": said, "LostOverPlaces": {"Description": _LINE, **slopes}, **_COLUMNS}


def _stages(primary: Result) -> tuple[str, str]:
    """Return the stages before and after of the primary contrast; none of a crossover, whose stages are arms."""
    if primary.contrast.effect == "crossover":
        return "", ""
    asked = primary.contrast.asked.outcome
    after = next((stage for stage, weight in asked.weights.items() if weight > 0), "")
    before = next((stage for stage, weight in asked.weights.items() if weight < 0), "")
    return asked.baseline or before, after
