"""Links of a framework over studies, from `links.tsv` and outputs of deqi to the page."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy
from conftest import run_deqi, validate_bids
from forbidden import said_too_much
from study_tables import write

from bids_app.dataset.tables import read_tsv

HEADER = ("study_id", "link", "modality", "contrast", "sign", "p", "g", "v", "r", "n")

ROWS = (
    *((f"S{i}", "needle -> PAG", "fMRI", "verum > sham", "", "", g, 0.06, "", "")
      for i, g in enumerate((0.9, 0.7, 0.8, 0.6, 1.0))),
    *((f"S{i}", "PAG → relief", "fMRI", "correlation", "", "", "", "", r, 40) for i, r in enumerate((0.5, 0.1, -0.2))),
    ("S5", "PAG->relief", "PET", "correlation", "+", "<.001", "", "", "", ""),
    ("S6", "PAG->relief", "PET", "correlation", "-", "", "", "", "", ""),
)  # fmt: skip


def run(folder, *more, rows=ROWS, header=HEADER):
    write(folder / "studies", "links.tsv", [header, *rows])
    return run_deqi(folder / "studies", folder / "out", "meta", *more)


def rows_of(out):
    table = read_tsv(out / "meta" / "synthesis-links_contrast-framework_convergence.tsv")
    return {
        (link, modality): {name: values[i] for name, values in table.items()}
        for i, (link, modality) in enumerate(zip(table["link"], table["modality"], strict=True))
    }


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    ended = run(folder, "--set", 'syntheses.links.links=["needle -> PAG", "PAG -> alpha"]')
    assert ended.code == 0, ended.text
    return folder / "out", ended


def test_signs_sizes_and_who_looked(done):
    out, _ = done
    found = rows_of(out)
    needle = found["needle → PAG", "fMRI"]
    assert [needle[name] for name in ("studies", "positive", "negative", "scale", "pooled")] == [
        "5",
        "5",
        "0",
        "g",
        "5",
    ]
    assert float(needle["p_signs"]) == 0.0625  # the specification: 5 of 5
    assert float(needle["effect"]) == pytest.approx(0.8)  # weights are alike, so the mean
    assert found["needle → PAG", "PET"]["note"] == "not studied"
    assert found["PAG → alpha", "fMRI"]["note"] == found["PAG → alpha", "PET"]["note"] == "not studied"
    assert found["PAG → relief", "all"]["studies"] == "5"
    assert found["PAG → relief", "PET"]["pooled"] == "0"  # two, of which none tells a size
    assert found["PAG → relief", "all"]["scale"] == "n/a"  # sizes of modalities are not pooled
    assert validate_bids(out).returncode == 0


def test_p_of_two_studies_is_that_of_the_formula(done):
    # Fisher's of the largest k - 1 one-sided p, in the better direction, doubled (Benjamini & Heller 2008).
    out, _ = done
    z = np.sort(scipy.stats.norm.sf(np.array([0.9, 0.7, 0.8, 0.6, 1.0]) / np.sqrt(0.06)))[1:]
    expected = 2 * scipy.stats.chi2.sf(-2 * np.log(z).sum(), 8)
    assert float(rows_of(out)["needle → PAG", "fMRI"]["p_at_least"]) == pytest.approx(expected, rel=1e-6)
    # Pooled over modalities: S6 tells no p, which counts as 1.
    r = np.array([0.5, 0.1, -0.2])
    upward = [*scipy.stats.norm.sf(np.arctanh(r) * np.sqrt(37)), 0.0005, 1.0]
    expected = 2 * scipy.stats.chi2.sf(-2 * np.log(np.sort(upward)[1:]).sum(), 8)
    assert float(rows_of(out)["PAG → relief", "all"]["p_at_least"]) == pytest.approx(expected, rel=1e-6)


def test_page_shows_a_matrix_and_no_cause(done):
    out, _ = done
    page = (out / "meta.html").read_text()
    for words in (
        "▲▲▲▲▲", "▲▲▽", "not studied", "1 of 3 links is in 2 studies at least", "No study looked at: PAG → alpha"
    ):  # fmt: skip
        assert words in page
    assert not said_too_much(page)


def test_paths_of_outputs_are_sources_of_their_own(tmp_path, done):
    path = {
        "Parent": "PAG", "Child": "relief", "Ordered": True, "Coefficient": 1.0, "Error": 0.5, "T": 2.0, "Df": 36,
        "P": 0.05, "PHolm": 0.05, "Beta": 0.3, "Breaks": 0.3, "Low": 0.0, "High": 2.0, "Participants": 40,
        "Arms": ["verum", "sham"],
    }  # fmt: skip
    about = {
        "Name": "framework", "Source": "", "Among": "", "Arms": ["verum", "sham"], "Paths": [path],
        "Nodes": {"relief": {"What": "change of vas", "Modality": ""}, "PAG": {"What": "PAG", "Modality": ""}},
        "Independences": [], "Untested": [], "Chains": [],
        "C": None, "CDf": 0, "CP": None, "Equivalent": 2, "Alpha": 0.05, "Permutations": 100, "Draws": 100,
        "RandomSeed": 0, "Plan": None, "Participants": 40, "Instrument": None,
    }  # fmt: skip
    folder = tmp_path / "own" / "pathways"
    folder.mkdir(parents=True)
    for name in ("framework", "other"):  # a path of two diagrams counts once
        (folder / f"{name}_diagram.json").write_text(json.dumps(about))
    write(tmp_path / "studies", "studies.tsv", [("study_id", "deqi"), ("Own", "../own"), ("S0", "n/a"), ("S1", "n/a")])
    rows = [(s, "pag -> relief", "Change of vas", "within arms", "", "", "", "", 0.4, 40) for s in ("S0", "S1")]
    ended = run(tmp_path, rows=rows)
    assert ended.code == 0, ended.text
    found = rows_of(tmp_path / "out")["pag → relief", "Change of vas"]  # case tells nothing apart
    # Partial correlation t / sqrt(t² + df), with df - 1 in place of n - 3; alike, so that nothing varies.
    z, w = np.arctanh([0.4, 0.4, 2 / np.sqrt(4 + 36)]), np.array([37.0, 37.0, 35.0])
    assert float(found["effect"]) == pytest.approx(np.tanh((w * z).sum() / w.sum()), rel=1e-6)
    assert found["studies_named"] == "S0; S1; Own"
    write(tmp_path / "studies", "studies.tsv", [("study_id", "deqi"), ("Own", "../own"), ("Again", "../own")])
    ended = run(tmp_path, rows=[("Own", "x -> y", "fMRI", "a", "+", "", "", "", "", "")])
    assert "participants are the same in Own (framework_diagram.json), Again" in ended.text


REFUSED = (
    (("S1", "PAG", "fMRI", "x", "+", "", "", "", "", ""), "expected two ends, such as needle -> PAG"),
    (("S1", "a -> b", "", "x", "+", "", "", "", "", ""), "lacks its modality or contrast"),
    (("S1", "a -> b", "fMRI", "x", "up", "", "", "", "", ""), "expected +, - or 0"),
    (("S1", "a -> b", "fMRI", "x", "+", "2", "", "", "", ""), "expected a two-sided p above 0 and at most 1"),
    (("S1", "a -> b", "fMRI", "x", "+", ".000", "", "", "", ""), "write .000 as <.001"),
    (("S1", "a <-> b", "fMRI", "x", "+", "", "", "", "", ""), "expected two ends, such as needle -> PAG"),
    (("S1", "a -> b", "fMRI", "x", "", "", 0.3, "", "", ""), "v is empty"),
    (("S1", "a -> b", "fMRI", "x", "", "", 0.3, 0.1, 0.2, 20), "tells one result in several ways"),
    (("S1", "a -> b", "fMRI", "x", "", "", "", "", 1.5, 20), "expected a correlation between -1 and 1"),
    (("", "a -> b", "fMRI", "x", "+", "", "", "", "", ""), "has no study_id"),
)


@pytest.mark.parametrize(("row", "message"), REFUSED)
def test_what_cannot_be_understood_is_refused_with_its_cell(tmp_path, row, message):
    ended = run(tmp_path, rows=[row])
    assert ended.code != 0, ended.text
    assert "Traceback" not in ended.text
    for words in (message, "line 2"):
        assert words in ended.text


def test_participants_count_once_and_directions_are_not_mixed(tmp_path):
    write(tmp_path / "studies", "studies.tsv", [("study_id", "sample_id"), ("A", "x"), ("B", "x")])
    rows = [(s, "a -> b", "fMRI", "x", "+", "", "", "", "", "") for s in "AB"]
    ended = run(tmp_path, rows=rows)
    assert ended.code != 0
    assert "participants are the same in A (line 2), B (line 3)" in ended.text
    rows = [
        (s, "a -> b", m, c, "+", "", "", "", "", "")
        for s, m, c in (("A", "fMRI", "verum>sham"), ("B", "EEG", "sham > verum"))
    ]
    ended = run(tmp_path, rows=rows)
    assert ended.code != 0
    assert "Write all of them as one, and turn the sign" in ended.text


def test_one_sample_in_two_modalities_counts_once(tmp_path):
    rows = [("A", "a -> b", m, "x", sign, ".01", "", "", "", "") for m, sign in (("fMRI", "+"), ("PET", "-"))]
    assert run(tmp_path, rows=rows).code == 0
    found = rows_of(tmp_path / "out")["a → b", "all"]
    assert (found["studies"], found["positive"], found["negative"]) == ("1", "0", "0")  # they disagree
