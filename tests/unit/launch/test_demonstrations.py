"""What the demonstrations write: files that their readers understand, effects where they were planted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from bids_app.app import main
from bids_app.dataset.tables import read_tsv
from bids_app.launch.demo import eeg, needling, physiology, receptors, runs
from bids_app.signals.beats import beats
from bids_app.signals.intervals import normal, variability
from bids_app.signals.oscillations import Spectra
from bids_app.signals.periodogram import density


def test_a_recording_of_eeg_is_read_as_it_was_written(tmp_path):
    pytest.importorskip("mne")
    from bids_app.dataset.mne_files.electrodes import read_electrodes

    data = eeg.series(0, verum=True, after=False)
    eeg.write_recording(tmp_path / "sub-01_task-EC_desc-cleaned", data)
    held = read_electrodes(tmp_path / "sub-01_task-EC_desc-cleaned_eeg.vhdr")
    assert held.names == eeg.CHANNELS
    assert held.rate == eeg.RATE
    assert held.data == pytest.approx(data, abs=eeg.STEP / 2 + 1e-9)


def heights(person, **state):
    """Return how high theta at the front and alpha at the back stand above the rest of the spectrum."""
    data = eeg.series(person, **state)
    length = 4 * eeg.RATE
    starts = np.arange(0, data.shape[1] - length + 1, length // 2)
    found = density(data, starts, length, float(eeg.RATE), slice(4, 181))
    spectra = Spectra(density=found, frequencies=np.arange(4, 181) / 4)
    front, back = eeg.CHANNELS.index("Fz"), eeg.CHANNELS.index("POz")
    return spectra.above((5, 7))[front], spectra.above((9, 11))[back]


def test_alpha_rises_in_verum_alone_and_theta_in_both_arms():
    changes = {
        verum: np.mean(
            [
                np.subtract(heights(person, verum=verum, after=True), heights(person, verum=verum, after=False))
                for person in range(6)
            ],
            axis=0,
        )
        for verum in (True, False)
    }
    assert changes[True][0] == pytest.approx(changes[False][0], abs=1e-6)
    assert changes[True][0] > 0.1
    assert changes[True][1] - changes[False][1] == pytest.approx(np.log10(eeg.RISE), abs=0.08)
    assert abs(changes[False][1]) < 0.1


def test_the_heart_is_more_variable_by_what_was_planted(tmp_path):
    def ln_rmssd(person, **state):
        stem = tmp_path / f"sub-{person}_{state['verum']}_{state['after']}"
        physiology.write_physiology(stem, 300.0, person, **state)
        path = next(tmp_path.glob(f"{stem.name}_*physio.tsv.gz"))
        with gzip.open(path, "rt") as stream:
            pulse = np.loadtxt(stream)[:, 0]
        about = json.loads(Path(str(path).replace(".tsv.gz", ".json")).read_text())
        intervals = 1000 * np.diff(beats(pulse, about["SamplingFrequency"], "ppg"))
        return np.log(variability(intervals, normal(intervals)).rmssd)

    planted = [ln_rmssd(p, verum=True, after=True) - ln_rmssd(p, verum=False, after=True) for p in range(4)]
    assert np.mean(planted) == pytest.approx(physiology.RISE, abs=0.15)


def test_binding_falls_in_verum_alone_by_what_was_planted_and_rises_in_both_arms(tmp_path):
    def ratio(region, *, verum):
        means = [
            np.mean([receptors.binding(person, verum=verum, after=after)[region] for person in range(40)])
            for after in (False, True)
        ]
        return means[1] / means[0] - 1

    planted, decoy = receptors.PLANTED, receptors.DECOY
    assert ratio(planted, verum=True) == pytest.approx(-receptors.FALL, abs=0.03)
    assert ratio(planted, verum=False) == pytest.approx(0, abs=0.03)
    assert [ratio(decoy, verum=verum) for verum in (True, False)] == pytest.approx([receptors.RISE] * 2, abs=0.03)


def test_curves_of_the_demonstration_are_those_of_their_binding_potential(tmp_path):
    """The Logan plot by hand: its slope is 1 + BPnd."""
    receptors.write_scan(tmp_path, ("sub-01", "ses-pre"), 0, verum=True, after=False)
    (path,) = tmp_path.rglob("*_tacs.tsv")
    table = {name: np.array(words, float) for name, words in read_tsv(path).items()}
    target, known = table["putamen"], table["Cerebellum-Cortex"]
    lasts = (table["frame_end"] - table["frame_start"]) / 60
    x, y = (np.cumsum(values * lasts) - values * lasts / 2 for values in (known, target))
    late = table["frame_start"] >= 30 * 60
    slope, _ = np.polyfit(((x + known / 0.14) / target)[late], (y / target)[late], 1)
    planted = receptors.binding(0, verum=True, after=False)["putamen"]
    assert slope - 1 == pytest.approx(planted, rel=0.05)


def test_an_unknown_kind_is_told(capsys):
    assert main(["--demo", "nirs", "folder"]) == 64
    assert "expected DIR, or a kind (eeg, fnirs, needling, pathways, meta) and DIR" in capsys.readouterr().err


def test_one_scan_holds_rest_needling_and_rest_with_what_was_planted(tmp_path, monkeypatch):
    """The cingulate follows the thalamus after needling in verum alone; the decoy grows in both arms alike."""
    monkeypatch.setattr(needling, "PER_ARM", 2)
    main(["--demo", "needling", str(tmp_path)])
    mask, grid = runs.brain()
    people = read_tsv(tmp_path / "participants.tsv")
    arms = dict(zip(people["participant_id"], people["group"], strict=True))
    changes = {"verum": [], "sham": []}
    for participant, arm in arms.items():
        folder = tmp_path / "derivatives" / "fmriprep" / participant / "func"
        series = np.asarray(nib.load(next(folder.glob("*_bold.nii.gz"))).dataobj)[mask].T.astype(float)
        events = read_tsv(next((tmp_path / participant / "func").glob("*_events.tsv")))
        begin, length = (float(events[name][events["trial_type"].index("needling")]) for name in ("onset", "duration"))
        times = runs.TR * np.arange(len(series))
        parts = [times < begin, times >= begin + length + needling.MARGIN]
        places = {
            name: runs.blob(mask, grid, getattr(needling, name)) > 0.8
            for name in ("THALAMUS", "CINGULATE", "POSTERIOR", "MEDIAL", "INSULA")
        }
        course = {name: series[:, place].mean(axis=1) for name, place in places.items()}
        pairs = (("THALAMUS", "CINGULATE"), ("POSTERIOR", "MEDIAL"))
        r = [[np.corrcoef(course[a][t], course[b][t])[0, 1] for t in parts] for a, b in pairs]
        changes[arm].append(np.diff(np.arctanh(r), axis=1).ravel())
        turned = np.array([kind == "rotation" for kind in events["trial_type"]])
        onsets = np.array(events["onset"], dtype=float)[turned]
        heights = [course["INSULA"][(times > t + 6) & (times < t + 30)].mean() for t in onsets]
        assert heights[0] > heights[1] > heights[2]
    verum, sham = (np.mean(changes[arm], axis=0) for arm in ("verum", "sham"))
    assert verum[0] > sham[0] + 0.15
    assert min(verum[1], sham[1]) > 0.3
