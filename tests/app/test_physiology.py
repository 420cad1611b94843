"""A trial with a pulse and a belt from `_physio.tsv.gz` to an outcome; participants are invented, signals synthetic."""

from __future__ import annotations

import gzip
import json

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids

from bids_app.dataset.tables import read_tsv

PEOPLE = {f"{i:02d}": "verum" if i % 2 else "sham" for i in range(1, 17)}
RATE = 50.0


def beats_of(label, session, *, more):
    """Return times of beats: white jitter of the intervals, larger after treatment in verum."""
    own, now = np.random.default_rng(int(label)), np.random.default_rng([int(label), session == "post"])
    spread = 30 * np.exp(0.2 * own.standard_normal() + 0.05 * now.standard_normal())
    if (PEOPLE[label], session) == ("verum", "post"):
        spread *= more
    return 0.5 + np.cumsum(850 + spread * now.standard_normal(150)) / 1000


def write_physio(folder, stem, times, *, units="V", columns=("cardiac", "respiratory"), breaths=0.25):
    folder.mkdir(parents=True, exist_ok=True)
    grid = np.arange(int((times[-1] + 1) * RATE)) / RATE
    pulse = np.exp(-((grid[:, None] - times[None]) ** 2) / (2 * 0.08**2)).sum(axis=1)
    table = np.column_stack([pulse, np.sin(2 * np.pi * breaths * grid)])
    with gzip.open(folder / f"{stem}_physio.tsv.gz", "wt") as stream:
        np.savetxt(stream, table, delimiter="\t", fmt="%.5f")
    about = {"Columns": list(columns), "SamplingFrequency": RATE, "StartTime": -2.0, columns[0]: {"Units": units}}
    (folder / f"{stem}_physio.json").write_text(json.dumps(about))


def write(root, *, more=1.0, slow=()):
    """Write the dataset; those who are `slow` breathe six times a minute after treatment."""
    root.mkdir(parents=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "invented", "BIDSVersion": "1.9.0"}))
    rows = "\n".join(f"sub-{label}\t{arm}" for label, arm in PEOPLE.items())
    (root / "participants.tsv").write_text(f"participant_id\tgroup\n{rows}\n")
    for label in PEOPLE:
        for session in ("pre", "post"):
            folder = root / f"sub-{label}" / f"ses-{session}" / "func"
            stem = f"sub-{label}_ses-{session}_task-rest_run-1_recording-pulse"
            breaths = 0.1 if label in slow and session == "post" else 0.25
            write_physio(folder, stem, beats_of(label, session, more=more), breaths=breaths)
    return root


ASKED = ("--set", "modalities.physio.min_seconds=60")
OUTCOME = (
    "--set", "outcomes.heart.column=lnRMSSD_rest", "--set", "outcomes.heart.kind=measurement", "--set",
    "outcomes.heart.role=primary",
)  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    bids = write(tmp_path_factory.mktemp("physio") / "bids", more=1.8)
    out = bids.parent / "out"
    first = run_deqi(bids, out, "participant", *ASKED)
    assert first.code == 0, first.text
    second = run_deqi(bids, out, "group", *ASKED, *OUTCOME, "--n-permutations", "500")
    assert second.code == 0, second.text
    return bids, out, second


def test_values_of_a_session_are_those_of_the_planted_beats(done):
    _, out, _ = done
    for label, session in (("03", "pre"), ("03", "post"), ("04", "post")):
        folder = out / f"sub-{label}" / f"ses-{session}" / "beh"
        row = read_tsv(folder / f"sub-{label}_ses-{session}_task-rest_desc-hrv_beh.tsv")
        planted = 1000 * np.diff(beats_of(label, session, more=1.8))
        # White jitter has a beat in a hundred beyond four quartile deviations, which is left out.
        assert float(row["rmssd"][0]) == pytest.approx(np.sqrt((np.diff(planted) ** 2).mean()), rel=0.1)
        assert float(row["lnRMSSD"][0]) == pytest.approx(np.log(float(row["rmssd"][0])), abs=1e-4)
        assert float(row["hr"][0]) == pytest.approx(60_000 / planted.mean(), rel=0.01)
        about = json.loads((folder / f"sub-{label}_ses-{session}_task-rest_desc-hrv_beh.json").read_text())
        assert about["Estimator"] == "pulse rate"
        assert about["BreathsPerMinute"] == pytest.approx(15, abs=0.2)
        events = read_tsv(folder / f"sub-{label}_ses-{session}_task-rest_run-1_desc-beats_events.tsv")
        assert abs(len(events["onset"]) - 150) <= 1
        assert float(events["onset"][0]) < 0  # the recording began before the scan
    checklist = read_tsv(out / "logs" / "COBIDAS.tsv")
    answers = dict(zip(checklist["item"], checklist["answer"], strict=True))
    assert answers["How beats were found"] == "where the filtered signal is steepest"
    assert answers["Columns that were read"].endswith("cardiac, respiratory")
    assert answers["Devices, sensors and where they were placed"] == "not reported"
    page = (out / "sub-03.html").read_text()
    for said in ("ppg and its beats", "intervals between beats (ms)", "Highest at 0.25 Hz", "heart rate variability"):
        assert said in page


def test_a_planted_rise_is_the_outcome_of_the_trial(done):
    _, out, _ = done
    about = json.loads((out / "group" / "meas-heart_outcome.json").read_text())
    assert about["Columns"] == ["lnRMSSD_rest_pre", "lnRMSSD_rest_post"]
    assert about["P"] <= 0.01
    table = read_tsv(out / "group" / "meas-heart_outcome.tsv")
    deciding = table["weight"].index("decides")
    assert float(table["estimate"][deciding]) == pytest.approx(np.log(1.8), abs=0.15)
    assert "higher in verum than in sham" in (out / "group-outcomes.html").read_text()
    checked = validate_bids(out)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda path: path.with_name(path.name.replace(".tsv.gz", ".json")).unlink(), "has no sidecar"),
        (lambda path: path.with_name(path.name.replace(".tsv.gz", ".json")).write_text('{"Columns": ["cardiac"]}'),
         "SamplingFrequency None"),
        (lambda path: path.write_bytes(gzip.compress(b"1\t2\t3\n" * 5000)), "has 3 columns, its sidecar names 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_costs_one_session_and_is_told(tmp_path, break_it, said):
    bids = write(tmp_path / "bids")
    (path,) = (bids / "sub-01" / "ses-pre" / "func").glob("*.tsv.gz")
    break_it(path)
    ended = run_deqi(bids, tmp_path / "out", "participant", *ASKED, "--participant-label", "01", "02")
    assert said in ended.text
    assert (tmp_path / "out" / "sub-02" / "ses-pre" / "beh").exists()
    assert not (tmp_path / "out" / "sub-01" / "ses-pre" / "beh").exists()


def test_columns_that_are_not_known_are_named(tmp_path):
    bids = tmp_path / "bids"
    write(bids)
    folder = bids / "sub-01" / "ses-pre" / "func"
    write_physio(
        folder, "sub-01_ses-pre_task-rest_run-1_recording-pulse", beats_of("01", "pre", more=1), columns=("foo", "bar")
    )
    ended = run_deqi(bids, tmp_path / "out", "participant", *ASKED, "--participant-label", "01")
    assert "no column is known as heart, breath, skin, pupil or sensor; there are bar, foo" in ended.text


def test_what_breathing_moved_out_of_its_band_is_not_compared(tmp_path):
    """Six breaths a minute "abolish" HF: of an arm that breathes so the value says nothing of its heart."""
    bids = write(tmp_path / "bids", slow=("01", "03"))
    words = (*ASKED, "--set", "outcomes.hf.column=lnHF_rest", "--set", "outcomes.hf.kind=measurement", *OUTCOME)
    assert run_deqi(bids, tmp_path / "out", "participant", *ASKED).code == 0
    ended = run_deqi(bids, tmp_path / "out", "group", *words, "--n-permutations", "100")
    assert ended.code == 0, ended.text
    assert "hf is not compared: 2 of 8 participants of verum breathe outside 9 to 24 a minute" in ended.text
    assert "lnRMSSD and breathRate stand beside" in ended.text
    assert not (tmp_path / "out" / "group" / "meas-hf_outcome.tsv").exists()
    assert (tmp_path / "out" / "group" / "meas-heart_outcome.tsv").exists()
    row = read_tsv(tmp_path / "out" / "sub-01" / "ses-post" / "beh" / "sub-01_ses-post_task-rest_desc-hrv_beh.tsv")
    assert row["lnHF"] == ["n/a"]
    assert row["lnRMSSD"] != ["n/a"]


def write_sensor(root, about, *, events=True):
    """Write a biosensor of 400 s at 10 Hz that rises by 0.5 during the needling from 100 to 250 s."""
    folder = root / "sub-01" / "ses-pre" / "beh"
    folder.mkdir(parents=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "invented", "BIDSVersion": "1.9.0"}))
    (root / "participants.tsv").write_text("participant_id\tgroup\nsub-01\tverum\n")
    stem = "sub-01_ses-pre_task-needling"
    times = np.arange(-20.0, 380.0, 0.1)
    values = 2.0 + 0.5 * ((times >= 100) & (times < 250))
    with gzip.open(folder / f"{stem}_physio.tsv.gz", "wt") as stream:
        np.savetxt(stream, values, fmt="%.5f")
    described = {"Columns": ["ATP"], "SamplingFrequency": 10, "StartTime": -20.0, "ATP": about}
    (folder / f"{stem}_physio.json").write_text(json.dumps(described))
    if events:
        rows = "onset\tduration\ttrial_type\n100\t60\tneedling\n200\t50\tneedling\n"
        (folder / f"{stem}_events.tsv").write_text(rows)
    return root


SENSOR = (*ASKED, "--set", 'modalities.physio.sensor=["ATP"]')


def test_a_biosensor_is_measured_around_needling(tmp_path):
    bids = write_sensor(tmp_path / "bids", {"Units": "nA"})
    ended = run_deqi(bids, tmp_path / "out", "participant", *SENSOR)
    assert ended.code == 0, ended.text
    folder = tmp_path / "out" / "sub-01" / "ses-pre" / "beh"
    row = read_tsv(folder / "sub-01_ses-pre_task-needling_desc-biosensor_beh.tsv")
    found = {name: float(cells[0]) for name, cells in row.items()}
    assert found == pytest.approx(
        {"sensorBefore": 2.0, "sensorDuring": 2.5, "sensorAfter": 2.0, "sensorDuringArea": 75.0, "sensorAfterArea": 0},
        abs=0.05,
    )
    about = json.loads((folder / "sub-01_ses-pre_task-needling_desc-biosensor_beh.json").read_text())
    assert about["Needling"] == [100, 250]
    assert about["SensorUnits"] == "nA"


@pytest.mark.parametrize(
    ("about", "events", "said"),
    [
        ({}, True, "the biosensor has no Units"),
        ({"Units": "µM"}, True, "has Units 'µM', a concentration, and no Calibration"),
        ({"Units": "µmol/L"}, True, "a concentration, and no Calibration"),
        ({"Units": "nA"}, False, "the run has no needling (needling, needle) in its events (no events)"),
    ],
)
def test_a_biosensor_that_cannot_be_understood_is_left_out_with_the_reason(tmp_path, about, events, said):
    bids = write_sensor(tmp_path / "bids", about, events=events)
    ended = run_deqi(bids, tmp_path / "out", "participant", *SENSOR)
    assert said in ended.text
    assert not list((tmp_path / "out").rglob("*biosensor_beh.tsv"))


def test_a_calibrated_concentration_is_taken(tmp_path):
    bids = write_sensor(tmp_path / "bids", {"Units": "µM", "Calibration": "two points, 0 and 5 µM"})
    assert run_deqi(bids, tmp_path / "out", "participant", *SENSOR).code == 0
    (path,) = (tmp_path / "out").rglob("*biosensor_beh.json")
    assert json.loads(path.read_text())["Calibration"] == "two points, 0 and 5 µM"


@pytest.mark.parametrize("whole", [False, True])
def test_a_recording_that_is_longer_than_its_scan_is_cut_to_it(tmp_path, whole):
    bids = write(tmp_path / "bids")
    stem = "sub-01_ses-pre_task-rest_run-1"
    folder = bids / "sub-01" / "ses-pre" / "func"
    nib.save(nib.Nifti1Image(np.zeros((2, 2, 2, 40), dtype=np.int16), np.eye(4)), folder / f"{stem}_bold.nii.gz")
    (folder / f"{stem}_bold.json").write_text(json.dumps({"RepetitionTime": 2.0}))
    words = (*ASKED, "--participant-label", "01", "--set", f"modalities.physio.whole={str(whole).lower()}")
    ended = run_deqi(bids, tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.text
    beats = read_tsv(tmp_path / "out" / "sub-01" / "ses-pre" / "beh" / f"{stem}_desc-beats_events.tsv")
    times = np.array(beats["onset"], dtype=float)
    planted = beats_of("01", "pre", more=1.0) - 2.0
    expected = planted if whole else planted[(planted >= 0) & (planted < 80)]
    assert abs(len(times) - len(expected)) <= 1
    assert times[-1] == pytest.approx(expected[-1], abs=1.0)


def test_animals_are_marked_on_every_page(tmp_path):
    bids = write_sensor(tmp_path / "bids", {"Units": "nA"})
    (bids / "participants.tsv").write_text("participant_id\tgroup\tspecies\nsub-01\tverum\tmus musculus\n")
    assert run_deqi(bids, tmp_path / "out", "participant", *SENSOR).code == 0
    said = "Animals (mus musculus): these are not results of a trial with people."
    assert said in (tmp_path / "out" / "sub-01.html").read_text()
    (bids / "participants.tsv").write_text("participant_id\tgroup\tspecies\nsub-01\tverum\tHomo sapiens\n")
    assert run_deqi(bids, tmp_path / "human", "participant", *SENSOR).code == 0
    assert "Animals" not in (tmp_path / "human" / "sub-01.html").read_text()


def test_beats_that_were_found_already_win_over_ours(tmp_path):
    bids = write(tmp_path / "bids")
    folder, stem = bids / "sub-01" / "ses-pre" / "func", "sub-01_ses-pre_task-rest_run-1_recording-pulse"
    own = np.cumsum(np.full(130, 0.8))
    rows = "".join(f"{time:.3f}\t0\tbeat\n" for time in own) + "3.3\t0\tartefact\n"
    (folder / f"{stem}_physioevents.tsv.gz").write_bytes(gzip.compress(rows.encode()))
    (folder / f"{stem}_physioevents.json").write_text(json.dumps({"Columns": ["onset", "duration", "trial_type"]}))
    ended = run_deqi(bids, tmp_path / "out", "participant", *ASKED, "--participant-label", "01")
    assert ended.code == 0, ended.text
    beh = tmp_path / "out" / "sub-01" / "ses-pre" / "beh"
    row = read_tsv(beh / "sub-01_ses-pre_task-rest_desc-hrv_beh.tsv")
    assert float(row["hr"][0]) == pytest.approx(75.0, abs=0.01)
    assert float(row["rmssd"][0]) == pytest.approx(0, abs=0.01)
    events = read_tsv(beh / "sub-01_ses-pre_task-rest_run-1_desc-beats_events.tsv")
    assert np.array(events["onset"], dtype=float) == pytest.approx(own, abs=1e-3)
    (folder / f"{stem}_physioevents.json").write_text("{}")
    ended = run_deqi(bids, tmp_path / "again", "participant", *ASKED, "--participant-label", "01")
    assert "expected onset, duration and trial_type" in ended.text


def test_too_many_intervals_that_are_of_no_normal_beats_make_values_na_and_say_what_would_help(tmp_path):
    bids = write(tmp_path / "bids")
    folder, stem = bids / "sub-01" / "ses-pre" / "func", "sub-01_ses-pre_task-rest_run-1_recording-pulse"
    rng = np.random.default_rng(0)
    times = 0.5 + np.cumsum(np.where(rng.random(150) < 0.08, 0.45, 0.85) + 0.01 * rng.standard_normal(150))
    write_physio(folder, stem, times)
    words = (*ASKED, "--participant-label", "01", "--set", "measures.hrv.max_left_out=0.02")
    ended = run_deqi(bids, tmp_path / "out", "participant", *words)
    assert "% of intervals are of no normal beats (limit 2 %)" in ended.text
    assert "_physioevents.tsv.gz would be taken" in ended.text
    row = read_tsv(tmp_path / "out" / "sub-01" / "ses-pre" / "beh" / "sub-01_ses-pre_task-rest_desc-hrv_beh.tsv")
    assert row["lnRMSSD"] == ["n/a"]
