"""A modality that deqi does not have, from files to the group page: one file and its measures, nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from pages import group_pages
from synthetic import describe, write_participants, write_trial

from bids_app.dataset.tables import read_tsv

BINS = 6
CHANNELS = ("A", "B", "C", "D")
PER_ARM = 6
PLANTED = [(1, 2), (1, 3), (2, 2), (2, 3)]
"""Channel and bin that change in verum: neighbours of each other."""


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """Return what runs deqi with the toy in its package."""
    package = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "bids_app", package / "bids_app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(__file__).with_name("toy"), package / "bids_app", dirs_exist_ok=True)
    shutil.copy(ROOT / "run.py", package)
    python = Path(sys.base_prefix) / "bin" / "python3"
    path = os.pathsep.join(p for p in sys.path if p.endswith("site-packages"))

    def run(*words):
        return subprocess.run(
            [str(word) for word in (python, package / "run.py", *words)], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip

    return run


def write_spectra(root, label, session, arm, channels=CHANNELS):
    rng = np.random.default_rng([int(label), session == "post"])
    values = 10 ** rng.normal(0, 0.1, (len(channels), BINS))
    values *= 10 ** np.random.default_rng(int(label)).normal(0, 0.5, (len(channels), 1))
    if (arm, session) == ("verum", "post"):
        for channel, place in PLANTED:
            values[channel, place] *= 4
    folder = root / f"sub-{label}" / f"ses-{session}" / "eeg"
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["\t".join(["channel", *map(str, range(1, BINS + 1))])]
    rows += ["\t".join([name, *map("{:.6g}".format, row)]) for name, row in zip(channels, values, strict=True)]
    path = folder / f"sub-{label}_ses-{session}_task-rest_eeg.tsv"
    path.write_text("\n".join(rows) + "\n")
    return values


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return a trial with fMRI and toy spectra of the same participants."""
    trial = write_trial(tmp_path_factory.mktemp("data"), per_arm=PER_ARM)
    values = {
        (label, session): write_spectra(trial.root, label, session, arm)
        for label, arm in trial.people.items()
        for session in ("pre", "post")
    }
    return trial, values


WORDS = ["--n-permutations", "200", "--set", "inference.tfce=all"]
TOY = ["--set", "modalities.toy.min_channels=4"]


@pytest.fixture(scope="module")
def done(call, study, tmp_path_factory):
    trial, _ = study
    out = tmp_path_factory.mktemp("out") / "deqi"
    ended = [call(trial.root, out, level, *WORDS, *TOY) for level in ("participant", "group")]
    for one in ended:
        assert one.returncode == 0, one.stderr
    return out, ended


def test_every_session_has_its_tables_and_its_own_quality_columns(done, study):
    out, _ = done
    _, values = study
    for label, session in values:
        folder = out / f"sub-{label}" / f"ses-{session}" / "eeg"
        stem = f"sub-{label}_ses-{session}_task-rest"
        quality = read_tsv(folder / f"{stem}_desc-toy_qc.tsv")
        assert list(quality)[:3] == ["run", "channels", "largest"]
        assert quality["decision"] == ["used"]
        assert float(quality["largest"][0]) == pytest.approx(values[label, session].max(), rel=1e-4)
        assert {path.name.removeprefix(f"{stem}_") for path in folder.glob("*relmat.tsv")} == {
            "meas-power_stat-power_relmat.tsv", "meas-total_stat-total_relmat.tsv", "meas-peak_stat-peak_relmat.tsv",
        }  # fmt: skip
    about = json.loads((folder / f"{stem}_meas-power_stat-power_relmat.json").read_text())
    assert about["Channels"] == 4
    assert about["Sources"] == [f"bids:raw:sub-{label}/ses-{session}/eeg/{stem}_eeg.tsv"]
    assert not list(out.rglob("*_bold*")) + list(out.glob("sub-*/ses-*/func"))


def test_points_have_the_ancova_of_their_own_baseline(done, study):
    out, _ = done
    trial, values = study
    table = read_tsv(out / "group" / "eeg" / "task-rest_meas-power_contrast-verumVsShamAdjusted_points.tsv")
    arm = np.array([float(group == "verum") for group in trial.people.values()])
    for place in range(len(table["t"])):
        channel, frequency = CHANNELS.index(table["channel"][place]), int(float(table["frequency"][place])) - 1
        pre, post = (
            np.log10([values[label, session][channel, frequency] for label in trial.people])
            for session in ("pre", "post")
        )
        x = np.column_stack([arm, np.ones(len(arm)), pre])
        beta, residual, *_ = np.linalg.lstsq(x, post, rcond=None)
        error = np.sqrt(residual[0] / (len(arm) - 3) * np.linalg.inv(x.T @ x)[0, 0])
        assert float(table["effect"][place]) == pytest.approx(beta[0], rel=1e-4, abs=1e-5)
        assert float(table["t"][place]) == pytest.approx(beta[0] / error, rel=1e-3, abs=1e-3)


def test_the_planted_cluster_is_claimed_by_its_mass_and_channels_one_by_one(done):
    out, _ = done
    stem = out / "group" / "eeg" / "task-rest_meas-power_contrast-verumVsShamAdjusted_points"
    table, about = read_tsv(stem.with_suffix(".tsv")), json.loads(stem.with_suffix(".json").read_text())
    assert about["ClaimStatistic"] == "mass"
    assert "max_tfce" in read_tsv(stem.with_name(stem.name.replace("_points", "_nullmax.tsv")))
    inside = {
        (CHANNELS.index(s), int(float(f)) - 1)
        for s, f, cluster, p in zip(
            *(table[c] for c in ("channel", "frequency", "cluster", "p_cluster_mass")), strict=True
        )
        if cluster != "n/a" and float(p) <= 0.05
    }
    assert inside == set(PLANTED)
    total = stem.with_name("task-rest_meas-total_contrast-verumVsShamAdjusted_channels.json")
    assert json.loads(total.read_text())["ClaimStatistic"] == "voxel"
    assert set(read_tsv(total.with_suffix(".tsv"))["channel"]) == set(CHANNELS)


def test_pages_methods_and_checklist_speak_of_it(done):
    out, (_, group) = done
    page = group_pages(out)
    assert "log power" in page.lower()
    assert "task-rest_meas-power_contrast-verumVsShamAdjusted_points.tsv" in page
    assert "largest" in (out / "sub-01.html").read_text()
    assert "Spectra of at least 4 channels were read." in (out / "logs" / "CITATION.md").read_text()
    assert "Number of channels" in (out / "logs" / "COBIDAS.tsv").read_text()
    assert "smallest corrected p" in group.stderr


def test_both_modalities_in_one_call_are_the_same_as_each_alone(call, done, study, tmp_path):
    out, _ = done
    trial, _ = study
    words = [*WORDS, *TOY, "--set", "modalities.fmri.smoothing_fwhm=0", "--measures", "alff", "toy_power", "toy_total"]
    both = tmp_path / "both"
    for level in ("participant", "group"):
        ended = call(trial.root, both, level, *words)
        assert ended.returncode == 0, ended.stderr
    name = "group/eeg/task-rest_meas-power_contrast-verumVsShamAdjusted_points.tsv"
    assert (both / name).read_text() == (out / name).read_text()
    assert list(both.glob("group/*_meas-alff_contrast-verumVsShamAdjusted_stat-t_statmap.nii.gz"))
    records = {path.stem for path in (both / "logs" / "done").glob("sub-01_ses-pre*")}
    assert {record.endswith("_eeg") for record in records} == {True, False}
    status = call(trial.root, both, "participant", *words, "--status")
    assert f"{8 * PER_ARM} of {8 * PER_ARM} sessions are done" in status.stdout
    again = call(trial.root, both, "participant", *words)
    assert again.returncode == 0
    assert "done in" not in again.stderr


def test_what_is_wrong_costs_one_session_and_is_told(call, study, tmp_path):
    trial, _ = study
    own = tmp_path / "data"
    describe(own, "raw")
    trial_two = type(trial)(own)
    for label, arm in list(trial.people.items())[:4]:
        trial_two.people[label] = arm
        for session in ("pre", "post"):
            write_spectra(own, label, session, arm, CHANNELS[:3] if label == "01" else CHANNELS)
    write_participants(trial_two)
    bad = own / "sub-02" / "ses-pre" / "eeg" / "sub-02_ses-pre_task-rest_eeg.tsv"
    bad.write_text(bad.read_text().replace("\nA\t", "\nA\t-"))
    out = tmp_path / "out"
    ended = call(own, out, "participant", *TOY)
    assert "3 channels (at least 4 needed). What would help: more channels" in ended.stderr
    assert "holds values that are no power" in ended.stderr
    assert read_tsv(out / "sub-03/ses-pre/eeg/sub-03_ses-pre_task-rest_desc-toy_qc.tsv")["decision"] == ["used"]
    dry = call(own, out, "participant", *TOY, "--dry-run")
    assert "4 channels" in dry.stdout
    wrong = call(own, tmp_path / "no", "participant", *TOY, "--measures", "alff")
    assert wrong.returncode == 64
    assert "alff takes signals, which toy does not give" in wrong.stderr
