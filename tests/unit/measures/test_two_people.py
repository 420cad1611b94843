"""Recordings of two people: which belong together, on one clock, and how alike others are who did the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bids_app.dataset.nirs_recordings import _belonging
from bids_app.errors import NotMeasurableError
from bids_app.measures._dyad_pairings import pairings
from bids_app.measures.interbrain_coherence import _mean
from bids_app.modalities._fnirs_dyads import _offset
from bids_app.statistics.optics.coherence import BandWavelet, coherence, transformed
from bids_app.vocabulary.optics import Optics
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.signals import TaskDesign

RATE, SAMPLES = 2.0, 600
BAND = (10.0, 20.0)


def dyad(rng, onsets, start=0.0, **more):
    """Series of one dyad as on disk, and its sidecar."""
    times = start + np.arange(SAMPLES) / RATE
    table = {"time": times, "A x hbo": rng.standard_normal(SAMPLES), "B x hbo": rng.standard_normal(SAMPLES)}
    return {name: list(map(str, column)) for name, column in table.items()}, {
        "Band": list(BAND), "SamplingFrequency": RATE, "Onsets": list(onsets), "TaskIntervals": [],
        "RestIntervals": [], **more,
    }  # fmt: skip


def alike(dyads):
    return pairings([table for table, _ in dyads], np.zeros(len(dyads), dtype=int), [about for _, about in dyads])


def test_true_pairs_are_as_they_are_measured():
    """The diagonal is the coherence of the dyad itself, whatever the others are."""
    rng = np.random.default_rng(3)
    dyads = [dyad(rng, (20.0, 60.0, 130.0)) for _ in range(3)]
    found = alike(dyads)
    assert found.places == ("A x hbo with B x hbo",)
    wavelet = BandWavelet(SAMPLES, RATE, BAND)
    for i, (table, _) in enumerate(dyads):
        one, other = (transformed(wavelet, np.array(table[f"{who} x hbo"], dtype=float)) for who in "AB")
        assert found.values[0, i, i] == pytest.approx(coherence(one, other).level, abs=1e-12)


def test_others_are_laid_upon_each_other_by_their_first_event():
    """A wave locked to the events is found alike in every pairing, wherever recordings begin."""
    rng = np.random.default_rng(5)
    dyads = []
    for i in range(3):
        table, about = dyad(rng, 30.0 + 3 * i + np.arange(0.0, 200.0, 40.0))
        wave = np.sin(2 * np.pi * (np.arange(SAMPLES) / RATE - 30 - 3 * i) / 14)
        for name in ("A x hbo", "B x hbo"):
            table[name] = [str(float(word) * 0.1 + value) for word, value in zip(table[name], wave, strict=True)]
        dyads.append((table, about))
    assert alike(dyads).values.min() > 0.9


def test_task_less_rest_is_what_tables_have():
    rng = np.random.default_rng(7)
    when = {"TaskIntervals": [[20.0, 120.0]], "RestIntervals": [[140.0, 240.0]]}
    dyads = [dyad(rng, (20.0, 140.0), **when) for _ in range(2)]
    found = alike(dyads)
    wavelet, times = BandWavelet(SAMPLES, RATE, BAND), np.arange(SAMPLES) / RATE
    one, other = (transformed(wavelet, np.array(dyads[0][0][f"{who} x hbo"], dtype=float)) for who in "AB")
    levels = [coherence(one, other, (times >= a) & (times < b)).level for a, b in ((20, 120), (140, 240))]
    assert found.values[0, 0, 0] == pytest.approx(levels[0] - levels[1], abs=1e-9)


@pytest.mark.parametrize("onsets", [(20.0, 63.0, 130.0), (20.0, 60.0)])
def test_other_protocols_are_refused(onsets):
    """Only true pairs would share the moments of their events: the second dyad differs in one, or lacks one."""
    rng = np.random.default_rng(11)
    dyads = [dyad(rng, (20.0, 60.0, 130.0)), dyad(rng, onsets)]
    with pytest.raises(NotMeasurableError, match="do not come at the same moments"):
        alike(dyads)


def test_small_jitter_is_no_other_protocol():
    rng = np.random.default_rng(13)
    assert alike([dyad(rng, (20.0, 60.0)), dyad(rng, (22.0, 62.4))]).values.shape == (1, 2, 2)


def test_runs_are_averaged_by_their_seconds_and_phases_as_directions():
    level, phase = _mean([(0.2, np.pi - 0.1, 100.0), (0.6, -np.pi + 0.1, 100.0), (np.nan, 0.0, 100.0)])
    assert level == pytest.approx(0.4)
    assert abs(phase) == pytest.approx(np.pi)
    assert np.isnan(_mean([(np.nan, 0.0, 1.0)])[0])


def recorded(onsets):
    times = np.arange(100.0)
    events = {"onset": [str(one) for one in onsets], "duration": ["5"] * len(onsets), "trial_type": ["n"] * len(onsets)}
    return Optics(values=np.zeros((100, 1, 2)), rate=1.0, channels=("S1-D1",), ends=(("S1", "D1"),),
                  short=np.zeros(1, dtype=bool), task=TaskDesign(events, times, np.ones((100, 1))))  # fmt: skip


@pytest.mark.parametrize(("times", "offset", "said"), [
    (("n/a", "n/a"), -30.0, ""), (("2025-01-01T10:00:00", "2025-01-01T09:59:30"), -30.0, ""),
    (("2025-01-01T10:00:12+01:00", "2025-01-01T10:00:14"), -30.0, ""),  # one zone alone: nothing is known
    (("2025-01-01T10:00:12", "2025-01-01T10:00:14"), 0.0, "acq_time puts the recordings 2 s apart"),
    (("2025-01-01T10:00:00", "2025-01-01T10:00:00"), -30.0, ""),  # rounded to minutes
    (("2025-01-01T10:00:00", "2025-01-01T11:00:00"), 0.0, "3600 s apart"),
])  # fmt: skip
def test_clocks(times, offset, said):
    """Events every 30 s: those of the other are 30 s later by its clock, or one was taken for its neighbour."""
    own = Recording(modality="fnirs", entities={"sub": "1"}, series=Path("a"), root=Path(), dataset="raw")
    other = Recording(modality="fnirs", entities={"sub": "2"}, series=Path("b"), root=Path(), dataset="raw",
                      metadata={"AcquiredAt": times[1]})  # fmt: skip
    own = Recording(modality="fnirs", entities={"sub": "1"}, series=Path("a"), root=Path(), dataset="raw",
                    metadata={"AcquiredAt": times[0]}, partner=other)  # fmt: skip
    found, problem = _offset(recorded([10, 40, 70]), recorded([40, 70, 100]), own)
    assert (found, said in problem) == (offset, True)
    assert bool(problem) == bool(said)


def files(folder, *names):
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def test_runs_of_a_dyad_belong_together_by_run_then_by_time(tmp_path):
    mine = files(tmp_path, "sub-1_task-n_run-1_nirs.snirf", "sub-1_task-n_run-2_nirs.snirf")
    yours = files(tmp_path, "sub-2_task-n_run-1_nirs.snirf", "sub-2_task-n_run-2_nirs.snirf")
    members = [(path, "n/a") for path in (*mine, *yours)]
    assert [_belonging(path, "n/a", members)[0] for path in mine] == yours
    others = files(tmp_path, "sub-3_task-n_nirs.snirf", "sub-3_task-m_nirs.snirf")
    timed = [*((path, "n/a") for path in mine), (others[0], "2025-01-01T10:00:00"), (others[1], "2025-01-01T11:00:00")]
    assert _belonging(mine[1], "2025-01-01T10:59:00", timed)[0] == others[1]
    with pytest.raises(NotMeasurableError, match=r"task, run or acq_time of scans.tsv must tell which"):
        _belonging(mine[1], "n/a", timed)
    with pytest.raises(NotMeasurableError, match="has sub-1, sub-2, sub-3; two people are needed"):
        _belonging(mine[0], "n/a", [*members, (others[0], "n/a")])
    with pytest.raises(NotMeasurableError, match=r"lacks sub-4_task-n_nirs.snirf, which scans.tsv names"):
        _belonging(mine[0], "n/a", [(mine[0], "n/a"), (tmp_path / "sub-4_task-n_nirs.snirf", "n/a")])
