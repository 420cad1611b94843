"""Syntheses that must not say more than their numbers: what an independent review tried."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import run_deqi

from bids_app.dataset.tables import read_tsv

QUICK = ("--set", "syntheses.coordinates.redraws=50", "--set", "syntheses.coordinates.noise_draws=0")
G = "study_id\toutcome\tcomparator\tdirection\tg\tv\n"
EVENTS = "study_id\toutcome\tarm\tcomparator\tdirection\tevents\tn\tevents_comparator\tn_comparator\n"


def page_of(folder, *words, code=0):
    """Run, and return the page in one line."""
    peaks = QUICK if any((folder / name).exists() for name in ("foci.tsv", "foci.txt")) else ()
    ended = run_deqi(folder, folder.parent / "out", "meta", *peaks, *words)
    assert ended.code == code, ended.text
    page = folder.parent / "out" / "meta.html"
    return " ".join(page.read_text().split()) if page.exists() else "", ended


def table(tmp_path, name, text):
    folder = tmp_path / "studies"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(("rows", "words", "said"), [
    ([(0.30, 0.2), (0.31, 0.2), (0.32, 0.2), (0.31, 0.2), (0.30, 0.2)], (), "more alike than chance makes them"),
    ([(0.9, 0.05)] * 5, (), "no limits can be had"),
    ([(0.0, 0.05)] * 5, (), "no limits can be had"),
    ([(0.1, 0.01), (1.3, 0.01), (0.9, 0.01)], (), "Nothing is claimed"),
    ([(0.1, 0.01), (1.3, 0.01), (0.9, 0.01), (0.8, 0.01), (0.7, 0.01)],
     ("--set", "syntheses.outcomes.estimator=FE"), "Nothing is claimed"),
    ([(0.5 + 0.1 * i, 0.04) for i in range(11)], (), "better in the arm"),
])  # fmt: skip
def test_what_outcomes_carry(tmp_path, rows, words, said):
    """Limits that collapse, identical effects, few studies, one common effect, and errors that are all alike."""
    text = G + "".join(f"T{i}\tpain\tsham\thigher\t{g}\t{v}\n" for i, (g, v) in enumerate(rows))
    page, _ = page_of(table(tmp_path, "effects.tsv", text), *words)
    assert said in page
    if said == "no limits can be had":  # nor without one of them, in the table of studies left out
        assert set(read_tsv(next((tmp_path / "out" / "meta").glob("*_leaveoneout.tsv")))["p"]) == {"n/a"}
    assert ('class="verdict good"' in page) == (said == "better in the arm")


def test_no_events_at_all(tmp_path):
    """All effects 0: no traceback, no claim, and other outcomes stay on the page."""
    text = EVENTS + "".join(f"T{i}\trelapse\tverum\tsham\tlower\t0\t20\t0\t20\n" for i in range(5))
    text += "".join(f"T{i}\tcure\tverum\tsham\thigher\t{8 + i}\t20\t4\t20\n" for i in range(5))
    page, _ = page_of(table(tmp_path, "effects.tsv", text))
    assert "no limits can be had" in page
    assert "cure" in page


def test_ratios_are_those_of_the_arm(tmp_path):
    """Fewer relapses in the arm: the ratio is below 1 and the arm is better."""
    text = EVENTS + "".join(f"T{i}\trelapse\tverum\tsham\tlower\t{20 + i}\t200\t{42 + i}\t200\n" for i in range(6))
    page, _ = page_of(table(tmp_path, "effects.tsv", text))
    assert "better in the arm than in the comparator (ratio of risks, arm to comparator, 0.5" in page


def test_one_sample_counts_once(tmp_path):
    """Two papers of the same people are refused with their lines."""
    folder = table(tmp_path, "effects.tsv", G + "".join(f"T{i}\tpain\tsham\tlower\t.{i + 2}\t.05\n" for i in range(4)))
    table(tmp_path, "studies.tsv", "study_id\tsample_id\nT0\tX\nT1\tX\nT2\tT2\nT3\tT3\n")
    _, ended = page_of(folder, code=1)
    assert "T0 (line 2), T1 (line 3)" in ended.text


@pytest.mark.parametrize(("row", "said"), [
    ("T\tpain\tsham\tlower\t1e200\t.1", "expected a standardised difference"),
    ("T\tpain\tsham\tlower\t.1\t.1\t2\t1\t1\t2\t1\t1", "several ways"),
    ("T\tpain\tsham\tlower\tn/a\tn/a\t2\t1\t1\t2\t1\t1", "fewer than two participants"),
])  # fmt: skip
def test_cells_that_cannot_be(tmp_path, row, said):
    header = G.strip() + "\tmean\tsd\tn\tmean_comparator\tsd_comparator\tn_comparator\n"
    _, ended = page_of(table(tmp_path, "effects.tsv", header + row + "\tn/a" * (11 - row.count("\t")) + "\n"), code=65)
    assert said in ended.text


def test_opposite_names_are_not_pooled(tmp_path):
    """Names of a Sleuth file that may be directions are refused; an experiment needs no blank line before it."""
    head = "// Reference=MNI\n"
    one = "".join(f"// Lee{i} 2015: Acupuncture > Sham\n// Subjects=20\n38\t4\t{i}\n" for i in range(10))
    other = one.replace("Acupuncture > Sham", "Sham > Acupuncture")
    _, ended = page_of(table(tmp_path, "foci.txt", head + one + other), code=65)
    assert "may be opposite directions" in ended.text
    page, _ = page_of(table(tmp_path, "foci.txt", head + one))
    assert "10 experiments (200 participants) describe, and claim nothing" in page
    assert "Whether all look in one direction is not told" in page


def test_own_words_within_an_arm(tmp_path):
    """`verum:stim>rest` lies within verum, and says nothing of arms."""
    rows = "".join(f"S{i}\tverum:stim>rest\t38\t{4 + i % 3}\t2\t20\n" for i in range(20))
    folder = table(tmp_path, "foci.tsv", "study_id\tcontrast\tx\ty\tz\tn\n" + rows)
    page, _ = page_of(folder, "--set", 'syntheses.coordinates.contrasts=["verum:stim>rest"]')
    assert "Changes within verum (verum:stim&gt;rest)" in page
    # The closed form of one sample of 20: d = .5 is found in 8.7 %, and not in the 1 % of two arms of 10.
    assert "d = 0.5 at one place in 9 % of cases" in page
    assert "A change within one arm compares nothing" in page
    assert 'class="verdict good"' not in page


def test_all_studies_at_one_voxel(tmp_path):
    """P of a voxel is never 0, and tiny samples have no sentence of power."""
    rows = "".join(f"S{i}\tverum>sham\t38\t4\t2\t2\n" for i in range(20))
    folder = table(tmp_path, "foci.tsv", "study_id\tcontrast\tx\ty\tz\tn\n" + rows)
    page, _ = page_of(folder)
    assert "finds a true effect" not in page
    about = read_tsv(tmp_path / "out" / "meta" / "synthesis-coordinates_contrast-verumGtSham_clusters.tsv")
    assert np.isfinite(float(about["peak_z"][0]))


def test_labels_are_exchanged_within_samples(tmp_path):
    """Seven trials whose peaks within verum stand in two papers, those within sham in one: seven pairs."""
    foci, studies = "study_id\tcontrast\tx\ty\tz\tn\n", "study_id\tsample_id\n"
    for i in range(7):
        studies += f"a{i}\tT{i}\nb{i}\tT{i}\n"
        foci += f"a{i}\tverum:post>pre\t38\t4\t{i}\t20\nb{i}\tverum:post>pre\t20\t4\t{i}\t20\n"
        foci += f"a{i}\tsham:post>pre\t-38\t4\t{i}\t20\n"
    table(tmp_path, "studies.tsv", studies)
    folder = table(tmp_path, "foci.tsv", foci)
    page_of(folder, "--set", 'syntheses.coordinates.subtract=["verum:post>pre", "sham:post>pre"]')
    found = json.loads(next((tmp_path / "out" / "meta").glob("*Minus*_synthesis.json")).read_text())
    assert len(found["Trials"]) == 7
    assert all(one["Used"] for one in found["Use"])
