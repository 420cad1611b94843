"""Tables about people are joined by identifier; a column keeps its table and description; what does not fit is told."""

from __future__ import annotations

import json

import pytest

from bids_app.dataset.participant_tables import read_people
from bids_app.errors import UsageError, WrongDataError
from bids_app.plan.participants_table import with_allocation
from bids_app.settings import resolve
from bids_app.trial.outcomes import Said, outcome_of
from bids_app.vocabulary.outcome import OutcomeOptions


def table(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join("\t".join(row) for row in rows) + "\n")


def scale(folder, name, values, **about):
    rows = [(f"sub-{label}", before, after) for label, (before, after) in values.items()]
    table(folder / "phenotype" / f"{name}.tsv", ("participant_id", "score_pre", "score_post"), *rows)
    (folder / "phenotype" / f"{name}.json").write_text(json.dumps({f"score_{v}": about for v in ("pre", "post")}))


@pytest.fixture
def folder(tmp_path):
    table(tmp_path / "participants.tsv", ("participant_id", "group"), ("sub-01", "verum"), ("sub-02", "sham"))
    return tmp_path


def read(folder):
    return read_people(folder / "participants.tsv", folder)


def outcome(found, **options):
    said = Said(found.rows, found.sources, found.described)
    return outcome_of("pain", OutcomeOptions(column="score", **options), said, ["pre", "post"])


def test_two_scales_of_one_name_are_never_mixed(folder):
    scale(folder, "vas", {"01": ("60", "40"), "02": ("55", "50")}, Units="mm", Direction="lower is better")
    scale(folder, "mental", {"01": ("20", "25"), "02": ("21", "22")}, Units="T", Direction="higher is better")
    found = read(folder)
    scores = {"vas.score_pre": "60", "vas.score_post": "40", "mental.score_pre": "20", "mental.score_post": "25"}
    assert found.rows["01"] == {"participant_id": "sub-01", "group": "verum", **scores}
    with pytest.raises(
        WrongDataError, match=r"stands in mental and vas with other values.*outcomes\.pain\.table=mental"
    ):
        outcome(found)
    for name, units, lower in (("vas", "mm", True), ("mental", "T", False)):
        chosen = outcome(found, table=name)
        assert chosen.columns == (f"{name}.score_pre", f"{name}.score_post")
        assert (chosen.units, chosen.lower_is_better) == (units, lower)
    with pytest.raises(WrongDataError, match="did you mean 'vas'"):
        outcome(found, table="vass")


def test_tables_that_agree_are_one_and_gaps_are_filled(folder):
    scale(folder, "vas", {"01": ("60", "n/a"), "02": ("55", "50")}, Units="mm", Direction="lower is better")
    scale(folder, "again", {"01": ("60.0", "40")}, Units="mm", Direction="lower is better")
    found = read(folder)
    assert found.rows["01"]["score_pre"] in ("60", "60.0")
    assert found.rows["01"]["score_post"] == "40"
    assert outcome(found).units == "mm"
    assert any("again.tsv has no row of sub-02" in note for note in found.notes)


def test_a_description_is_not_borrowed_from_another_table(folder):
    scale(folder, "vas", {"01": ("60", "40"), "02": ("55", "50")})
    (folder / "participants.json").write_text(json.dumps({"score_pre": {"Units": "mm", "Direction": "lower"}}))
    with pytest.raises(WrongDataError, match="nothing says whether a lower or a higher score is better"):
        outcome(read(folder))


def test_rows_of_strangers_are_told_and_ids_without_zeros_end_the_call(folder):
    scale(folder, "vas", {"01": ("60", "40"), "07": ("55", "50")}, Units="mm")
    said = read(folder).notes
    assert "vas.tsv has rows of sub-07, who are not in participants.tsv: they are not used" in said
    assert "vas.tsv has no row of sub-02: n/a" in said
    scale(folder, "vas", {"1": ("60", "40"), "02": ("55", "50")}, Units="mm")
    with pytest.raises(WrongDataError, match=r"'1' for '01'|'01' for '1'"):
        read(folder)


def test_levels_of_a_description_are_codes(folder):
    (folder / "participants.json").write_text(json.dumps({"group": {"Levels": {"verum": "real", "sham": "blunt"}}}))
    assert read(folder).coded == {"group"}


@pytest.mark.parametrize("placeholder", ["n/a", "", ".", "NA"])
def test_a_placeholder_disagrees_with_nothing(tmp_path, placeholder):
    table(tmp_path / "arms.tsv", ("participant_id", "group"), ("sub-01", "verum"), ("sub-02", "sham"))
    rows = {label: {"participant_id": f"sub-{label}", "group": placeholder} for label in ("01", "02")}
    merged = with_allocation(rows, tmp_path / "arms.tsv")
    assert [row["group"] for row in merged.values()] == ["verum", "sham"]
    rows["01"]["group"] = "sham"
    with pytest.raises(WrongDataError, match="must agree"):
        with_allocation(rows, tmp_path / "arms.tsv")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"parallel_prepost": {"pre": "a", "post": "a"}}, "sessions before and after treatment must be different"),
        ({"parallel_prepost": {"pre": "ses-a", "post": "A"}}, "must be different"),
        ({"parallel_prepost": {"active": "sham"}}, "arms must be different ones"),
        ({"parallel_prepost": {"more_arms": ["Verum"]}}, "arms must be different ones"),
        ({"multi_site": {"control": "verum"}}, "arms must be different ones"),
        ({"crossover": {"first": "x", "second": "x"}}, "must be different ones"),
        ({"parallel_followups": {"posts": ["a", "a"]}}, "must be different ones"),
        ({"parallel_followups": {"posts": ["pre"]}}, "must be different ones"),
        ({"crossover": {"baselines": ["a"]}}, "baselines are two sessions"),
        ({"parallel_prepost": {}, "post_only": {}}, "settings of 2 designs"),
    ],
)
def test_settings_that_contradict_themselves_end_before_any_work(tables, message):
    with pytest.raises(UsageError, match=message):
        resolve({"designs": tables})


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"modalities": {"fmri": {"low_pass": 0.005}}}, "low_pass .* must lie above high_pass"),
        ({"measures": {"alff": {"low": 0.1, "high": 0.01}}}, "must lie below high"),
        ({"inference": {"claim": "tfce", "tfce": "none"}}, "claim = 'tfce' needs it"),
    ],
)
def test_bands_and_claims_that_cannot_be_end_before_any_work(tables, message):
    with pytest.raises(UsageError, match=message):
        resolve(tables)


def test_levels_of_missing_codes_make_no_levels_of_a_measure(folder):
    table(folder / "participants.tsv", ("participant_id", "age", "sex"), ("sub-01", "45", "1"), ("sub-02", "999", "9"))
    about = {"age": {"Levels": {"999": "not known"}}, "sex": {"Levels": {"1": "female", "2": "male", "9": "refused"}}}
    (folder / "participants.json").write_text(json.dumps(about))
    found = read(folder)
    assert found.coded == {"sex"}
    assert found.rows["02"] == {"participant_id": "sub-02", "age": "n/a", "sex": "n/a"}


@pytest.mark.parametrize(
    ("visits", "message"),
    [(("Pre", "pre"), "nearly the same"), (("1", "01"), "nearly the same"), (("pre", "n/a"), "has no session")],
)
def test_visits_in_two_spellings_are_refused(folder, visits, message):
    rows = [("sub-01", visits[0], "5"), ("sub-01", "post", "3"), ("sub-02", visits[1], "6"), ("sub-02", "post", "2")]
    table(folder / "phenotype" / "vas.tsv", ("participant_id", "session_id", "vas"), *rows)
    with pytest.raises(WrongDataError, match=message):
        read(folder)


def test_one_row_each_of_other_visits_is_not_one_column(folder):
    rows = [("sub-01", "ses-pre", "5"), ("sub-02", "ses-post", "3")]
    table(folder / "phenotype" / "vas.tsv", ("participant_id", "session_id", "vas"), *rows)
    assert read(folder).rows["02"]["vas_pre"] == "n/a"
    assert read(folder).rows["02"]["vas_post"] == "3"
