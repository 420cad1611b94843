"""The pulse and the breath of the people of the demonstration: made up, with a change planted in one arm."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.atomic import write_bytes
from bids_app.derivatives.dataset import SYNTHETIC_NOTICE
from bids_app.derivatives.files import gzipped, write_json

RATE = 25.0
"""Samples a second."""

RISE = 0.5
"""Planted: by how much ln RMSSD rises in verum alone after treatment."""

SLOWER = -2.0
"""Decoy: by how many breaths a minute BOTH arms breathe more slowly after treatment."""

_WIDTH = 0.1
"""Seconds of a pulse wave."""


def write_physiology(stem: Path, seconds: float, person: int, *, verum: bool, after: bool) -> None:
    """Write a recording of pulse and breath whose file names begin with `stem`.

    Parameters
    ----------
    person : int
        Draws what is the person's own; with `after` it draws the day.
    """
    own, now = np.random.default_rng([31, person]), np.random.default_rng([37, person, after])
    spread = 22 * np.exp(0.35 * own.standard_normal() + 0.12 * now.standard_normal() + RISE * (verum and after))
    rate = 66 + 6 * own.standard_normal()
    intervals = (60_000 / rate + spread * now.standard_normal(round(seconds * 2.5))) / 1000
    beats = 0.4 + np.cumsum(intervals)
    times = np.arange(round(seconds * RATE)) / RATE
    breaths = (15 + own.standard_normal() + 0.3 * now.standard_normal() + SLOWER * after) / 60
    breath = np.sin(2 * np.pi * breaths * times) + 0.1 * now.standard_normal(len(times))
    table = np.column_stack([_waves(times, beats), breath])
    text = io.StringIO()
    np.savetxt(text, table, fmt="%.3f", delimiter="\t")
    write_bytes(stem.with_name(f"{stem.name}_recording-pulse_physio.tsv.gz"), gzipped(text.getvalue().encode()))
    write_json(
        stem.with_name(f"{stem.name}_recording-pulse_physio.json"),
        {"PhysioType": "generic", "Columns": ["cardiac", "respiratory"], "SamplingFrequency": RATE, "StartTime": 0,
         "cardiac": {"Units": "V", "Description": SYNTHETIC_NOTICE},
         "respiratory": {"Units": "V", "Description": SYNTHETIC_NOTICE}},
    )  # fmt: skip


def _waves(times: NDArray[np.float64], beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a bump at each beat, (samples,)."""
    near = beats[np.clip(np.searchsorted(beats, times), 1, len(beats) - 1) + np.array([[-1], [0]])]
    return np.asarray(np.exp(-((times - near) ** 2) / (2 * _WIDTH**2)).sum(axis=0))
