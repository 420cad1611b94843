"""One layout of sensors for all participants, or neighbours of the user's own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bids_app.errors import WrongDataError
from bids_app.levels.group.sensor_layout import located
from bids_app.signals.scalp import neighbours
from bids_app.vocabulary.domain import Axis, Sensors, Values

NAMES = ("Fz", "Cz", "Pz", "C3", "C4")
AT = {"Fz": [0, 60, 70], "Cz": [0, 0, 95], "Pz": [0, -60, 70], "C3": [-65, 0, 65], "C4": [65, 0, 65]}


def values():
    axis = Axis("frequency", "Hz", (9.0, 10.0))
    return Values(Sensors(names=NAMES, axes=(axis,)), np.zeros(10))


def sidecar(folder, name, positions=AT, source="standard_1005"):
    path = folder / f"{name}.tsv"
    path.with_suffix(".json").write_text(json.dumps({"SensorPositions": positions, "PositionsFrom": source}))
    return path


def moved(mm):
    return {**AT, "Cz": [0, mm, 95]}


def test_neighbours_are_triangles_of_the_one_layout(tmp_path):
    domain = located(values(), [sidecar(tmp_path, "a"), sidecar(tmp_path, "b")], "").domain
    assert domain.near == neighbours(np.array([AT[name] for name in NAMES], dtype=float))
    assert domain.positions.tolist() == [AT[name] for name in NAMES]


def test_positions_measured_on_single_heads_never_decide(tmp_path):
    first = sidecar(tmp_path, "sub-01", source="file")
    assert located(values(), [first, sidecar(tmp_path, "sub-02", moved(1), "file")], "").domain.near
    with pytest.raises(WrongDataError, match=r"Cz lies 12 mm apart in sub-01.tsv and sub-02.tsv.*Name the cap"):
        located(values(), [first, sidecar(tmp_path, "sub-02", moved(12), "file")], "")
    # Of positions by name it does not matter: they are the same for all.
    assert located(values(), [sidecar(tmp_path, "sub-01"), sidecar(tmp_path, "sub-02", moved(12))], "").domain.near


def test_a_table_of_ones_own_wins_and_needs_no_positions(tmp_path):
    own = tmp_path / "neighbours.tsv"
    own.write_text("channel\tneighbours\nFz\tCz\nCz\tFz Pz\nPz\tCz\nC3\tn/a\nC4\tOther\n")
    domain = located(values(), [sidecar(tmp_path, "a", {})], str(own)).domain
    assert domain.near == ((0, 1), (1, 2))
    assert domain.positions is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\tneighbours\nFz\tCz\n", "has the columns name, neighbours; expected channel and neighbours"),
        ("channel\tneighbours\nFz\tCz\nCz\tFz\n", "has no row for Pz, C3, C4"),
    ],
)
def test_a_table_that_does_not_fit_is_told(tmp_path, text, said):
    own = tmp_path / "neighbours.tsv"
    own.write_text(text)
    with pytest.raises(WrongDataError, match=said):
        located(values(), [sidecar(tmp_path, "a")], str(own))


def test_unknown_positions_end_the_analysis_with_what_would_help(tmp_path):
    with pytest.raises(WrongDataError, match=r"position of Pz is not known.*montage"):
        located(values(), [sidecar(tmp_path, "a", {k: v for k, v in AT.items() if k != "Pz"})], "")
