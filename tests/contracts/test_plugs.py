"""What every plug promises, over every plug file there is."""

from __future__ import annotations

import ast
import copy
import dataclasses
import inspect
import types
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest

from bids_app import plugs
from bids_app.errors import NothingToCompareError, NotMeasurableError, WrongDataError
from bids_app.signals.cleaning import KINDS
from bids_app.signals.projection import drift, nested_basis, stop_band
from bids_app.trial.cohort import Table
from bids_app.vocabulary.curves import Curves, Frames
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Sensors, Sites, Voxels
from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.optics import Optics
from bids_app.vocabulary.options.describe import describe
from bids_app.vocabulary.output import Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals, TaskDesign
from bids_app.vocabulary.simultaneous import Simultaneous
from bids_app.vocabulary.traces import Trace, Traces

ALL = [(kind, name) for kind in plugs.KINDS for name in plugs.names(kind)]
MEASURES, DESIGNS = plugs.names("measures"), plugs.names("designs")


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_plug_has_its_verbs_and_says_what_it_is(kind, name):
    plug = plugs.load(kind, name)
    assert plug.doc
    for member in dataclasses.fields(plug):
        verb = getattr(plug, member.name)
        if inspect.isfunction(verb) and not verb.__module__.startswith("bids_app.plugs"):
            assert inspect.getdoc(verb) or member.name == "combine", member.name


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_constants_of_a_plug_are_what_its_kind_has_or_its_own(kind, name):
    """A misspelt one would be off without a word; what is the file's own begins with an underscore."""
    known = {member.name.upper() for member in dataclasses.fields(plugs.KINDS[kind])}
    tree = ast.parse(Path(inspect.getfile(plugs)).parents[1].joinpath(kind, f"{name}.py").read_text())
    targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
    capitals = {target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()}
    assert {word for word in capitals if not word.startswith("_")} <= known


def module_of(**members):
    made = types.ModuleType("toy", "A toy.")
    vars(made).update(members)
    return made


NEEDED = {
    "Options": object, "CLEANING": "filtered", "OUTPUTS": (), "GROUP": None, "METHODS": "Toy.",
    "measure": len, "combine": len,
}  # fmt: skip


def test_what_a_plug_leaves_out_has_its_default_and_what_it_must_have_is_asked_for():
    toy = plugs.record_of(module_of(**NEEDED), "toy", plugs.KINDS["measures"])
    assert (toy.needs_events, toy.selecting, toy.doc) == (False, (), "A toy.")
    assert toy.refusals(None, (), None) == {}
    for name in NEEDED:
        with pytest.raises(TypeError, match=f"lacks .*{name if name == 'Options' else name.lower()}"):
            plugs.record_of(module_of(**{k: v for k, v in NEEDED.items() if k != name}), "toy", plugs.KINDS["measures"])


@pytest.mark.parametrize("word", ["NEED_EVENTS", "NEEDS_EVENT", "SELECTNG"])
def test_a_member_that_is_misspelt_is_named(word):
    with pytest.raises(TypeError, match=f"has {word}; did you mean (NEEDS_EVENTS|SELECTING)"):
        plugs.record_of(module_of(**NEEDED, **{word: True}), "toy", plugs.KINDS["measures"])


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_options_are_described_frozen_and_have_defaults(kind, name):
    options = plugs.load(kind, name).options
    described = list(describe(options))
    assert described
    assert all(option.doc.text.endswith(".") for option in described)
    assert dataclasses.fields(options())
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(options(), described[0].name, None)


@pytest.mark.parametrize("name", MEASURES)
def test_outputs_are_declared_and_unique(name):
    plug = plugs.measure(name)
    keys = [(o.suffix, tuple(sorted(o.entities.items())), o.entity) for o in plug.outputs]
    assert len(set(keys)) == len(keys)
    assert plug.group is None or plug.group in plug.outputs
    assert plug.group is None or plug.group.noun
    givers = [modality for modality in map(plugs.modality, plugs.names("modalities")) if modality.gives == plug.takes]
    assert givers
    assert all(plug.cleaning in modality.kinds for modality in givers)
    assert plug.methods.endswith(".")
    assert isinstance(plug.wanted_regions(plug.options()), RegionRequest)
    for output in plug.outputs:
        assert isinstance(output, Output)
        assert output.kind in ("map", "series", "matrix", "table", "people")
        assert output.entity in ("seed", "meas", "seg") or output.entities.get("desc")
        assert output.description.endswith(".")
        assert output.units


def across(side: int) -> np.ndarray:
    """Return the affine of a cube of 1 mm voxels whose middle lies between left and right."""
    affine = np.eye(4)
    affine[0, 3] = (1 - side) / 2
    return affine


def signals(side: int = 6) -> tuple[Signals, list[Region]]:
    """Return noise of a small cube in all kinds of cleaning, and regions: three of two networks, one not covered."""
    rng = np.random.default_rng(4)
    kept = np.ones(90, dtype=bool)
    kept[[3, 40]] = False
    parts = [drift(90, 1)[:, :1], drift(90, 1)[:, 1:], stop_band(90, 2.0, 0.01, 0.1)]
    basis, ranks = nested_basis(parts, kept)
    voxels = side**3
    coordinates = (basis.T @ rng.standard_normal((88, voxels))).astype(np.float32)
    mask = np.ones((side, side, side), dtype=bool)
    level = np.ones(voxels, dtype=np.float32)
    found = Signals(
        basis=basis,
        coordinates=coordinates,
        kept=kept,
        grid=Grid(mask.shape, across(side)),
        mask=mask,
        mean=level,
        deviation=level,
        repetition_time=2.0,
        rows=dict(zip(KINDS, map(slice, ranks), strict=True)),
        smoothed=coordinates[: ranks[0]],
        fwhm=2.0,
        gaps_possible=True,
        task=TaskDesign(
            {"onset": ["10", "60", "110"], "duration": ["20"] * 3, "trial_type": ["needle"] * 3},
            2.0 * np.arange(90),
            drift(90, 1),
        ),
    )
    regions = [
        Region(name=f"r{i}", columns=np.array([i]), weights=np.array([1.0]), expected=1, network="AAB"[i])
        for i in range(min(3, voxels))
    ]
    return found, [*regions, nowhere("C")]


def epochs() -> tuple[Epochs, list[Region]]:
    """Return noise of some electrodes in two clean segments and one that is not."""
    rng, names = np.random.default_rng(5), ("Fz", "Cz", "Pz", "P3", "P4", "O1", "Oz", "O2")
    found = Epochs(
        data=10 * rng.standard_normal((8, 1500)), rate=100.0, domain=Sensors(names=names), starts=np.array([0, 900]),
        length=400, bad=np.zeros(1500, dtype=bool), places=np.arange(1500), seconds=8.0, segments=3,
        events={"onset": [str(0.4 * k) for k in range(1, 35)], "trial_type": ["needle"] * 34},
    )  # fmt: skip
    return found, []


def traces() -> tuple[Traces, list[Region]]:
    """Return two minutes of a pulse, breath, skin and a pupil."""
    t = np.arange(0, 130, 0.02)
    pulse = np.exp(-(((t % 0.9) - 0.3) ** 2) / 0.005)
    skin = 5 + 0.3 * np.exp(-(((t % 20) - 8) ** 2) / 4)
    found = {
        "ppg": Trace(pulse, 50.0), "respiration": Trace(np.sin(2 * np.pi * 0.25 * t), 50.0),
        "eda": Trace(skin, 50.0, 0.0, "µS"), "pupil": Trace(np.full(len(t), 3.5), 50.0),
        "sensor": Trace(np.sin(t), 50.0, 0.0, "nA"),
    }  # fmt: skip
    needling = {"onset": ["40"], "duration": ["60"], "trial_type": ["needling"]}
    return Traces(traces=found, events=needling), []


def curves(kind: str) -> tuple[Curves, list[Region]]:
    """Return activity of three regions, or voxels, that bind, and of a reference that does not."""
    lasts = np.array([0.5] * 6 + [2.0] * 6 + [5.0] * 12)
    frames = Frames(start=np.cumsum(lasts) - lasts, duration=lasts)
    t = frames.middle
    tissue = 60 * (np.exp(-0.05 * t) - np.exp(-0.8 * t))
    binds = [tissue * (1 + bp * (1 - np.exp(-0.04 * t))) for bp in (0.4, 0.9, 1.6)]
    found = Curves(
        frames=frames, values=np.stack(binds, axis=1), reference=tissue, weights=np.ones(len(t)),
        domain=Sites(names=("a", "b", "c"), unit="region") if kind == "regions" else Voxels(*row_of_voxels(3)),
    )  # fmt: skip
    return found, []


def optics() -> tuple[Optics, list[Region]]:
    """Return haemoglobin of a patient and of who needles, four channels each, two of a region, one short."""
    rng, rate, channels = np.random.default_rng(6), 5.0, ("S1-D1", "S1-D2", "S2-D2", "S2-D3")
    times = np.arange(900) / rate
    onsets = [f"{20 + 40 * i}" for i in range(4)]
    events = {"onset": onsets, "duration": ["20"] * 4, "trial_type": ["needle"] * 4}
    one, other = (
        Optics(
            values=rng.normal(0, 1, (900, 4, 2)), rate=rate, channels=channels,
            ends=tuple((name[:2], name[3:]) for name in channels), short=np.array([False, False, False, True]),
            task=TaskDesign(events, times, np.ones((900, 1))), regions={"PFC": ("S1-D1", "S1-D2")},
        )
        for _ in range(2)
    )  # fmt: skip
    return replace(one, partner=replace(other, partner=one)), []


def row_of_voxels(count: int) -> tuple[Grid, Mask]:
    """Return a lattice of one row."""
    return Grid((count, 1, 1), np.diag([2.0, 2, 2, 1])), np.ones((count, 1, 1), dtype=bool)


def given_to(plug, side: int = 6):
    """Return what a measure takes, of noise."""
    return {
        "signals": lambda: signals(side),
        "epochs": epochs,
        "optics": optics,
        "traces": traces,
        "curves": lambda: curves(plug.cleaning),
    }[plug.takes]()


def simultaneous() -> Epochs:
    """Return noise of posterior electrodes over the volumes of `signals`, with their markers."""
    rng, names = np.random.default_rng(6), ("Pz", "O1", "O2")
    onsets = [f"{1 + 2 * volume}" for volume in range(90)]
    return Epochs(
        data=10 * rng.standard_normal((3, 18500)), rate=100.0, domain=Sensors(names=names), starts=np.array([0]),
        length=400, bad=np.zeros(18500, dtype=bool), places=np.arange(18500), seconds=185.0, segments=46,
        events={"onset": onsets, "trial_type": ["R128"] * 90},
    )  # fmt: skip


def nowhere(network: str = "") -> Region:
    return Region(name="nowhere", columns=np.array([], dtype=int), weights=np.array([]), expected=7, network=network)


def values(features):
    return [
        {k: np.array(v) for k, v in f.value.items()} if isinstance(f.value, dict) else {"": np.array(f.value)}
        for f in features
    ]


def run_measure(plug, given: Signals, regions: list[Region]):
    """Return the features of a measure as the level would get them."""
    cleaned = given.cleaned(plug.cleaning)
    whole = Simultaneous(signals=cleaned, companion=simultaneous()) if plug.companion else cleaned
    if plug.wanted_regions(plug.options()).maps is not None:  # maps are fitted together: all of them, or none
        regions = [region for region in regions if len(region.columns)]
    if plug.name == "graph" and len(regions) == 4:  # a graph has many regions, and all of them
        regions = [replace(regions[0], name=f"r{i}", columns=np.array([i])) for i in range(24)]
    if plug.name == "beta_series":  # many short events, not three blocks
        many = {"onset": [f"{5 + 10 * i}" for i in range(16)], "duration": ["2"] * 16, "trial_type": ["tap"] * 16}
        whole = replace(cleaned, task=replace(cleaned.task, events=many))
    options = plug.options()
    if hasattr(options, "min_minutes"):  # a run of three minutes
        options = replace(options, min_minutes=0)
    try:
        return list(plug.measure(whole, regions, options))
    except NotMeasurableError as error:
        return [] if str(error) else None


@pytest.mark.parametrize("side", [1, 6])
@pytest.mark.parametrize("name", MEASURES)
def test_measure_repeats_itself_and_leaves_its_input_alone(name, side):
    plug = plugs.measure(name)
    given, regions = given_to(plug, side)
    before = copy.deepcopy(given)
    first, second = run_measure(plug, given, regions), run_measure(plug, given, regions)
    assert first or side == 1
    for a, b in zip(values(first), values(second), strict=True):
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[k], b[k], equal_nan=a[k].dtype.kind == "f") for k in a)
    for member, array in vars(before).items():
        assert not isinstance(array, np.ndarray) or np.array_equal(getattr(given, member), array), member
    for feature in first:
        assert feature.output in plug.outputs
        assert feature.label
        labels = plug.labels_of(feature.output, plug.options())
        assert not labels or any(fnmatchcase(feature.label, label) for label in labels)
        if feature.output.kind == "map":
            assert np.shape(feature.value) == (given.domain.size,)
        if feature.output.kind == "matrix":
            assert np.shape(feature.value) == (len(feature.metadata["Nodes"]),) * 2


@pytest.mark.parametrize("name", MEASURES)
def test_measure_survives_regions_without_a_voxel(name):
    plug = plugs.measure(name)
    given, _ = given_to(plug)
    features = run_measure(plug, given, [nowhere("A"), nowhere("B")])
    if plug.wanted_regions(plug.options()).name:
        assert not [f for f in features if f.output.entity in ("seed", "seg")]
    if name == "seed_correlation":
        assert "0 of its 7 voxels" in plug.refusals(None, [nowhere()], plug.options())["seed nowhere"]


@pytest.mark.parametrize("name", MEASURES)
def test_features_of_one_run_are_those_of_its_session(name):
    plug = plugs.measure(name)
    given, regions = given_to(plug)
    features = [f for f in run_measure(plug, given, regions) if f.output.kind != "series"]
    combined = list(plug.combine([features], [90], plug.options()))
    assert [(f.output.name, f.label) for f in combined] == [(f.output.name, f.label) for f in features]
    for one, other in zip(values(features), values(combined), strict=True):
        for key in one:
            if one[key].dtype.kind == "f":
                assert other[key] == pytest.approx(one[key], abs=1e-6, nan_ok=True)
            else:
                assert np.array_equal(other[key], one[key])


STAGES = ("pre", "post", "followup", "period1", "period2")
CHOICES = {
    "one_arm": {"session": "post"},
    "regression": {"value": "vas_pre-vas_post"},
    "general": {"covariates": ("age",), "contrasts": ("older = age",)},
}


def trial_of(count: int, arms: tuple[str, ...] = ("verum", "sham")) -> dict[str, dict[str, str]]:
    rng = np.random.default_rng(2)
    return {
        f"{i:02d}": {
            "group": arms[i % len(arms)], "site": "AB"[i // len(arms) % 2],
            "sequence": ("AB", "BA", "x")[i % len(arms)], "age": str(20 + i),
            "vas_pre": f"{rng.normal(60, 9):.1f}", "vas_post": f"{rng.normal(50, 9):.1f}",
        }
        for i in range(count)
    }  # fmt: skip


def build(name: str, people, available, reasons=None):
    plug = plugs.design(name)
    return plug.design(Table(people, available, reasons or {}), plug.options(**CHOICES.get(name, {})))


@pytest.mark.parametrize("name", DESIGNS)
def test_design_pairs_by_identifier_and_repeats_itself(name):
    rng = np.random.default_rng(1)
    people = trial_of(12)
    shuffled = dict(sorted(people.items(), key=lambda item: rng.random()))
    available = {label: set(STAGES) for label in people}
    one = build(name, people, available)
    other = build(name, shuffled, dict(reversed(available.items())))
    assert isinstance(one, Design)
    assert [r["participant_id"] for r in one.rows] == [r["participant_id"] for r in other.rows]
    for a, b in zip(one.contrasts, other.contrasts, strict=True):
        assert np.array_equal(a.tested, b.tested)
        assert a.asked.words.question
        assert a.asked.words.sign
        assert a.tested.shape[1] + a.nuisance.shape[1] == len(a.columns)
        assert len(a.members) == len(a.tested) == len(a.nuisance) == len(a.blocks)
        assert (a.labels is not None) == (a.effect in ("ancova", "two_sample", "crossover", "variance"))
    (primary,) = (contrast for contrast in one.contrasts if contrast.asked.primary)
    assert primary.asked.words.found
    assert primary.asked.words.absent
    assert len({contrast.name.lower() for contrast in one.contrasts}) == len(one.contrasts)
    assert plugs.design(name).methods.endswith(".")


@pytest.mark.parametrize("name", DESIGNS)
def test_everybody_is_either_analysed_or_lost_with_a_reason(name):
    people = trial_of(15, ("verum", "sham", "waitlist"))
    available = {label: set(STAGES) for label in people}
    available["03"] = {"pre", "period1"}
    del available["04"]
    reasons = dict.fromkeys((("03", "post"), ("03", "period2")), "moved too much")
    found = build(name, people, available, reasons)
    seen = [row["participant_id"].removeprefix("sub-") for row in found.rows] + [p.participant for p in found.lost]
    assert sorted(seen) == sorted(people)
    assert all(loss.reason for loss in found.lost)
    assert "moved too much" in next(p.reason for p in found.lost if p.participant == "03")
    for contrast in found.contrasts:
        stages = set(contrast.asked.outcome.stages)
        assert all(stages <= found.rows[i].stages for i in contrast.members)


@pytest.mark.parametrize("name", DESIGNS)
def test_too_few_people_and_nobody_at_all_are_told_apart(name):
    people = trial_of(4)
    with pytest.raises(WrongDataError) as error:
        build(name, people, {"00": set(STAGES)})
    assert not isinstance(error.value, NothingToCompareError)
    with pytest.raises(NothingToCompareError):
        build(name, people, {})
