"""A plan is sealed before arms can be read; what is done later is held against it."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import FAST, SEEDS, run_deqi
from pages import group_pages
from trial_tables import CONFIG, write_record

from bids_app.dataset.tables import read_tsv


@pytest.fixture(scope="module")
def place(analysed, tmp_path_factory):
    """A trial whose allocation lies apart, and the participant level's output."""
    folder = tmp_path_factory.mktemp("plan")
    data = folder / "data"
    shutil.copytree(analysed.trial.root, data, symlinks=True)
    shutil.copytree(analysed.output, folder / "out", ignore=shutil.ignore_patterns("group", "group_*"))
    write_record(data, analysed.trial.people)
    (data / "phenotype" / "acupuncture.json").unlink()
    for needled in data.glob("sub-*/ses-tx01"):
        shutil.rmtree(needled)
    table = read_tsv(data / "participants.tsv")
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    write = lambda path, keys: path.write_text(  # noqa: E731
        "\n".join("\t".join(row) for row in [keys, *([r[k] for k in keys] for r in rows)]) + "\n"
    )
    write(folder / "allocation.tsv", ["participant_id", "group"])
    write(data / "participants.tsv", ["participant_id", "age", "site"])
    (folder / "analysis.toml").write_text(CONFIG.replace('moderators = ["age"]\n', ""))
    ended = call(folder, "--lock", folder / "plan.json")
    assert ended.code == 0, ended.text
    return folder


def call(folder, *words):
    return run_deqi(folder / "data", folder / "out", "group", *FAST, "--config", folder / "analysis.toml", *words)


@pytest.fixture
def copy(place, tmp_path):
    shutil.copytree(place, tmp_path / "p", symlinks=True)
    return tmp_path / "p"


def group(folder, *words):
    ended = call(folder, "--allocation", folder / "allocation.tsv", *words)
    assert ended.code == 0, ended.text
    return ended


def told(folder):
    maps = next((folder / "out" / "group").glob("*seed-near_contrast-verumVsShamAdjusted_statmap.json"))
    change = next((folder / "out" / "group").glob("*seed-near_contrast-verumChange_statmap.json"))
    outcome = folder / "out" / "group" / "meas-vas_outcome.json"
    return [json.loads(path.read_text())["Plan"] for path in (maps, change, outcome)]


def test_what_was_sealed_is_confirmatory_and_all_else_exploratory(copy):
    sealed = json.loads((copy / "plan.json").read_text())
    assert sealed["AfterUnblinding"] is False
    assert len(sealed["SHA256"]) == 64
    group(copy, "--plan", copy / "plan.json")
    maps, change, outcome = told(copy)
    assert (maps["Status"], change["Status"], outcome["Status"]) == ("confirmatory", "exploratory", "confirmatory")
    assert maps["SHA256"] == outcome["SHA256"] == sealed["SHA256"]
    assert maps["Deviations"] == []
    assert "confirmatory" in group_pages(copy / "out")


def test_deviations_are_listed_and_lower_what_they_touch(copy):
    group(copy, "--plan", copy / "plan.json", "--set", "inference.claim=voxel")
    maps, _, outcome = told(copy)
    assert maps["Status"] == outcome["Status"] == "exploratory"
    assert maps["Deviations"] == [
        {"Table": "inference", "Key": "claim", "Kind": "changed", "Planned": "mass", "Now": "voxel"}
    ]
    assert "inference.claim: planned" in group_pages(copy / "out")
    group(copy, "--plan", copy / "plan.json", "--set", "outcomes.vas.important_difference=5")
    maps, _, outcome = told(copy)
    assert (maps["Status"], outcome["Status"]) == ("confirmatory", "exploratory")


def test_without_a_plan_nothing_is_called_confirmatory(copy):
    group(copy)
    assert told(copy) == [None, None, None]
    assert "No analysis plan was locked" in group_pages(copy / "out")


def test_a_plan_is_not_sealed_once_arms_can_be_read(copy):
    ended = call(copy, "--lock", copy / "late.json", "--allocation", copy / "allocation.tsv")
    assert ended.code == 64
    assert "arms can be read" in ended.err
    assert not (copy / "late.json").exists()
    ended = call(copy, "--lock", copy / "late.json", "--allocation", copy / "allocation.tsv", "--lock-after-unblinding")
    assert ended.code == 0, ended.text
    group(copy, "--plan", copy / "late.json")
    maps, _, outcome = told(copy)
    assert (maps["AfterUnblinding"], maps["Status"], outcome["Status"]) == (True, "exploratory", "exploratory")
    assert "locked after allocations could be read" in group_pages(copy / "out")


def test_arms_in_any_column_unblind(copy):
    path = copy / "data" / "phenotype" / "other.tsv"
    rows = read_tsv(copy / "allocation.tsv")
    lines = ["participant_id\tnote", *(f"{who}\t{arm}" for who, arm in zip(*rows.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")
    ended = call(copy, "--lock", copy / "late.json")
    assert ended.code == 64
    assert "Column note has sham, verum" in ended.err


def test_tables_of_needles_unblind(copy):
    write_record(copy / "data", {row.removeprefix("sub-"): "verum" for row in ("sub-01", "sub-02")})
    ended = call(copy, "--lock", copy / "late.json")
    assert (ended.code, "tell who was needled how" in ended.err) == (64, True)


def test_a_plan_is_sealed_once_and_not_mended(copy):
    ended = call(copy, "--lock", copy / "plan.json")
    assert ended.code == 64
    assert "a plan is sealed once" in ended.err
    sealed = json.loads((copy / "plan.json").read_text())
    sealed["Plan"]["Settings"]["inference"]["claim"] = "voxel"
    (copy / "plan.json").write_text(json.dumps(sealed))
    ended = call(copy, "--allocation", copy / "allocation.tsv", "--plan", copy / "plan.json")
    assert ended.code == 65
    assert "is not what was sealed" in ended.err


def test_blinded_results_are_held_against_the_plan_as_well(copy):
    shutil.copy(copy / "data" / "participants.tsv", copy / "kept.tsv")
    rows = read_tsv(copy / "allocation.tsv")
    arms = dict(zip(*rows.values(), strict=True))
    lines = (copy / "data" / "participants.tsv").read_text().splitlines()
    whole = [f"{lines[0]}\tgroup", *(f"{line}\t{arms[line.split(chr(9))[0]]}" for line in lines[1:])]
    (copy / "data" / "participants.tsv").write_text("\n".join(whole) + "\n")
    ended = call(copy, "--blind", "--plan", copy / "plan.json")
    assert ended.code == 0, ended.text
    path = next((copy / "out" / "group").glob("*seed-near_contrast-*Adjusted_statmap.json"))
    assert json.loads(path.read_text())["Plan"]["Status"] == "confirmatory"
    assert "verum" not in json.dumps(json.loads(path.read_text())["Plan"])


def test_what_a_call_chooses_is_part_of_the_plan(copy):
    """Seeds, people, lists of exclusions and what the dataset says of an outcome decide as much as settings do."""
    planned = (
        "--allocation",
        copy / "allocation.tsv",
        "--plan",
        copy / "plan.json",
        "--config",
        copy / "analysis.toml",
    )
    near = [*FAST[:3], SEEDS[0], *FAST[-2:]]
    ended = run_deqi(copy / "data", copy / "out", "group", *near, *planned)
    assert ended.code == 0, ended.text
    maps, _, outcome = told(copy)
    assert (maps["Status"], outcome["Status"]) == ("exploratory", "confirmatory")
    first = maps["Deviations"][0]
    assert (first["Table"], first["Key"], first["Kind"]) == ("measures.seed_correlation", "seeds", "changed")
    kept = [who for who in read_tsv(copy / "data" / "participants.tsv")["participant_id"] if who != "sub-01"]
    group(copy, "--plan", copy / "plan.json", "--participant-label", *kept)
    maps, _, outcome = told(copy)
    assert (maps["Status"], outcome["Status"]) == ("exploratory", "exploratory")
    ratings = copy / "ratings.tsv"
    ratings.write_text("participant_id\tsession_id\trating\nsub-01\tses-pre\texclude\n")
    group(copy, "--plan", copy / "plan.json", "--exclusions", ratings)
    maps, _, outcome = told(copy)
    assert (maps["Status"], outcome["Status"]) == ("exploratory", "confirmatory")
    about = copy / "data" / "phenotype" / "vas.json"
    about.write_text(about.read_text().replace("lower is better", "higher is better"))
    group(copy, "--plan", copy / "plan.json")
    maps, change, outcome = told(copy)
    assert (maps["Status"], outcome["Status"]) == ("confirmatory", "exploratory")
    assert "higher is better" in json.dumps(outcome["Deviations"][0]["Now"])
    assert change["SHA256"] == maps["SHA256"]


def test_an_outcome_that_is_dropped_lowers_those_it_was_corrected_with(copy):
    path = copy / "analysis.toml"
    path.write_text(path.read_text().partition("[outcomes.days]")[0])
    group(copy, "--plan", copy / "plan.json")
    maps, _, outcome = told(copy)
    assert (maps["Status"], outcome["Status"]) == ("confirmatory", "exploratory")


@pytest.mark.parametrize(("key", "value"), [("AfterUnblinding", False), ("LockedOn", "2020-01-01")])
def test_when_and_how_a_plan_was_sealed_cannot_be_mended_either(copy, key, value):
    late = copy / "late.json"
    words = ("--allocation", copy / "allocation.tsv", "--lock-after-unblinding")
    assert call(copy, "--lock", late, *words).code == 0
    late.write_text(json.dumps({**json.loads(late.read_text()), key: value}))
    ended = call(copy, "--allocation", copy / "allocation.tsv", "--plan", late)
    assert (ended.code, "is not what was sealed" in ended.err) == (65, True)


def test_no_plan_is_sealed_beside_results_that_name_the_arms(copy):
    group(copy)
    ended = call(copy, "--lock", copy / "late.json")
    assert (ended.code, "results were written with them" in ended.err) == (64, True)
