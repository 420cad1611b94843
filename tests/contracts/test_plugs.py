"""What every plug promises, over every plug file there is."""

from __future__ import annotations

import copy
import dataclasses
import inspect

import numpy as np
import pytest

from bids_app import plugs
from bids_app.signals.projection import drift, remaining_basis
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.option import describe
from bids_app.vocabulary.output import Output
from bids_app.vocabulary.signals import Region, Signals

ALL = [(kind, name) for kind in plugs.KINDS for name in plugs.names(kind)]
MEASURES, DESIGNS = plugs.names("measures"), plugs.names("designs")
VERBS = {"modalities": ["prepare", "load", "describe", "too_little"], "measures": ["measure", "combine"],
         "designs": ["design"]}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_plug_has_its_verbs_and_says_what_it_is(kind, name):
    plug = plugs.load(kind, name)
    assert plug.__doc__
    for verb in VERBS.get(kind, []):
        assert inspect.getdoc(getattr(plug, verb)), verb


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_options_are_described_frozen_and_have_defaults(kind, name):
    options = plugs.load(kind, name).Options
    described = list(describe(options))
    assert described
    assert all(option.doc.text.endswith(".") for option in described)
    assert dataclasses.fields(options())
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(options(), described[0].name, None)


@pytest.mark.parametrize("name", MEASURES)
def test_outputs_are_declared_and_unique(name):
    plug = plugs.load("measures", name)
    keys = [(o.suffix, tuple(sorted(o.entities.items())), o.entity) for o in plug.OUTPUTS]
    assert len(set(keys)) == len(keys)
    assert plug.GROUP in plug.OUTPUTS
    assert plug.METHODS.endswith(".")
    for output in plug.OUTPUTS:
        assert isinstance(output, Output)
        assert output.kind in ("map", "table")
        assert output.description.endswith(".")
        assert output.units


def signals(voxels: int) -> tuple[Signals, list[Region]]:
    """Return cleaned noise of a few voxels, the last of which has no value anywhere but in the seed."""
    rng = np.random.default_rng(4)
    kept = np.ones(60, dtype=bool)
    kept[[3, 40]] = False
    basis = remaining_basis(drift(60, 1), kept)
    coordinates = (basis.T @ rng.standard_normal((58, voxels))).astype(np.float32)
    mask = np.ones((voxels, 1, 1), dtype=bool)
    level = np.ones(voxels, dtype=np.float32)
    found = Signals(basis, coordinates, kept, Grid((voxels, 1, 1), np.eye(4)), mask, level, level, 2.0)
    return found, [Region("one", np.array([0]), np.array([1.0]), 1)]


def values(features):
    return [
        {k: np.array(v) for k, v in f.value.items()} if isinstance(f.value, dict) else {"": np.array(f.value)}
        for f in features
    ]


@pytest.mark.parametrize("voxels", [1, 30])
@pytest.mark.parametrize("name", MEASURES)
def test_measure_repeats_itself_and_leaves_its_input_alone(name, voxels):
    plug = plugs.load("measures", name)
    given, regions = signals(voxels)
    before = copy.deepcopy(given)
    first = list(plug.measure(given, regions, plug.Options()))
    second = list(plug.measure(given, regions, plug.Options()))
    assert [f.output for f in first]
    for a, b in zip(values(first), values(second), strict=True):
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[k], b[k], equal_nan=True) for k in a)
    assert np.array_equal(given.coordinates, before.coordinates)
    assert {f.output.name for f in first} <= {o.name for o in plug.OUTPUTS}


@pytest.mark.parametrize("name", MEASURES)
def test_measure_without_a_usable_region_yields_nothing_and_says_why(name):
    plug = plugs.load("measures", name)
    given, _ = signals(10)
    nowhere = Region("nowhere", np.array([], dtype=int), np.array([]), 7)
    assert list(plug.measure(given, [nowhere], plug.Options())) == []
    assert "0 of its 7 voxels" in plug.usable_regions([nowhere], plug.Options())[1]["nowhere"]


@pytest.mark.parametrize("name", MEASURES)
def test_maps_of_one_run_are_the_maps_of_its_session(name):
    plug = plugs.load("measures", name)
    given, regions = signals(30)
    maps = [f for f in plug.measure(given, regions, plug.Options()) if f.output.kind == "map"]
    combined = list(plug.combine([maps], [given.df_res]))
    for one, other in zip(values(maps), values(combined), strict=True):
        assert other[""] == pytest.approx(one[""], abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", DESIGNS)
def test_design_pairs_by_identifier_and_repeats_itself(name):
    plug = plugs.load("designs", name)
    rng = np.random.default_rng(1)
    people = {f"{i:02d}": {"group": ("verum", "sham")[i % 2], "age": str(20 + i)} for i in range(12)}
    shuffled = dict(sorted(people.items(), key=lambda item: rng.random()))
    available = {label: {"pre", "post"} for label in people}
    one = plug.design(people, available, {}, plug.Options())
    other = plug.design(shuffled, dict(reversed(available.items())), {}, plug.Options())
    assert isinstance(one, Design)
    assert [r["participant_id"] for r in one.rows] == [r["participant_id"] for r in other.rows]
    for a, b in zip(one.contrasts, other.contrasts, strict=True):
        assert np.array_equal(a.regressor, b.regressor)
        assert a.question
        assert a.sign
    assert sum(contrast.primary for contrast in one.contrasts) == 1
    assert len({contrast.name for contrast in one.contrasts}) == len(one.contrasts)


@pytest.mark.parametrize("name", DESIGNS)
def test_everybody_is_either_analysed_or_lost_with_a_reason(name):
    plug = plugs.load("designs", name)
    people = {f"{i:02d}": {"group": ("verum", "sham", "waitlist")[i % 3]} for i in range(15)}
    available = {label: {"pre", "post"} for label in people}
    available["03"] = {"pre"}
    del available["04"]
    found = plug.design(people, available, {("03", "post"): "moved too much"}, plug.Options())
    seen = [row["participant_id"].removeprefix("sub-") for row in found.rows] + [p.participant for p in found.lost]
    assert sorted(seen) == sorted(people)
    assert all(loss.reason for loss in found.lost)
    assert "moved too much" in next(p.reason for p in found.lost if p.participant == "03")
