"""Responses to events: planted ones, and values of MNE's Epochs (1.13.2) from a real recording."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.dataset.mne_files.electrodes import read_electrodes
from bids_app.errors import NotMeasurableError
from bids_app.measures import eeg_evoked
from bids_app.signals.evoked import amplitude, around, band_course, cut
from bids_app.vocabulary.domain import Sensors
from bids_app.vocabulary.epochs import Epochs


def recording(data, onsets, rate=100.0, **more):
    names = tuple(f"E{i}" for i in range(len(data)))
    events = {"onset": [f"{onset:.4f}" for onset in onsets], "trial_type": ["needle"] * len(onsets)}
    return Epochs(
        data=data, rate=rate, domain=Sensors(names=names), starts=np.array([0]), length=100,
        bad=np.zeros(data.shape[1], dtype=bool), places=np.arange(data.shape[1]), seconds=1.0, segments=1,
        events=events, **more,
    )  # fmt: skip


def responded(seconds=300, count=60, size=5.0, seed=0):
    """Return noise with a bump .4 s after each event in the first channel."""
    rng, rate = np.random.default_rng(seed), 100.0
    data = 3 * rng.standard_normal((4, int(seconds * rate)))
    onsets = 3 + np.arange(count) * 4.5
    times = np.arange(data.shape[1]) / rate
    for onset in onsets:
        data[0] += size * np.exp(-((times - onset - 0.4) ** 2) / (2 * 0.05**2))
    return data, onsets


def test_the_mean_and_its_error_are_those_of_the_epochs():
    data, onsets = responded()
    (feature,) = eeg_evoked.measure(recording(data, onsets), [], eeg_evoked.Options(reject_uv=0))
    assert (feature.label, feature.metadata["Epochs"]) == ("erpNeedle", 60)
    times = np.array(feature.value["time"])
    assert (times[0], times[-1], len(times)) == (-0.2, 0.8, 101)
    each = np.stack([data[0, round(o * 100) - 20 : round(o * 100) + 81] for o in onsets])
    each = each - each[:, :21].mean(axis=1, keepdims=True)
    assert feature.value["E0"] == pytest.approx(each.mean(axis=0))
    window = each[:, 50:71].mean(axis=1)
    assert feature.metadata["Amplitude"]["E0"] == pytest.approx(window.mean())
    assert feature.metadata["StandardisedMeasurementError"]["E0"] == pytest.approx(window.std(ddof=1) / np.sqrt(60))
    assert abs(feature.metadata["Amplitude"]["E3"]) < 1 < feature.metadata["Amplitude"]["E0"]


def test_epochs_that_touch_something_bad_or_leave_the_recording_are_excluded():
    bad = np.zeros(1000, dtype=bool)
    bad[505] = True
    places, kept = around(np.array([5, 100, 500, 990]), -10, 20, bad)
    assert kept.tolist() == [1]
    assert places[0, [0, -1]].tolist() == [90, 120]
    data = np.zeros((2, 1000))
    data[1, 115] = 300
    assert len(cut(data, places, slice(0, 11), 150.0)[0]) == 0
    assert len(cut(data, places, slice(0, 11))[0]) == 1


def test_a_fall_of_alpha_is_found_in_percent_and_a_jitter_does_not_take_it_away():
    rng, rate = np.random.default_rng(1), 100.0
    times = np.arange(int(400 * rate)) / rate
    onsets = 5 + np.arange(40) * 9.0
    size = np.ones(len(times))
    for onset in onsets + rng.normal(0, 0.1, len(onsets)):
        size[(times >= onset) & (times < onset + 2)] = 0.5
    data = (20 * size * np.sin(2 * np.pi * 10 * times + rng.uniform(0, 6)))[None] + rng.standard_normal((1, len(times)))
    options = eeg_evoked.Options(kind="erd", onset="observed", reject_uv=0)
    (feature,) = eeg_evoked.measure(recording(data, onsets), [], options)
    at = np.array(feature.value["time"])
    assert feature.value["E0"][(at > 0.5) & (at < 1.5)].mean() == pytest.approx(np.log10(0.25), abs=0.05)
    assert feature.value["E0"][at < -0.5].mean() == pytest.approx(0, abs=0.02)


def test_power_of_a_sine_is_half_its_square():
    times = np.arange(300) / 100
    power, centres = band_course((2 * np.sin(2 * np.pi * 10 * times))[None, None], 100.0, (8, 13))
    assert power == pytest.approx(2.0, rel=0.02)
    assert np.diff(centres) == pytest.approx(0.1)


def test_what_cannot_be_measured_is_said():
    data, onsets = responded()
    with pytest.raises(NotMeasurableError, match=r"observed onsets.*kind = 'erd'"):
        list(eeg_evoked.measure(recording(data, onsets), [], eeg_evoked.Options(onset="observed")))
    with pytest.raises(NotMeasurableError, match=r"too few epochs: 12 of needle \(at least 30"):
        list(eeg_evoked.measure(recording(data, onsets[:12]), [], eeg_evoked.Options(reject_uv=0)))
    with pytest.raises(NotMeasurableError, match="only epochs are there"):
        list(eeg_evoked.measure(recording(data, onsets, continuous=False), [], eeg_evoked.Options()))


@pytest.mark.real
def test_a_real_recording_has_the_values_of_mne(real_data):
    mne = pytest.importorskip("mne")
    path = real_data / "eeg_eeglab" / "eeglab_data.set"
    held = read_electrodes(path)
    chosen = [i for i, name in enumerate(held.names) if not name.startswith("EOG")]
    data = held.data[chosen] - held.data[chosen].mean(axis=0)
    notes = mne.io.read_raw_eeglab(path, verbose="error").annotations
    onsets = [onset for onset, text in zip(notes.onset, notes.description, strict=True) if text == "square"]
    assert round(onsets[0] * 128) == 128
    places, _ = around(np.round(np.array(onsets) * 128).astype(int), -26, 102, held.bad)
    epochs, _ = cut(data, places, slice(1, 27))  # samples of -0.2 to 0 s
    assert epochs.shape[::2] == (80, 129)
    window = slice(39 + 26, 64 + 27)  # samples of 0.3 to 0.5 s
    found, names = amplitude(epochs, window), [held.names[i] for i in chosen]
    assert [found.mean[names.index(name)] for name in ("Pz", "POz", "Oz", "Cz")] == pytest.approx(
        [3.6585, -3.1554, -10.0334, 8.7725], abs=2e-4
    )
    assert (found.sd[names.index("Pz")], found.error[names.index("Pz")]) == pytest.approx((8.2105, 0.9180), abs=1e-4)
    assert np.abs(epochs.mean(axis=0).sum(axis=0)).max() < 1e-9


def test_no_epoch_crosses_an_interruption_of_the_recording():
    _places, kept = around(np.array([100, 195, 205, 400]), -10, 20, np.zeros(1000, dtype=bool), cuts=[200])
    assert kept.tolist() == [0, 3]
    data, onsets = responded()
    whole, cut_once = (
        eeg_evoked.measure(recording(data, onsets, cuts=cuts), [], eeg_evoked.Options(reject_uv=0))
        for cuts in ((), (round(onsets[3] * 100) + 10,))
    )
    assert [next(found).metadata["Epochs"] for found in (whole, cut_once)] == [60, 59]
