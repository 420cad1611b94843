"""Reported peaks of two contrasts compared, from the command line to the page."""

from __future__ import annotations

import json

from conftest import run_deqi
from forbidden import said_too_much
from study_tables import QUICK, studies

from bids_app.dataset.tables import read_tsv


def test_two_contrasts_of_the_same_trials(tmp_path):
    """Peaks within verum and within sham are compared with labels exchanged within trials; five trials are too few."""
    place = studies(tmp_path / "studies", count=12, contrast="verum:post>pre")
    text = (place / "foci.tsv").read_text()
    away = "".join(f"s{i:02}\tsham:post>pre\t-40\t{i % 3}\t{-6 + i % 2}\tMNI\n" for i in range(12))
    (place / "foci.tsv").write_text(text + away)
    words = [*QUICK, "--set", 'syntheses.coordinates.subtract=["verum:post>pre", "sham:post>pre"]']
    ended = run_deqi(place, tmp_path / "out", "meta", *words)
    assert ended.code == 0, ended.text
    start = "synthesis-coordinates_contrast-verumPostGtPreMinusShamPostGtPre"
    assert read_tsv(tmp_path / "out" / "meta" / f"{start}_studies.tsv")["used"].count("true") == 12
    about = json.loads((tmp_path / "out" / "meta" / f"{start}_synthesis.json").read_text())
    assert (len(about["Trials"]), about["Patterns"], about["SmallestP"]) == (12, 100, 0.01)
    table = read_tsv(tmp_path / "out" / "meta" / f"{start}_clusters.tsv")
    assert "second" in table["more_in"]  # there all twelve trials have one place
    page = (tmp_path / "out" / "meta.html").read_text()
    assert "converge differently at" in page
    assert "A change within one arm compares nothing" in page
    (place / "foci.tsv").write_text(text + "".join(away.splitlines(keepends=True)[:5]))
    ended = run_deqi(place, tmp_path / "out", "meta", *words, "--set", "syntheses.coordinates.least=5")
    assert "5 trials report both contrasts; at least 6 are needed" in ended.text
    # Of other trials whole experiments change sides, which is exploratory.
    rows = text.splitlines(keepends=True)
    apart = [row for row in rows if row[:3] < "s06" or row[:5] == "study"]
    away = "".join(row for row in away.splitlines(keepends=True) if row[:3] >= "s06")
    (place / "foci.tsv").write_text("".join(apart) + away)
    ended = run_deqi(place, tmp_path / "out", "meta", *words)
    assert "no trial reports both contrasts, and 6 and 6 experiments report one; at least 10 of each" in ended.text
    ended = run_deqi(place, tmp_path / "out", "meta", *words, "--set", "syntheses.coordinates.least=6")
    assert ended.code == 0, ended.text
    about = json.loads((tmp_path / "out" / "meta" / f"{start}_synthesis.json").read_text())
    assert (about["Exchanged"], about["Experiments"], about["PatternsPossible"]) == ("between", [6, 6], 924)
    page = (tmp_path / "out" / "meta.html").read_text()
    assert "Exploratory: peaks of verum:post&gt;pre (6 experiments)" in page
    assert "which differ in participants, scanners and methods as well" in page
    ended = run_deqi(place, tmp_path / "out", "meta", "--set", 'syntheses.coordinates.subtract=["verum>sham", "a>b"]')
    assert ended.code == 64


def test_both_directions_of_a_contrast(tmp_path):
    """Twenty studies report verum>sham at one place, two the opposite there: which is told, beside convergence."""
    place = studies(tmp_path / "studies", count=22)
    rows = (place / "foci.tsv").read_text().splitlines(keepends=True)
    turned = [row.replace("verum>sham", "sham>verum") if row[:3] in ("s20", "s21") else row for row in rows]
    (place / "foci.tsv").write_text("".join(turned))
    ended = run_deqi(place, tmp_path / "out", "meta", *QUICK, "--set", "syntheses.coordinates.least=2")
    assert ended.code == 0, ended.text
    start = tmp_path / "out" / "meta" / "synthesis-coordinates_contrast-verumGtShamDirection"
    about = json.loads((start.parent / f"{start.name}_synthesis.json").read_text())
    assert (about["Experiments"], about["Samples"], about["Standing"]) == ([20, 2], 22, "claim")
    assert about["SmallestP"] == about["SmallestPossibleP"]
    table = read_tsv(start.parent / f"{start.name}_clusters.tsv")
    assert set(table["more_in"]) == {"first"}
    page = (tmp_path / "out" / "meta.html").read_text()
    assert "one is reported more near" in page
    assert "does not say that peaks converge there" in page
    assert not said_too_much(page)
