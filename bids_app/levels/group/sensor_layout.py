"""Where sensors lie and who is next to whom: one layout for all participants, or a table of the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bids_app.dataset.tables import read_json, read_tsv
from bids_app.errors import WrongDataError
from bids_app.signals.scalp import neighbours
from bids_app.vocabulary.domain import Sensors, Values

NAMED = 8
"""Sensors that a message names."""

APART = 2.0
"""mm that the same sensor of two participants may lie apart in one layout."""

CAP = "Name the cap: [modalities.eeg] montage (see bids_app/presets/montages), and run the participant level again."


def located(values: Values, tables: Iterable[Path], own: str) -> Values:
    """Return values of sensors with their positions and who is next to whom; other values as they are.

    Parameters
    ----------
    tables : iterable of Path
        Tables of all participants, beside which sidecars tell positions; that of the values comes first.
    own : str
        Path of a table with the columns channel and neighbours, which wins; or nothing.

    Raises
    ------
    WrongDataError
        If positions are not known, or are those of single participants, or the table does not fit.
    """
    domain = values.domain
    if not isinstance(domain, Sensors) or domain.near:
        return values
    first, *others = tables
    about = read_json(first.with_suffix(".json"))
    known: dict[str, list[float]] = about.get("SensorPositions", {})
    unknown = [name for name in domain.names if name not in known]
    positions = None if unknown else np.array([known[name] for name in domain.names], dtype=np.float64)
    if own:
        return replace(values, domain=replace(domain, positions=positions, near=_declared(Path(own), domain.names)))
    if unknown or positions is None:
        raise WrongDataError(
            f"{first.name}: the position of {', '.join(unknown[:NAMED])} is not known, so who is next to whom is not "
            f"either. {CAP}"
        )
    if about.get("PositionsFrom") == "file":
        _require_one_layout(first, others, known)
    return replace(values, domain=replace(domain, positions=positions, near=neighbours(positions)))


def _require_one_layout(first: Path, others: Iterable[Path], known: dict[str, list[float]]) -> None:
    """Refuse positions that were measured on each head: who is next to whom would depend on who comes first."""
    for path in others:
        there = read_json(path.with_suffix(".json")).get("SensorPositions", {})
        for name in known.keys() & there.keys():
            apart = float(np.linalg.norm(np.subtract(known[name], there[name])))
            if apart > APART:
                raise WrongDataError(
                    f"{name} lies {apart:.0f} mm apart in {first.name} and {path.name}: positions of single "
                    f"participants must not decide who is next to whom. {CAP}"
                )


def _declared(path: Path, names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return pairs of neighbours from a table.

    Raises
    ------
    WrongDataError
        If it lacks a column or a channel.
    """
    table = read_tsv(path)
    if {"channel", "neighbours"} - set(table):
        raise WrongDataError(
            f"inference.sensor_neighbours: {path} has the columns {', '.join(table)}; expected channel and neighbours "
            "(names with blanks between them), as in group/eeg/*_adjacency.tsv."
        )
    beside = dict(zip(table["channel"], (words.split() for words in table["neighbours"]), strict=True))
    if absent := [name for name in names if name not in beside]:
        raise WrongDataError(
            f"inference.sensor_neighbours: {path} has no row for {', '.join(absent[:NAMED])}; every channel needs one "
            "(n/a: it has no neighbour)."
        )
    number = {name: i for i, name in enumerate(names)}
    pairs = {
        (min(i, number[other]), max(i, number[other]))
        for i, name in enumerate(names)
        for other in beside[name]
        if other in number and other != name
    }
    return tuple(sorted(pairs))
