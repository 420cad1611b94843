"""EEG recorded in the scanner beside the BOLD series of the same runs: invented signals, planted association."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from scipy.stats import gamma
from synthetic import CAP, FRAMES, TR, blob, brain, write_trial

from bids_app.dataset.tables import read_tsv

mne = pytest.importorskip("mne")

BACK = ("P3", "Pz", "P4", "O1", "Oz", "O2")
RATE, LEAD = 100.0, 11.3
"""Samples a second, and seconds of EEG before the first volume."""

WORDS = ("--measures", "eeg_bold", "--set", "modalities.fmri.smoothing_fwhm=0")
SIZE, PLACE = -2.0, (-28.0, -28.0, 12.0)
"""Percent signal for one standard deviation of log power, and where (mm)."""


def response(t):
    """Return the canonical response of SPM: a gamma density of shape 6 less a sixth of one of shape 16."""
    found = gamma.pdf(t, 6) - gamma.pdf(t, 16) / 6
    return found / found.sum()


def followed(rng):
    """Return EEG (µV) whose alpha waxes and wanes, and the BOLD signal at each volume that follows its log power."""
    seconds = LEAD + FRAMES * TR + 5
    t = np.arange(round(seconds * RATE)) / RATE
    slow = np.interp(t, np.arange(0, seconds + 6, 6), rng.standard_normal(len(np.arange(0, seconds + 6, 6))))
    slow = (slow - slow.mean()) / slow.std()
    data = 2 * rng.standard_normal((len(CAP), len(t)))
    waves = 10 ** (0.3 * slow) * 20 * np.sin(2 * np.pi * 10 * t)
    data[[CAP.index(name) for name in BACK]] += waves
    bold = np.convolve(slow, response(np.arange(0, 32, 1 / RATE)))[: len(t)]
    return data, np.interp(LEAD + TR * np.arange(FRAMES), t, bold)


def write(root, per_arm=1, markers=FRAMES, flat=()):
    """Write runs of a few participants, EEG that was cleaned, and its events; `markers` of volumes are there."""
    trial = write_trial(root / "bids", per_arm=per_arm, sessions=("pre",))
    cleaned = root / "bids" / "derivatives" / "mne-bids-pipeline"
    cleaned.mkdir(parents=True)
    about = {"Name": "invented", "BIDSVersion": "1.9.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "t"}]}
    (cleaned / "dataset_description.json").write_text(json.dumps(about))
    for label in trial.people:
        data, bold = followed(np.random.default_rng(int(label)))
        path = trial.file(label, "pre", "bold")
        image = nib.load(path)
        values = np.asarray(image.dataobj, dtype=np.float64)
        values += 500 * SIZE / 100 * blob(PLACE)[..., None] * bold * brain()[..., None]
        nib.save(nib.Nifti1Image(values.astype(np.float32), image.affine, image.header), path)
        if label in flat:
            continue
        stem = f"sub-{label}_ses-pre_task-rest"
        raw = mne.io.RawArray(data * 1e-6, mne.create_info(list(CAP), RATE, "eeg"), verbose="error")
        folder = cleaned / f"sub-{label}" / "ses-pre" / "eeg"
        folder.mkdir(parents=True)
        raw.save(folder / f"{stem}_proc-clean_raw.fif", verbose="error")
        events = root / "bids" / f"sub-{label}" / "ses-pre" / "eeg" / f"{stem}_events.tsv"
        events.parent.mkdir(parents=True)
        rows = "\n".join(f"{LEAD + TR * volume:.3f}\t0\tR128" for volume in range(markers))
        events.write_text(f"onset\tduration\ttrial_type\n{rows}\n")
    return trial


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    root = tmp_path_factory.mktemp("simultaneous")
    trial = write(root, per_arm=4, flat=("04",))
    return root, run_deqi(trial.root, root / "out", "participant", *WORDS)


def test_what_follows_alpha_is_found_where_it_was_planted_and_nowhere_else(analysed):
    root, ended = analysed
    assert ended.code == 0, ended.text
    folder = root / "out" / "sub-01" / "ses-pre" / "func"
    maps = {
        stat: np.asarray(nib.load(next(folder.glob(f"*_meas-alphaBold_stat-{stat}_statmap.nii.gz"))).dataobj)
        for stat in ("effect", "variance", "t", "z")
    }
    there = (blob(PLACE) > 0.5) & brain()
    elsewhere = (blob(PLACE) < 0.01) & brain()
    assert maps["effect"][there].mean() == pytest.approx(SIZE * blob(PLACE)[there].mean(), rel=0.35)
    assert maps["t"][there].mean() < -3
    assert abs(maps["t"][elsewhere].mean()) < 1
    assert maps["t"] == pytest.approx(maps["effect"] / np.sqrt(maps["variance"]), rel=1e-3, nan_ok=True)
    about = json.loads(next(folder.glob("*_meas-alphaBold_stat-effect_statmap.json")).read_text())
    assert about["Band"] == [8, 13]
    assert set(about["Channels"]) == set(BACK) | {"P7", "P8"}
    assert about["VolumeMarkers"] == FRAMES
    assert abs(about["CorrelationWithMotion"]) < 0.3
    assert any(source.endswith("proc-clean_raw.fif") for source in about["CompanionSources"])
    assert validate_bids(root / "out").returncode == 0


def test_the_regressor_is_the_power_that_was_planted_at_the_times_of_the_volumes(analysed):
    root, _ = analysed
    folder = root / "out" / "sub-01" / "ses-pre" / "func"
    found = np.array(read_tsv(next(folder.glob("*_desc-eegPower_timeseries.tsv")))["alpha"], dtype=float)
    _, bold = followed(np.random.default_rng(1))
    assert np.corrcoef(found, bold)[0, 1] > 0.95
    assert np.polyfit(bold, found, 1)[0] == pytest.approx(1, abs=0.1)


def test_a_run_without_eeg_has_its_other_measures_and_it_is_said(analysed):
    root, ended = analysed
    assert "has no simultaneous EEG" in ended.text
    assert "left out of eeg_bold" in ended.text
    assert not list((root / "out" / "sub-04").rglob("*alphaBold*"))


def test_clocks_that_cannot_be_joined_are_named(tmp_path):
    trial = write(tmp_path, markers=FRAMES - 2)
    ended = run_deqi(trial.root, tmp_path / "out", "participant", *WORDS, "--participant-label", "01")
    assert f"EEG has {FRAMES - 2} volume markers" in ended.text
    assert f"the series {FRAMES} volumes: clocks cannot be joined" in ended.text
    assert "measures.eeg_bold.volume_marker" in ended.text


def test_the_group_level_asks_whether_arms_differ(analysed):
    root, _ = analysed
    words = (*WORDS, "--set", "designs.post_only.session=pre", "--n-permutations", "20")
    ended = run_deqi(root / "bids", root / "out", "group", *words)
    assert ended.code == 0, ended.text
    assert "7 of 8 participants analysed" in ended.text
    made = list((root / "out" / "group").glob("*_meas-alphaBold_contrast-verumVsSham*_stat-effect_statmap.nii.gz"))
    assert len(made) == 1
    assert "EEG power and BOLD" in (root / "out" / "group-eeg_bold.html").read_text()
