"""Published studies from a folder to the page: `deqi STUDIES OUT meta`."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from forbidden import said_too_much
from study_tables import QUICK, studies, write

from bids_app.dataset.tables import read_tsv

TRIALS = (  # study, mean, sd, n of the arm and of the comparator: pain, lower is better
    ("A", 4.1, 2.0, 30, 5.0, 2.1, 30), ("B", 3.9, 1.8, 25, 5.1, 2.2, 24), ("C", 4.4, 2.2, 40, 5.2, 2.0, 41),
    ("D", 4.0, 1.9, 22, 4.9, 1.7, 20), ("E", 4.2, 2.1, 35, 5.6, 2.3, 33), ("F", 4.5, 2.0, 28, 5.1, 2.0, 28),
)  # fmt: skip


def effects(folder, trials=TRIALS):
    """A table of effects and nothing else."""
    names = ("mean", "sd", "n", "mean_comparator", "sd_comparator", "n_comparator")
    header = ("study_id", "outcome", "arm", "comparator", "direction", *names)
    return write(
        folder, "effects.tsv", [header, *((s, "pain", "verum", "sham", "lower", *rest) for s, *rest in trials)]
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Twenty studies with foci and six trials with outcomes, brought together once."""
    folder = tmp_path_factory.mktemp("meta")
    effects(studies(folder / "studies", contrast="verum>sham"))
    table = (folder / "studies" / "studies.tsv").read_text()
    (folder / "studies" / "studies.tsv").write_text(table + "".join(f"{s}\t60\ttrue\n" for s, *_ in TRIALS))
    ended = run_deqi(folder / "studies", folder / "out", "meta", *QUICK)
    assert ended.code == 0, ended.text
    return folder / "studies", folder / "out", ended


def test_all_files_are_there_and_valid(done):
    _, out, _ = done
    names = {path.name for path in (out / "meta").iterdir() if path.is_file()}
    start = "synthesis-coordinates_contrast-verumGtSham"
    for stat in ("ale", "z", "p", "logpextentfwe", "logpmassfwe", "logpvoxfwe"):
        assert f"{start}_stat-{stat}_statmap.nii.gz" in names
    for end in ("synthesis.json", "clusters.tsv", "studies.tsv", "foci.tsv", "noise.tsv", "nullmax.tsv"):  # fmt: skip
        assert f"{start}_{end}" in names
    assert {"study-all_foci.nimads.json", "study-all_contrast-verumGtSham_foci.sleuth.txt"} <= names
    for end in ("effects", "pooled", "studies", "leaveoneout"):
        assert f"synthesis-outcomes_contrast-painVsSham_{end}.tsv" in names
    assert validate_bids(out).returncode == 0


def test_peaks_converge_where_they_were_put(done):
    _, out, _ = done
    table = read_tsv(out / "meta" / "synthesis-coordinates_contrast-verumGtSham_clusters.tsv")
    peak = np.array([float(table[axis][0]) for axis in "xyz"])
    assert np.linalg.norm(peak - (38, 4, 2)) < 6
    assert float(table["p_extent_fwe"][0]) == pytest.approx(0.01)
    about = json.loads((out / "meta" / "synthesis-coordinates_contrast-verumGtSham_synthesis.json").read_text())
    assert (about["Experiments"], about["Standing"], about["Foci"]) == (20, "claim", 40)
    assert about["Silent"] == ["empty"]  # trials of outcomes alone are no studies that found no peak
    image = nib.load(out / "meta" / "synthesis-coordinates_contrast-verumGtSham_stat-ale_statmap.nii.gz")
    assert image.shape == (91, 109, 91)


def test_outcomes_are_pooled_so_that_positive_favours_the_arm(done):
    _, out, _ = done
    pooled = read_tsv(out / "meta" / "synthesis-outcomes_contrast-painVsSham_pooled.tsv")
    assert pooled["estimator"][-1] == "REML"
    assert float(pooled["effect"][-1]) > 0.3
    rows = read_tsv(out / "meta" / "synthesis-outcomes_contrast-painVsSham_effects.tsv")
    assert rows["study_id"] == [s for s, *_ in TRIALS]
    # Hedges' g of the first trial, by hand: J(58) (5 - 4.1) / sd pooled
    sd = np.sqrt((29 * 2.0**2 + 29 * 2.1**2) / 58)
    assert float(rows["effect"][0]) == pytest.approx(0.9 / sd * (1 - 3 / (4 * 58 - 1)), rel=1e-5)


def test_page_says_what_it_may(done):
    _, out, _ = done
    page = (out / "meta.html").read_text()
    assert "reported peaks of 20 experiments" in page
    assert "better in the arm than in the comparator" in page
    assert "1 study of the whole brain reported no peak at all: empty" in page
    assert "Stronger evidence would be maps of these studies" in page
    assert "p are corrected over the brain, or over the links, and not over the parts of this page" in page
    assert not said_too_much(page)


def test_finished_work_is_not_done_again(done):
    place, out, _ = done
    again = run_deqi(place, out, "meta", *QUICK)
    assert again.text.count("already done") == 3


def test_trials_of_one_comparator_are_joined(tmp_path):
    """Two arms against one sham arm are one effect (M6)."""
    trials = (("A", 0.6, 1.0, 30, 1.0, 1.0, 30), *TRIALS[1:])
    place = effects(tmp_path / "studies", trials)
    text = (place / "effects.tsv").read_text()
    (place / "effects.tsv").write_text(text + "A\tpain\telectro\tsham\tlower\t0.8\t1.0\t30\t1.0\t1.0\t30\n")
    assert run_deqi(place, tmp_path / "out", "meta").code == 0
    rows = read_tsv(tmp_path / "out" / "meta" / "synthesis-outcomes_contrast-painVsSham_effects.tsv")
    assert rows["arm"][0] == "verum + electro"
    assert len(rows["study_id"]) == 6


@pytest.mark.parametrize(("count", "estimators", "said"), [
    (1, ["FE"], "One study alone"), (2, ["FE"], "Two studies cannot tell how effects vary"),
    (3, ["FE", "REML"], "Nothing is claimed"), (5, ["FE", "REML"], "pain against sham"),
])  # fmt: skip
def test_few_trials(tmp_path, count, estimators, said):
    """What is shown with one to five trials."""
    place = effects(tmp_path / "studies", TRIALS[:count])
    assert run_deqi(place, tmp_path / "out", "meta").code == 0
    assert read_tsv(tmp_path / "out" / "meta" / "synthesis-outcomes_contrast-painVsSham_pooled.tsv")[
        "estimator"
    ] == estimators  # fmt: skip
    assert said in (tmp_path / "out" / "meta.html").read_text()


def test_too_few_experiments(tmp_path):
    """Nine are refused; asked for, they are drawn, and the page is red."""
    place = studies(tmp_path / "studies", count=9)
    ended = run_deqi(place, tmp_path / "out", "meta", *QUICK)
    assert ended.code == 1
    assert "9 experiments with foci in the whole brain; at least 10 are needed" in ended.text
    ended = run_deqi(place, tmp_path / "out", "meta", *QUICK, "--set", "syntheses.coordinates.least=5")
    assert ended.code == 0, ended.text
    page = (tmp_path / "out" / "meta.html").read_text()
    assert "are not enough to say that peaks converge" in page
    assert 'class="verdict good"' not in page


def test_what_ends_a_call(tmp_path):
    """Options of participants, a synthesis without input, studies without participants, and words that are none."""
    place = studies(tmp_path / "studies", count=10)
    ended = run_deqi(place, tmp_path / "out", "meta", "--participant-label", "01")
    assert (ended.code, "--participant-label is of participants" in ended.text) == (64, True)
    ended = run_deqi(place, tmp_path / "out", "meta", "--set", "syntheses.outcomes.estimator=DL")
    assert "has no effects" in ended.text
    assert ended.code == 65
    ended = run_deqi(place, tmp_path / "out", "meta", "--status")
    assert (ended.code, "are of participants" in ended.text) == (64, True)
    (place / "studies.tsv").unlink()
    ended = run_deqi(place, tmp_path / "out", "meta", *QUICK)
    assert "participants are not told" in ended.text
    ended = run_deqi(place, tmp_path / "out", "metta")
    assert (ended.code, "'meta'" in ended.text) == (17, True)
    assert not list(place.glob("*.html"))


def test_what_is_not_asked_any_more_goes(tmp_path):
    """An outcome that left the table leaves the page, too; the output of a trial is no place for studies."""
    place = effects(tmp_path / "studies")
    text = (place / "effects.tsv").read_text()
    (place / "effects.tsv").write_text(text + text.replace("pain", "sleep").partition("\n")[2])
    out = tmp_path / "out"
    assert run_deqi(place, out, "meta").code == 0
    assert len(list((out / "meta").glob("*sleep*"))) == 5
    (place / "effects.tsv").write_text(text)
    assert run_deqi(place, out, "meta").code == 0
    assert not list((out / "meta").glob("*sleep*"))
    assert "sleep" not in (out / "meta.html").read_text()
    assert 'href="meta.html">deqi' in (out / "meta.html").read_text()
    assert 'href="../meta.html">deqi' in (out / "logs" / "CITATION.html").read_text()
    (tmp_path / "trial" / "sub-01").mkdir(parents=True)
    ended = run_deqi(place, tmp_path / "trial", "meta")
    assert (ended.code, "a folder of their own" in ended.text) == (64, True)


def test_dry_run_writes_nothing(tmp_path):
    """It names the subjects."""
    place = studies(tmp_path / "studies", count=10)
    ended = run_deqi(place, tmp_path / "out", "meta", "--dry-run")
    assert "verum>sham" in ended.text
    assert not (tmp_path / "out").exists()


@pytest.mark.real
def test_pain_studies_in_one_command(tmp_path, real_data):
    """21 studies of a NIMADS studyset: map, carriers and file drawer on the page."""
    folder = real_data / "pain_meta_coordinates"
    ended = run_deqi(folder / "nidm_pain_studyset.json", tmp_path / "out", "meta", *QUICK)
    assert ended.code == 0, ended.text
    about = json.loads(next((tmp_path / "out" / "meta").glob("*_synthesis.json")).read_text())
    assert (about["Experiments"], about["Foci"], about["Participants"]) == (21, 267, 334)
    table = read_tsv(next((tmp_path / "out" / "meta").glob("*_clusters.tsv")))
    assert (table["x"][0], table["y"][0], table["z"][0]) == ("38", "4", "2")
    assert table["experiments"][0].startswith("pain_12.nidm 18.6 %; pain_18.nidm 18.1 %; pain_13.nidm 17.4 %")


def test_effects_beside_a_column_of_studies(tmp_path):
    """The slope on latitude of thirteen trials (metafor's dat.bcg); too few studies are refused."""
    rows = (
        (4, 119, 11, 128, 44), (6, 300, 29, 274, 55), (3, 228, 11, 209, 42), (62, 13536, 248, 12619, 52),
        (33, 5036, 47, 5761, 13), (180, 1361, 372, 1079, 44), (8, 2537, 10, 619, 19), (505, 87886, 499, 87892, 13),
        (29, 7470, 45, 7232, 27), (17, 1699, 65, 1600, 42), (186, 50448, 141, 27197, 18), (5, 2493, 3, 2338, 33),
        (27, 16886, 29, 17825, 33),
    )  # fmt: skip
    header = ("study_id", "outcome", "arm", "comparator", "events", "n", "events_comparator", "n_comparator")
    place = tmp_path / "studies"
    arms = [(a, a + b, c, c + d) for a, b, c, d, _ in rows]
    write(
        place, "effects.tsv", [header, *((f"T{i}", "cases", "vaccine", "control", *arm) for i, arm in enumerate(arms))]
    )
    write(place, "studies.tsv", [("study_id", "latitude"), *((f"T{i}", row[4]) for i, row in enumerate(rows))])
    words = ("--set", 'syntheses.outcomes.moderators=["latitude"]')
    assert run_deqi(place, tmp_path / "out", "meta", *words, "--set", "syntheses.outcomes.estimator=DL").code == 0
    start = tmp_path / "out" / "meta" / "synthesis-outcomes_contrast-casesEventsVsControl_"
    pooled = read_tsv(start.with_name(start.name + "pooled.tsv"))
    assert float(pooled["effect"][0]) == pytest.approx(-0.7141172221, abs=1e-8)
    assert float(pooled["tau2"][0]) == pytest.approx(0.3087602629, abs=1e-8)
    table = read_tsv(start.with_name(start.name + "regression.tsv"))
    assert float(table["coefficient"][1]) == pytest.approx(-0.0292287388, abs=1e-9)
    assert float(table["tau2"][1]) == pytest.approx(0.0633005, abs=1e-7)
    assert float(table["r2"][1]) == pytest.approx(0.794985, abs=1e-6)
    assert "What effects of studies are associated with" in (tmp_path / "out" / "meta.html").read_text()
    text = (place / "effects.tsv").read_text().splitlines()
    (place / "effects.tsv").write_text("\n".join(text[:9]) + "\n")
    ended = run_deqi(place, tmp_path / "out", "meta", *words)
    assert "10 are needed for each column" in ended.text
    assert ended.code == 0
