"""What every association promises, over every file of the folder: those of an outcome, and those of references."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from synthetic import AFFINE, TARGET, brain

from bids_app import plugs
from bids_app.dataset.atlases.parcels import atlas_regions
from bids_app.errors import DeqiError, UsageError, WrongDataError
from bids_app.launch.demo.reference_data import ATLAS, write_molecules
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.regional_map import RegionalContrast
from bids_app.spatial.result_columns import COLUMNS, TABLES
from bids_app.vocabulary.design import Contrast, ContrastSpec, ContrastText, Response
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.grid import Grid

ALL = plugs.names("associations")
OF_REGIONS = [name for name in ALL if plugs.association(name).asks == "regions"]
SPACE = "MNI152NLin2009cAsym"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("molecules")
    write_molecules(folder, brain(), Grid(brain().shape, AFFINE), TARGET)
    return folder


def options_of(name: str, folder: Path, **more):
    """Return options of a plug that name what the folder has, whatever it calls them."""
    offered = {"table": "expression.tsv", "expression": "expression.tsv", "gene_sets": ("sets.gmt",),
               "receptors": ("receptors.tsv",), "references": ("receptors.tsv",)}  # fmt: skip
    options = plugs.association(name).options
    known = {field.name for field in dataclasses.fields(options)}
    found = {
        key: str(folder / value) if isinstance(value, str) else tuple(str(folder / word) for word in value)
        for key, value in offered.items() if key in known
    }  # fmt: skip
    chosen = {"atlas": str(folder / f"{ATLAS}.nii.gz"), "structures": "together", "hemispheres": "both",
              "surrogates": 200, **found, **more}  # fmt: skip
    return options(**chosen)


def given(folder: Path, relabellings: int = 120, seed: int = 1) -> RegionalContrast:
    """Return smooth maps of nothing by the regions of the folder's atlas."""
    known = atlas_regions(folder / f"{ATLAS}.nii.gz")
    rng = np.random.default_rng(seed)
    count = len(known)
    asked = ContrastSpec(
        name="verumVsShamAdjusted",
        words=ContrastText(question="Do arms differ?", sign="positive = more in verum"),
        outcome=Response({"post": 1.0}),
    )
    one = np.zeros(0)
    contrast = Contrast(
        asked=asked,
        scheme="rerandomise",
        members=one.astype(int),
        tested=one[:, None],
        nuisance=one[:, None],
        blocks=one.astype(int),
        effect="ancova",
    )
    voxels = np.array([place.voxels for place in known])
    return RegionalContrast(
        contrast=contrast,
        places=known,
        voxels=voxels,
        expected=voxels,
        maps=rng.standard_normal((relabellings, count)),
        space=SPACE,
        alpha=0.05,
        seed=3,
        smallest_p=1 / 120,
    )


@pytest.mark.parametrize("name", ALL)
def test_an_association_says_what_it_asks_and_has_the_verbs_for_it(name):
    plug = plugs.association(name)
    assert plug.asks in ("outcome", "regions")
    assert plug.methods.endswith(".")
    assert (plug.asks == "regions") == issubclass(plug.options, RegionalOptions)
    if plug.asks == "outcome":
        assert inspect.getdoc(plug.contrasts)


@pytest.mark.parametrize("name", OF_REGIONS)
def test_its_files_are_there_and_begin_with_the_atlas(name, folder, tmp_path):
    plug, options = plugs.association(name), options_of(name, folder)
    plug.check(options, tmp_path)
    files = plug.files(options, SPACE)
    assert files[0] == folder / f"{ATLAS}.nii.gz"
    assert all(path.is_file() for path in files)
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("name", OF_REGIONS)
def test_without_atlas_or_reference_the_option_is_named(name, folder):
    plug = plugs.association(name)
    with pytest.raises(UsageError, match=rf"associations\.{name}\.atlas is not given"):
        plug.files(options_of(name, folder, atlas=""), SPACE)
    with pytest.raises(UsageError, match=rf"associations\.{name}"):
        plug.files(plug.options(atlas=str(folder / f"{ATLAS}.nii.gz")), SPACE)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_REGIONS)
def test_it_repeats_itself_and_leaves_its_input_alone(name, folder):
    plug, options = plugs.association(name), options_of(name, folder)
    own = given(folder)
    before = own.maps.copy()
    first, second = plug.associate(own, options), plug.associate(given(folder), options)
    assert np.array_equal(own.maps, before)
    assert repr(first) == repr(second)
    main = first.tables[next(iter(first.tables))]
    assert main
    for label, rows in first.tables.items():
        assert re.fullmatch(r"[a-zA-Z0-9]+", label)
        assert all(list(row) == list(rows[0]) for row in rows), label
    for label, rows in first.tables.items():
        assert label in TABLES
        if not label.endswith("Regions"):  # those have a column for each reference, too
            assert set(rows[0] if rows else ()) <= set(COLUMNS), label
    for row in main:
        assert {"part", "p", "p_moran", "p_variogram", "q"} <= set(row) or "p" in row
        assert 0 < row["p"] <= 1
    assert [key for key in first.about if key != "Notes"] == [key for key in second.about if key != "Notes"]
    assert as_label(name.replace("_", " "))


@pytest.mark.parametrize("name", OF_REGIONS)
def test_regions_that_are_not_covered_are_left_out_and_named(name, folder):
    own = given(folder)
    voxels = own.voxels.copy()
    voxels[7] = 0
    own.maps[:, 7] = np.nan
    found = plugs.association(name).associate(dataclasses.replace(own, voxels=voxels), options_of(name, folder))
    assert any(f"not covered in all participants: {own.places[7].name}" in note for note in found.about["Notes"])
    regions = [row["region"] for rows in found.tables.values() for row in rows if "region" in row]
    assert own.places[7].name not in regions


@pytest.mark.parametrize("name", OF_REGIONS)
def test_too_few_regions_are_an_error_that_says_how_many_there_are(name, folder):
    own = given(folder)
    nowhere = dataclasses.replace(own, voxels=np.where(np.arange(len(own.places)) < 12, own.voxels, 0))
    with pytest.raises(WrongDataError, match="12 of 80 regions; at least 20 are needed"):
        plugs.association(name).associate(nowhere, options_of(name, folder))


@pytest.mark.parametrize("name", OF_REGIONS)
def test_a_table_of_another_atlas_shows_the_nearest_names(name, folder, tmp_path):
    plug = plugs.association(name)
    options = options_of(name, folder)
    changed = {}
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if field.name in ("table", "receptors", "references"):
            path = Path(value if isinstance(value, str) else value[0])
            text = re.sub(r"(?m)^([LR])_region", r"\1_gyrus", path.read_text())
            (tmp_path / path.name).write_text(text)
            changed[field.name] = str(tmp_path / path.name) if isinstance(value, str) else (str(tmp_path / path.name),)
    assert changed
    with pytest.raises(
        DeqiError, match=r"0 of its 80 rows are regions of the atlas.*L_gyrus01 \(nearest: L_region01\)"
    ):
        plug.files(dataclasses.replace(options, **changed), SPACE)


@pytest.mark.parametrize("name", OF_REGIONS)
def test_an_atlas_without_a_left_side_is_told(name, folder):
    own = given(folder)
    right = tuple(dataclasses.replace(place, side="right") for place in own.places)
    with pytest.raises(WrongDataError, match="No region of the atlas lies on the left side"):
        plugs.association(name).associate(
            dataclasses.replace(own, places=right), options_of(name, folder, hemispheres="left")
        )
