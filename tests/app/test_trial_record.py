"""Outcomes, treatment and blinding from the tables of a dataset to the group page, and bad records on the way."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from conftest import FAST, run_deqi, validate_bids
from forbidden import said_too_much
from pages import group_pages
from scipy import stats
from trial_tables import CONFIG, COUPLED, PREDICTED, write_record, write_tsv

from bids_app.dataset.tables import read_frame, read_tsv
from bids_app.dataset.treatment import needle_files


@pytest.fixture(scope="module")
def place(analysed, tmp_path_factory):
    """A copy of the tiny trial with a record, analysed with outcomes; read only."""
    folder = tmp_path_factory.mktemp("record")
    data, out = folder / "data", folder / "out"
    shutil.copytree(analysed.trial.root, data, symlinks=True)
    shutil.copytree(analysed.output, out)
    write_record(data, analysed.trial.people)
    (folder / "analysis.toml").write_text(CONFIG)
    ended = run_deqi(data, out, "group", *FAST, "--config", folder / "analysis.toml")
    assert ended.code == 0, ended.text
    return folder


@pytest.fixture
def copy(place, tmp_path):
    for name in ("data", "out"):
        shutil.copytree(place / name, tmp_path / name, symlinks=True)
    shutil.copy(place / "analysis.toml", tmp_path)
    return tmp_path


def again(folder, *words):
    return run_deqi(folder / "data", folder / "out", "group", *FAST, "--config", folder / "analysis.toml", *words)


def lines(folder, name):
    table = read_frame(folder / "out" / "group" / f"meas-{name}_outcome.tsv").to_dict("records")
    return {row["analysis"]: row for row in table if row["visit"] == "post" and "against" in row["comparison"]}


def test_outcomes_have_tables_and_a_page(place):
    group = place / "out" / "group"
    vas = lines(place, "vas")
    assert vas["clda"]["weight"] == "decides"
    assert vas["clda"]["people"] == "5 / 5"
    assert vas["ancova"]["people"] == "5 / 4"
    assert vas["moderator_age"]["weight"] == "exploratory"
    assert lines(place, "days")["rate_ratio"]["weight"] == "decides"
    about = json.loads((group / "meas-vas_outcome.json").read_text())
    assert about["ImportantDifference"] == 10
    assert about["Notes"][0] == "Not asked at post: 0 of verum, 1 of sham; they count with the visits they have."
    text = group_pages(place / "out")
    assert "vas at post was lower (better) in verum than in sham" in text
    assert "Points needled" in text
    assert said_too_much(text) == []


def test_ranks_are_those_of_scipy_on_the_values_that_are_written(place):
    values = read_frame(place / "out" / "group" / "meas-vas_values.tsv").dropna()
    change = values["post"] - values["pre"]
    expected = stats.mannwhitneyu(change[values["arm"] == "verum"], change[values["arm"] == "sham"],
                                  use_continuity=False, method="asymptotic")  # fmt: skip
    assert lines(place, "vas")["mann_whitney"]["p"] == pytest.approx(expected.pvalue)


def test_treatment_points_guesses_and_checklists_are_written(place):
    group = place / "out" / "group"
    points = read_tsv(group / "desc-treatment_points.tsv")
    assert points["point"] == ["GB20", "GB99"]
    assert "did you mean 'GB44'" in points["remark"][1]
    assert json.loads((group / "desc-treatment_blinding.json").read_text())["Bang"].keys() == {"verum", "sham"}
    stricta = read_tsv(group / "desc-stricta_checklist.tsv")
    assert dict(zip(stricta["item"], stricta["verum"], strict=True))["2b"] == "Code GB20"
    consort = read_tsv(group / "desc-consort_checklist.tsv")
    answers = dict(zip(consort["item"], consort["answer"], strict=True))
    assert answers["2"] == "none: a test"
    assert answers["14"].startswith("vas at post (primary)")
    assert answers["6"] == "not reported"


def test_people_who_were_never_scanned_count_in_outcomes(copy):
    path = copy / "data" / "participants.tsv"
    path.write_text(path.read_text() + "sub-99\tverum\t40\tA\n")
    for name, value in (("vas", "60\t30"), ("days", "9\t3")):
        table = copy / "data" / "phenotype" / f"{name}.tsv"
        table.write_text(table.read_text() + f"sub-99\t{value}\n")
    assert again(copy).code == 0
    assert lines(copy, "vas")["clda"]["people"] == "6 / 5"


def test_a_long_table_and_tables_of_sessions_are_read_as_well(copy):
    vas = read_tsv(copy / "data" / "phenotype" / "vas.tsv")
    (copy / "data" / "phenotype" / "vas.tsv").unlink()
    for who, before, after in zip(*vas.values(), strict=True):
        write_tsv(
            copy / "data" / who / f"{who}_sessions.tsv", {"session_id": ["ses-pre", "ses-post"], "vas": [before, after]}
        )
    before = lines(copy, "vas")["clda"]
    assert again(copy).code == 0
    assert lines(copy, "vas")["clda"] == pytest.approx(before, nan_ok=True)


def test_while_arms_are_blinded_nothing_is_told_of_their_treatment(copy):
    ended = again(copy, "--blind")
    assert ended.code == 0, ended.text
    assert json.loads((copy / "out" / "group" / "meas-vas_outcome.json").read_text())["Arms"] == ["A", "B"]
    assert not list((copy / "out" / "group").glob("desc-*_checklist.tsv"))
    text = group_pages(copy / "out")
    at = text.find("verum")
    assert at == -1, text[at - 300 : at + 100]
    assert "blunt needle" not in text


def test_results_go_with_what_is_no_longer_asked(copy):
    (copy / "analysis.toml").write_text('[outcomes.days]\nkind = "count"\n')
    assert again(copy).code == 0
    assert not list((copy / "out" / "group").glob("meas-vas_*"))
    assert list((copy / "out" / "group").glob("meas-days_outcome.tsv"))


BAD = {
    "impossible": ("phenotype/vas.tsv", "sub-01\t", "sub-01\t1", "impossible values: sub-01 has vas_pre = 1"),
    "direction": ("phenotype/vas.json", '"Direction"', '"Way"', "--set outcomes.vas.better=lower"),
    "units": ("phenotype/vas.json", '"Units"', '"Unit"', "vas has no units"),
    "column": ("phenotype/vas.tsv", "vas_pre", "pain_pre", "needs the column vas_pre"),
    "stricta": ("phenotype/acupuncture.json", '"Arms": {', '"Arms": 3, "x": {', "STRICTA must hold"),
    "json": ("phenotype/acupuncture.json", "{", "", "is not valid JSON"),
    "needles": (
        "sub-01/ses-tx01/beh/sub-01_ses-tx01_task-acupuncture_events.tsv",
        "acupoint",
        "place",
        "expected acupoint",
    ),
    "depth": (
        "sub-01/ses-tx01/beh/sub-01_ses-tx01_task-acupuncture_events.tsv",
        "n/a",
        "deep",
        "depth_mm holds 15, deep",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_ends_the_call_before_any_work(copy, what):
    place, found, instead, said = BAD[what]
    path = copy / "data" / place
    path.write_text(path.read_text().replace(found, instead, 1 if what in ("impossible", "json") else -1))
    ended = again(copy)
    assert ended.code == 65, ended.text
    assert said in ended.err
    assert "Traceback" not in ended.text


def test_an_outcome_that_cannot_be_analysed_stops_no_other(copy):
    (copy / "data" / "phenotype" / "vas.tsv").write_text("participant_id\tvas_pre\tvas_post\nsub-01\t50\t40\n")
    ended = again(copy)
    assert ended.code == 0, ended.text
    assert "Outcome vas is not analysed" in ended.err
    assert "Outcome vas is not analysed" in group_pages(copy / "out")
    assert lines(copy, "days")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--set", 'designs.parallel_prepost.covariates=["n_sessions_attended"]'], 64, "arises after randomisation"),
        (["--set", "outcomes.vas.endpoint=later"], 64, "expected one of post"),
        (["--set", "outcomes.vas.rolle=primary"], 64, "did you mean"),
        (["--set", 'outcomes.vas.moderators=["nothing"]'], 65, "has no column 'nothing'"),
    ],
)
def test_settings_that_cannot_be_are_told(copy, words, code, said):
    ended = again(copy, *words)
    assert (ended.code, said in ended.text) == (code, True), ended.text


def test_two_words_can_moderate_and_more_cannot(copy):
    assert again(copy, "--set", 'outcomes.vas.moderators=["genotype", "needle_deqi"]').code == 0
    found = lines(copy, "vas")
    assert found["moderator_genotype"]["weight"] == "exploratory"
    assert "known before randomisation" in found["moderator_genotype"]["remark"]
    assert "arises after randomisation" in found["moderator_needle_deqi"]["remark"]


def test_the_dry_run_names_the_outcomes(copy):
    ended = again(copy, "--dry-run")
    assert ended.code == 0
    assert "outcomes: vas, days" in ended.out


MEASURED = """
[outcomes.rate]
column = "days"
kind = "measurement"
[associations.coupled_change]
regions = ["target:20,28,4:20"]
"""
"""A value of which no side is better, beside an outcome of which one is."""


def test_brain_and_symptom_stand_beside_the_contrasts(copy):
    (copy / "analysis.toml").write_text(COUPLED + MEASURED)
    ended = again(copy)
    assert ended.code == 0, ended.text
    group = copy / "out" / "group"
    rows = read_frame(next(group.glob("*seed-near*_desc-brainSymptom_association.tsv")))
    assert set(rows["region"]) == {"target", "leaveOneOut"}
    values = read_frame(next(group.glob("*seed-near*_desc-brainSymptomValues_association.tsv")))
    own = values[(values["region"] == "target") & (values["arm"] == "verum")].dropna()
    row = rows[(rows["region"] == "target") & (rows["whom"] == "within verum")].iloc[0]
    assert row["estimate"] == pytest.approx(stats.spearmanr(own["change"], own["improvement"]).statistic)
    assert list(group.glob("*seed-near_contrast-verumVsShamVasByBaseline_stat-t_statmap.nii.gz"))
    text = group_pages(copy / "out")
    assert "Region nowhere has no voxel that all participants have." in text
    changes_of_measurements(group, text)
    assert "never a result" in text
    assert said_too_much(text) == []
    (copy / "analysis.toml").write_text(COUPLED.replace('"leave-one-out"', '"significant"'))
    ended = again(copy)
    assert ended.code == 64
    assert "counts twice (circular)" in ended.err
    (copy / "analysis.toml").write_text("[associations.brain_symptom]\n")
    ended = again(copy)
    assert ended.code == 64
    assert "[outcomes.<name>] declares" in ended.err


def changes_of_measurements(group, text):
    """Check what stands of a change in maps beside one in a measurement."""
    rows = read_frame(next(group.glob("*seed-near*_desc-coupledChange_association.tsv")))
    values = read_frame(next(group.glob("*seed-near*_desc-coupledChangeValues_association.tsv")))
    own = values[values["arm"] == "sham"].dropna()
    row = rows[rows["whom"] == "within sham"].iloc[0]
    assert row["what"] == "changes of both"
    assert row["estimate"] == pytest.approx(stats.spearmanr(own["change"], own["outcome_change"]).statistic)
    made = {path.name.split("contrast-")[1].split("_")[0] for path in group.glob("*seed-near_*Rate*_stat-t_statmap.*")}
    assert made == {"verumRateSlope", "shamRateSlope", "allRateSlope", "verumVsShamRateSlope"}
    assert "Changes in the brain and in measurements" in text
    assert "associated with the change in rate" in text


def test_an_outcome_is_predicted_from_maps_before_treatment(copy):
    (copy / "analysis.toml").write_text(CONFIG + PREDICTED)
    ended = again(copy)
    assert ended.code == 0, ended.text
    assert "sub-10 is not predicted: vas is not known at both visits." in ended.err
    group = copy / "out" / "group"
    table = read_frame(next(group.glob("*_desc-ridge_prediction.tsv")))
    assert list(table["features"]) == ["clinical", "brain", "combined"]
    card = json.loads(next(group.glob("*_desc-ridge_model.json")).read_text())
    assert "components of maps are not written" in card["Remark"]
    assert len(read_tsv(next(group.glob("*_desc-ridge_predictions.tsv")))["participant_id"]) == 9
    text = group_pages(copy / "out")
    assert "Who responds" in text
    assert "how much people improve in vas" in text
    again_ = again(copy)
    assert "prediction_task-rest_space-MNI152NLin2009cAsym_res-8: already done" in again_.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "prediction.folds=5"], "9 people can be predicted; at least 20 are needed"),
        (["--set", "prediction.measure=alff"], "prediction.measure is 'alff'; there are seed_correlation"),
        (["--set", 'prediction.clinical=["nothing"]'], "no column 'nothing'"),
        (["--set", "prediction.target=responder", "--set", "prediction.share=0.99"], "each class needs at least 2"),
    ],
)
def test_what_cannot_be_predicted_is_told_and_stops_nothing_else(copy, words, said):
    (copy / "analysis.toml").write_text(CONFIG + PREDICTED)
    ended = again(copy, *words)
    assert ended.code == 1, ended.text
    assert said in ended.err
    assert "group_task-rest" in ended.err


def test_the_record_of_the_demonstration_is_valid_bids_and_a_long_table_is_read_all_the_same(tmp_path):  # T28
    from bids_app.dataset.phenotype import read_phenotype
    from bids_app.launch.demo.trial_record import write_record as write_demonstration

    people = [{"label": f"{i:02d}", "arm": ("verum", "sham")[i % 2], "age": 40 + i, "sex": "F", "gone": i == 3}
              for i in range(6)]  # fmt: skip
    write_demonstration(tmp_path, people)
    about = {"Name": "record", "BIDSVersion": "1.9.0", "DatasetType": "raw", "License": "CC0"}
    (tmp_path / "dataset_description.json").write_text(json.dumps(about))
    (tmp_path / ".bidsignore").write_text("code\n")
    ended = validate_bids(tmp_path)
    assert ended.returncode == 0, ended.stdout
    long = tmp_path / "phenotype" / "nrs.tsv"
    long.write_text("participant_id\tsession_id\tnrs\nsub-00\tses-pre\t7\nsub-00\tses-post\t4\n")
    assert "TSV_INDEX_VALUE_NOT_UNIQUE" in validate_bids(tmp_path).stdout
    assert read_phenotype(long)["00"] == {"nrs_pre": "7", "nrs_post": "4"}


def test_the_page_of_a_whole_trial_says_no_more_than_it_may(whole):
    assert whole.group.code == 0, whole.group.text
    text = group_pages(whole.output)
    assert said_too_much(text) == []
    for part in ("Outcomes", "Brain and symptom", "Who responds", "Treatment"):
        assert f"<h1>{part}</h1>" in text
    assert "locked after allocations could be read" in text


def test_predictions_that_are_no_longer_asked_for_go(copy):
    (copy / "analysis.toml").write_text(COUPLED + PREDICTED)
    assert again(copy).code == 0
    group = copy / "out" / "group"
    assert list(group.glob("*_prediction.json"))
    (copy / "analysis.toml").write_text(CONFIG)
    assert again(copy, "--blind").code == 0
    assert not [*group.glob("*_prediction*"), *group.glob("*_model.json")]
    assert "verum" not in group_pages(copy / "out")


def test_an_attempt_that_fails_leaves_nothing_that_names_the_arms(copy):
    assert again(copy).code == 0
    table, people = copy / "data" / "phenotype" / "vas.tsv", read_tsv(copy / "data" / "participants.tsv")
    sham = {who for who, arm in zip(people["participant_id"], people["group"], strict=True) if arm == "sham"}
    vas = read_tsv(table)
    vas["vas_post"] = ["n/a" if who in sham else after for who, _, after in zip(*vas.values(), strict=True)]
    write_tsv(table, vas)
    (copy / "analysis.toml").write_text('[outcomes.vas]\nrole = "primary"\n')
    ended = again(copy, "--blind")
    assert ended.code != 0
    assert "vas is known at pre and post of" in ended.text
    assert not list((copy / "out" / "group").glob("meas-*"))
    assert "verum" not in group_pages(copy / "out")


def test_events_of_the_scanner_are_no_needles(copy):
    write_tsv(copy / "data" / "sub-01" / "ses-pre" / "func" / "sub-01_ses-pre_task-acupuncture_events.tsv",
              {"onset": [0], "duration": [30], "trial_type": ["needling"]})  # fmt: skip
    ended = again(copy)
    assert ended.code == 0, ended.text
    assert not [path for path in needle_files(copy / "data", ["01"]) if path.parent.name == "func"]


def test_outcomes_that_would_share_a_file_are_refused(copy):
    path = copy / "analysis.toml"
    path.write_text(path.read_text() + '[outcomes.v_as]\ncolumn = "vas"\n')
    ended = again(copy)
    assert (ended.code, "would have one file" in ended.err) == (64, True)


def test_visits_with_numbers_as_names_have_their_table(copy):
    for name in ("vas", "days"):
        for end in ("tsv", "json"):
            path = copy / "data" / "phenotype" / f"{name}.{end}"
            path.write_text(path.read_text().replace(f"{name}_pre", f"{name}_01").replace(f"{name}_post", f"{name}_02"))
    path, visits = copy / "analysis.toml", '\nvisits = ["01", "02"]\n'
    path.write_text(re.sub(r"(\[outcomes\.\w+\])\n", rf"\1{visits}", path.read_text()))
    ended = again(copy)
    assert ended.code == 0, ended.text
    text = group_pages(copy / "out")
    assert "vas at 02 was lower (better) in verum" in text
    assert "adjusted difference, all participants (cLDA)" in text
    assert "The other visits" not in text


def test_another_content_of_a_region_makes_results_anew(copy):
    import nibabel as nib

    maps = next((copy / "out").glob("sub-01/ses-pre/func/*_stat-z_statmap.nii.gz"), None) or next(
        (copy / "out").glob("sub-01/**/*statmap.nii.gz")
    )
    image = nib.load(maps)
    region = (np.asanyarray(image.dataobj) != 0).astype(np.uint8)
    path = copy / "own.nii.gz"
    nib.Nifti1Image(region, image.affine).to_filename(path)
    (copy / "analysis.toml").write_text(f'{CONFIG}[associations.brain_symptom]\nregions = ["own={path}"]\n')
    assert again(copy).code == 0
    assert "group_task-rest_space-MNI152NLin2009cAsym_res-8: already done" in again(copy).err
    region[: region.shape[0] // 2] = 0
    nib.Nifti1Image(region, image.affine).to_filename(path)
    assert "group_task-rest_space-MNI152NLin2009cAsym_res-8: done in" in again(copy).err
