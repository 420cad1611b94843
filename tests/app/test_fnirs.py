"""fNIRS from a BIDS dataset to the pages: channels, regions, dyads, and every message."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from forbidden import said_too_much
from real_data import real

pytest.importorskip("mne")
pytest.importorskip("h5py")

import h5py

from bids_app.dataset.tables import read_tsv
from bids_app.derivatives.files import write_table
from bids_app.launch.demo.fnirs import write_demonstration

PER_ARM = 6
PATIENTS = [f"{i + 1:02d}" for i in range(2 * PER_ARM)]
STEM = "sub-01_ses-01_task-needling"


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """Six dyads an arm, made up."""
    folder = tmp_path_factory.mktemp("fnirs") / "data"
    write_demonstration(folder, PER_ARM)
    return folder


def call(data, out, level, *more):
    return run_deqi(data, out, level, "--config", data / "code" / "analysis.toml", *more)


@pytest.fixture(scope="module")
def done(trial, tmp_path_factory):
    out = tmp_path_factory.mktemp("fnirs") / "out"
    ended = call(trial, out, "participant", "--participant-label", *PATIENTS, "acu1")
    assert ended.code == 0, ended.text
    ended = call(trial, out, "group", "--n-permutations", "200")
    assert ended.code == 0, ended.text
    return out


def test_the_dataset_and_the_results_are_bids(trial, done):
    assert validate_bids(trial).returncode == 0
    assert validate_bids(done).returncode == 0


def test_planted_responses_are_found_and_decoys_are_not(done):
    """Prefrontal channels pass with HbO up and HbR down; the scalp, and the motor cortex of both arms, do not."""
    path = next((done / "group" / "nirs").glob("*seg-channels*_contrast-verumVsSham_channels.tsv"))
    table = read_tsv(path)
    rows = dict(zip(table["channel"], zip(table["effect"], table["p_fwe_joint"], strict=True), strict=True))
    passing = {name for name, (_, p) in rows.items() if float(p) <= 0.05}
    assert passing
    assert {name.split()[0] for name in passing} <= {"S1-D1", "S1-D2", "S2-D2", "S2-D3"}
    assert all((float(rows[name][0]) > 0) == name.endswith("hbo") for name in passing)
    assert "S5-D2 hbo" not in rows  # without contact in everyone
    assert "S4-D6 hbo" not in rows  # saturated in one, bad by its table in another
    page = (done / "group-channel_activation.html").read_text()
    assert "one kind of haemoglobin passes alone" in page
    assert "Short channels reduce what the scalp adds" in page
    assert not said_too_much(page)


def test_why_channels_are_not_used(done):
    table = read_tsv(done / "sub-01" / "ses-01" / "nirs" / f"{STEM}_desc-deqi_channels.tsv")
    told = dict(zip(table["name"], table["status_description"], strict=True))
    assert told["S5-D2"].startswith("scalp coupling")
    assert told["S1-D7"] == "n/a"
    tables = sorted(done.glob("sub-*/ses-*/nirs/*_desc-deqi_channels.tsv"))
    said = [read_tsv(path)["status_description"][6] for path in tables]
    assert "channels.tsv calls it bad" in said
    assert any("the detector is saturated" in one for one in said)
    page = (done / "sub-04.html").read_text()
    assert "scalp coupling" in page
    assert "optical density" in page


def test_regions_are_means_of_their_channels_by_precision(done):
    folder = done / "sub-01" / "ses-01" / "nirs"
    ending = "meas-needling_stat-effect_relmat.tsv"
    channels, regions = (read_tsv(folder / f"{STEM}_seg-{seg}_{ending}") for seg in ("channels", "regions"))
    own = [
        (float(effect), 1 / float(error) ** 2)
        for name, kind, effect, error in zip(*list(channels.values())[:4], strict=True)
        if name in ("S1-D1", "S1-D2", "S2-D2", "S2-D3") and kind == "hbo"
    ]  # fmt: skip
    expected = sum(e * w for e, w in own) / sum(w for _, w in own)
    assert float(regions["effect_uM"][0]) == pytest.approx(expected, rel=1e-5)
    assert (regions["region"][0], regions["chromophore"][0]) == ("PFC", "hbo")
    page = (done / "group-region_activation.html").read_text()
    assert "Short channels reduce what the scalp adds" in page
    assert "PFC: oxygenated haemoglobin is larger and deoxygenated smaller" in page


def test_dyads_are_compared_with_pairings_and_arms_with_each_other(done):
    about = json.loads(next((done / "group" / "nirs").glob("*seg-dyad*desc-pairings01_relmat.json")).read_text())
    assert (about["Dyads"], about["Practitioners"], about["Pairings"]) == ({"verum": 6, "sham": 6}, 3, 200)
    places = {one["Place"]: one for one in about["Places"]}
    tied = places["A PFC hbo with B PFC hbo"]
    assert tied["P"] == about["SmallestPossibleP"]
    assert tied["Observed"] > tied["Expected"] + 0.05
    assert places["A motor hbo with B motor hbo"]["P"] > 0.05
    table = read_tsv(next((done / "group" / "nirs").glob("*seg-dyad*desc-pairings01_relmat.tsv")))
    true = [i for i, who in enumerate(table["patient"]) if who == table["practitioner_of"][i]]
    own = np.mean([float(table["A PFC hbo with B PFC hbo"][i]) for i in true])
    assert own == pytest.approx(tied["Observed"], abs=1e-6)
    page = (done / "group-interbrain_coherence.html").read_text()
    assert "Does being together matter?" in page
    assert "answers neither" in page
    means = [
        sorted((done / "group" / "nirs").glob(f"*{seg}*contrast-verumMean_*")) for seg in ("seg-channels", "seg-dyad")
    ]
    assert [bool(found) for found in means] == [True, False]  # coherence is above 0 anyway
    assert not said_too_much(page)


def test_a_practitioner_is_in_no_arm_and_has_no_coherence(done):
    assert not list((done / "sub-acu1").rglob("*seg-dyad*"))
    assert list((done / "sub-acu1").rglob("*seg-channels*relmat.tsv"))


def one_of(trial, folder, *people):
    """A copy with some participants alone."""
    folder.mkdir()
    for path in trial.iterdir():
        if path.is_file():
            shutil.copy2(path, folder / path.name)
    for name in ("code", *(f"sub-{label}" for label in people)):
        shutil.copytree(trial / name, folder / name)
    return folder


def files(data, ending):
    return data / "sub-01" / "ses-01" / "nirs" / f"{STEM}_{ending}"


def _negative(data):
    with h5py.File(files(data, "nirs.snirf"), "r+") as held:
        held["nirs/data1/dataTimeSeries"][7, 0] = -0.3


def _without_short(data):
    table = read_tsv(files(data, "channels.tsv"))
    table["short_channel"] = ["false"] * len(table["name"])
    write_table(files(data, "channels.tsv"), table)


def _metres(data):
    path = data / "sub-01" / "ses-01" / "nirs" / "sub-01_ses-01_coordsystem.json"
    path.write_text(path.read_text().replace('"mm"', '"cm"').replace("mm from", "from"))


def _other_events(data):
    table = read_tsv(data / "sub-acu1" / "ses-D01" / "nirs" / "sub-acu1_ses-D01_task-needling_events.tsv")
    table["onset"][2] = "99"
    write_table(data / "sub-acu1" / "ses-D01" / "nirs" / "sub-acu1_ses-D01_task-needling_events.tsv", table)


def _alone(data):
    path = next((data / "sub-acu1" / "ses-D01").glob("*_scans.tsv"))
    path.write_text(path.read_text().replace("D01\n", "n/a\n"))


def _without_events(data):
    files(data, "events.tsv").unlink()


def _bad_everywhere(data):
    table = read_tsv(files(data, "channels.tsv"))
    table["status"] = ["good" if name.startswith("S1-D1") else "bad" for name in table["name"]]
    write_table(files(data, "channels.tsv"), table)


@pytest.mark.parametrize(("change", "code", "said"), [
    (_negative, 0, ""), (_without_short, 0, "no channel is shorter than 15 mm"),
    (_metres, 1, "apart: LengthUnit says what coordsystem.json has, the positions look like"),
    (_other_events, 0, "dyad D01: common events disagree by"),
    (_alone, 0, "dyad D01 has sub-01 alone; two people are needed"),
    (_without_events, 0, "the run has no events file"), (_bad_everywhere, 1, "1 of 9 channels are good"),
])  # fmt: skip
def test_what_is_wrong_is_said(trial, tmp_path, change, code, said):
    """Each case by its message; what cannot be used costs itself alone."""
    data = one_of(trial, tmp_path / "data", "01", "acu1")
    change(data)
    ended = call(data, tmp_path / "out", "participant", "--participant-label", "01")
    assert ended.code == code, ended.text
    assert said in ended.text
    if change is _negative:
        table = read_tsv(tmp_path / "out" / "sub-01" / "ses-01" / "nirs" / f"{STEM}_desc-deqi_channels.tsv")
        assert "1 samples are 0 or below" in table["status_description"][0]
    if change is _without_short:
        assert "No channel is short" in (tmp_path / "out" / "sub-01.html").read_text()


def test_too_few_dyads_and_options_that_cannot_be(trial, done, tmp_path):
    data = one_of(trial, tmp_path / "data", *PATIENTS[:1])
    for words, said in (
        (["modalities.fnirs.ppf=seven"], "expected a number, one for each wavelength"),
        (["modalities.fnirs.ppf=age"], "participants.tsv has no age of sub-01"),
        (['modalities.fnirs.regions={PFC = ["S9-D9"]}'], "PFC names S9-D9, none of which"),
        (["measures.interbrain_coherence.band=[20.0, 10.0]"], "the longest period comes second"),
    ):
        ended = call(data, tmp_path / "out", "participant", "--participant-label", "01", "--set", *words)
        assert said in ended.text
        assert ended.code != 0
    few = tmp_path / "few"
    shutil.copytree(done, few)
    arms = read_tsv(trial / "participants.tsv")
    sham = [who for who, arm in zip(arms["participant_id"], arms["group"], strict=True) if arm == "sham"]
    for who in sham[3:]:
        for path in (few / who).rglob("*seg-dyad*"):
            path.unlink()
    ended = call(trial, few, "group", "--n-permutations", "60")
    assert ended.code == 0, ended.text
    said = "3 dyads in sham: their 6 pairings give no p below .17; 5 or more are needed"
    assert said in (few / "group-interbrain_coherence.html").read_text()


def test_the_real_run_from_the_command_line(tmp_path):
    """A file as a device wrote it: no events.tsv, no short channel, two-dimensional positions."""
    folder = real("fnirs_snirf")
    data = tmp_path / "data"
    place = data / "sub-01" / "nirs"
    place.mkdir(parents=True)
    (data / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    shutil.copy2(folder / "neuro_run01.snirf", place / "sub-01_task-tap_nirs.snirf")
    shutil.copytree(data / "sub-01", data / "sub-02")
    (data / "sub-02" / "nirs" / "sub-01_task-tap_nirs.snirf").unlink()
    shutil.copy2(folder / "minimum_example.snirf", data / "sub-02" / "nirs" / "sub-02_task-tap_nirs.snirf")
    ended = run_deqi(data, tmp_path / "out", "participant", "--set", "modalities.fnirs.min_coupling=0.7")
    assert "it has no events.tsv; those of the SNIRF file were taken, by their names there: 1 (4), 2 (2)" in ended.text
    assert "minimum_example" not in ended.text
    assert "sub-02_task-tap_nirs.snirf holds no samples" in ended.text
    assert ended.code == 1
    name = "sub-01_task-tap_seg-channels_meas-1_stat-effect_relmat.tsv"
    found = read_tsv(tmp_path / "out" / "sub-01" / "nirs" / name)
    assert len(set(found["channel"])) == 7  # coupling of .7 or more (N5)
    assert "No channel is short" in (tmp_path / "out" / "sub-01.html").read_text()
