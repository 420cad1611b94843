"""What is said of several runs is true of all of them, and each result is made from the runs that have it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bids_app.levels.combined_runs import SUMMED, over_runs, parts_of, together
from bids_app.vocabulary.output import Feature, Output

MAP = Output(name="x", kind="map", suffix="statmap", description="A map.", units="none", entities={}, entity="seed")
VALUES = st.one_of(st.integers(0, 3), st.text("ab", max_size=2), st.lists(st.integers(0, 2), max_size=2), st.none())


@given(
    st.lists(st.dictionaries(st.sampled_from(["TR", "Preset", *SUMMED]), VALUES, max_size=4), min_size=1, max_size=4)
)
def test_every_key_is_shared_summed_or_a_list_by_run(runs):
    runs = [{k: v for k, v in run.items() if k not in SUMMED or isinstance(v, int)} for run in runs]
    said = together(runs)
    for key, value in said.items():
        of_runs = [run.get(key) for run in runs]
        if key in SUMMED:
            assert value == sum(v or 0 for v in of_runs)
        elif all(v == of_runs[0] for v in of_runs):
            assert value == of_runs[0]
        else:
            assert value == of_runs


def feature(label, **about):
    return Feature(MAP, np.zeros(2), label, about)


def test_a_seed_that_one_run_lacks_is_that_of_the_others():
    runs = [[feature("A"), feature("B")], [feature("A")], [feature("A"), feature("C")]]
    found = {places: [[f.label for f in run] for run in features] for places, features in parts_of(runs)}
    assert found == {(0, 1, 2): [["A"], ["A"], ["A"]], (0,): [["B"]], (2,): [["C"]]}


def test_metadata_of_the_first_run_becomes_that_of_all():
    runs = [[feature("A", Voxels=30, Seed="PCC", Df=10)], [feature("A", Voxels=20, Seed="PCC", Df=12)]]
    session = over_runs(Feature(MAP, np.zeros(2), "A", {"Voxels": 30, "Seed": "PCC", "Df": 22}), runs)
    assert session.metadata == {"Voxels": [30, 20], "Seed": "PCC", "Df": 22}
    assert over_runs(runs[0][0], runs[:1]).metadata == {"Voxels": 30, "Seed": "PCC", "Df": 10}
