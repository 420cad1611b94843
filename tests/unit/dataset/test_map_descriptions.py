"""What is said of maps from elsewhere: a JSON beside each, by file or column, or a list of the files of a folder."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from bids_app.dataset.atlases.map_descriptions import lists_maps, notes_of_files
from bids_app.errors import UsageError, WrongDataError
from bids_app.spatial import reference_readers
from bids_app.spatial.receptors import receptor_named, receptor_of
from bids_app.spatial.reference_readers import Source

REGIONS = [f"R{number}" for number in range(1, 11)]


@pytest.fixture
def folder(tmp_path):
    """Two volumes and a table in a folder, an atlas of ten regions beside it."""
    labels = np.zeros((12, 4, 4), np.int16)
    for number in range(1, 11):
        labels[number] = number
    nib.save(nib.Nifti1Image(labels, np.eye(4)), tmp_path / "atlas.nii.gz")
    (tmp_path / "atlas.tsv").write_text("index\tname\n" + "".join(f"{i}\t{n}\n" for i, n in enumerate(REGIONS, 1)))
    maps = tmp_path / "maps"
    maps.mkdir()
    for number, name in enumerate(("scan_a", "scan_b"), 1):
        nib.save(nib.Nifti1Image((labels * number).astype(np.float32), np.eye(4)), maps / f"{name}.nii.gz")
    (maps / "more.tsv").write_text("region\tMOR\tD2\n" + "".join(f"{name}\t1\t{i}\n" for i, name in enumerate(REGIONS)))
    return maps


def known(folder):
    found, said = reference_readers.read(Source((str(folder),), "x"), folder.parent / "atlas.nii.gz", "any", 10)
    return {one.name: one for one in found}, said


def test_a_list_and_json_files_tell_of_each_map(folder):
    (folder / "maps.tsv").write_text("File\tReceptor\tTracer\tCitation\nscan_a.nii.gz\tmu-opioid\t[11C]x\tA 2020\n")
    (folder / "scan_b.json").write_text(json.dumps({"TracerName": "y", "ReferencesAndLinks": ["B 2021", "doi"]}))
    (folder / "more.json").write_text(json.dumps({"Description": "Means.", "D2": {"Tracer": "z"}}))
    maps, said = known(folder)
    assert set(maps) == {"scan_a", "scan_b", "MOR", "D2"}
    assert maps["scan_a"].about == {"receptor": "mu-opioid", "tracer": "[11C]x", "citation": "A 2020"}
    assert receptor_of(maps["scan_a"]) == ("MOR", "OPRM1")
    assert maps["scan_b"].about == {"tracer": "y", "citation": "B 2021; doi"}
    assert receptor_of(maps["scan_b"]) == ("", "")
    assert maps["MOR"].about == {"description": "Means."}
    assert maps["D2"].about == {"description": "Means.", "tracer": "z"}
    assert reference_readers.describe_references(list(maps.values()))["D2"] == {
        "File": "more.tsv",
        "Description": "Means.",
        "Tracer": "z",
    }
    assert not any("Nothing is said" in note for note in said)
    files = reference_readers.files_of(Source((str(folder),), "x"), folder.parent / "atlas.nii.gz", "any", 10)
    assert {"maps.tsv", "scan_b.json", "more.json"} <= {file.name for file in files}


def test_maps_of_which_nothing_is_said_are_named(folder):
    _, said = known(folder)
    assert any("Nothing is said" in note and "MOR, D2, scan_a, scan_b" in note for note in said)


def test_the_receptor_is_known_though_the_map_is_called_after_its_file_too(folder):
    (folder / "other.tsv").write_text((folder / "more.tsv").read_text())
    maps, _ = known(folder)
    assert receptor_of(maps["more.tsv: MOR"]) == receptor_named("MOR") == ("MOR", "OPRM1")


def test_what_cannot_be_understood_is_refused(folder):
    path = folder / "maps.tsv"
    path.write_text("file\ttracer\nscan_c.nii.gz\tx\n")
    with pytest.raises(WrongDataError, match="did you mean 'scan_"):
        known(folder)
    assert lists_maps(path)
    with pytest.raises(UsageError, match="Name them too"):
        reference_readers.read(Source((str(path),), "x"), folder.parent / "atlas.nii.gz", "any", 10)
    path.unlink()
    (folder / "scan_a.json").write_text("{")
    with pytest.raises(WrongDataError, match="not valid JSON"):
        notes_of_files([folder / "scan_a.nii.gz"], [])
