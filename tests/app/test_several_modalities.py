"""Calls with several modalities: what one of them lacks in a participant costs that one alone."""

from __future__ import annotations

import json

import pytest
from conftest import run_deqi
from test_pet import DURATION, PEOPLE, START, curve, write, write_scan

from bids_app.launch.demo.physiology import write_physiology

THREE = dict(list(PEOPLE.items())[:3])
"""The first has both modalities, the second PET alone, the third physiology and a table without a reference."""


@pytest.fixture
def tree(tmp_path):
    root = write(tmp_path, THREE)
    for label in ("01", "03"):
        for session in ("pre", "post"):
            folder = root / "bids" / f"sub-{label}" / f"ses-{session}" / "func"
            folder.mkdir(parents=True, exist_ok=True)
            stem = folder / f"sub-{label}_ses-{session}_task-rest"
            write_physiology(stem, 150.0, int(label), verum=True, after=session == "post")
    curves = {"frame_start": START, "frame_end": START + DURATION, "putamen": curve(1.0, 0.14, 2.0)}
    for session in ("pre", "post"):
        write_scan(root, "03", session, table=curves)
    settings = '[modalities.pet]\nreference = "cerebellum"\n[modalities.physio]\n'
    (root / "settings.toml").write_text(settings)
    return root


def call(root, *words):
    return run_deqi(
        root / "bids", root / "out", "participant", "-d", f"petprep={root / 'petprep'}", "--config",
        root / "settings.toml", *words,
    )  # fmt: skip


def made(root, label):
    return {path.parent.name for path in (root / "out" / f"sub-{label}").rglob("*.tsv")}


def test_a_participant_without_one_modality_has_the_others(tree):
    found = call(tree)
    assert found.code == 1
    assert made(tree, "01") == {"pet", "beh"}
    assert made(tree, "02") == {"pet"}
    assert made(tree, "03") == {"beh"}
    assert "sub-02: no run of modalities.physio fits the filters" in found.text
    assert "sub-02 done" in found.text
    assert "sub-03 failed: Region 'cerebellum' (modalities.pet.reference) is not in" in found.text
    assert json.loads((tree / "out" / "logs" / "failed" / "sub-03.json").read_text())
    write_scan(tree, "03", "pre")
    write_scan(tree, "03", "post")
    assert call(tree).code == 0
    assert made(tree, "03") == {"pet", "beh"}
    assert not (tree / "out" / "logs" / "failed" / "sub-03.json").exists()


def test_calls_of_single_participants_do_the_same(tree):
    assert call(tree, "--participant-label", "02").code == 0
    third = call(tree, "--participant-label", "03")
    assert third.code == 64
    assert "is not in sub-03_ses-" in third.text
    assert (made(tree, "02"), made(tree, "03")) == ({"pet"}, {"beh"})
    written = (tree / "out" / "logs" / "settings.toml").read_text()
    assert "[modalities.pet]" in written
    assert "[modalities.physio]" in written


def test_what_no_participant_has_is_an_error_of_the_call(tree):
    for label in ("01", "03"):
        for path in (tree / "bids" / f"sub-{label}").rglob("*physio*"):
            path.unlink()
    found = call(tree)
    assert found.code == 18
    assert not (tree / "out").exists()
