"""`--demo eeg`: a small synthetic trial with EEG that was cleaned elsewhere; alpha rises in verum alone."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.montages import TEN_TEN, nominal_positions, region
from bids_app.derivatives.atomic import write_bytes, write_text
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table

LOG = logging.getLogger("deqi")

CHANNELS = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7", "C3", "Cz", "C4", "T8", "CP5", "CP1",
    "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO3", "POz", "PO4", "O1", "Oz", "O2",
)  # fmt: skip
RATE, SECONDS, PER_ARM = 128, 120, 12
STEP = 0.05
"""µV of one step of the amplifier."""

RISE = 1.8
"""Planted: how many times as high alpha stands above the rest of the spectrum in verum after treatment, at the back."""

DECOY = 3.0
"""Decoy: how many times as high theta stands in BOTH arms after treatment, at the front."""

_SMOOTH = 45.0
"""mm over which neighbouring electrodes see the same sources."""

SETTINGS = """# Settings of the demonstration with EEG (docs/howto/eeg.md).

[trial]
title = "Verum and sham acupuncture with EEG: a demonstration"

[modalities.eeg]

[inference]
n_permutations = 1000

[outcomes.alpha]
column = "alphaCorrected_EC"
kind = "measurement"
role = "secondary"
"""

_HEADER = """Brain Vision Data Exchange Header File Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile={data}
MarkerFile={marks}
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels={count}
SamplingInterval={interval:g}

[Binary Infos]
BinaryFormat=INT_16

[Channel Infos]
{channels}
"""
_MARKS = """Brain Vision Data Exchange Marker File, Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile={data}

[Marker Infos]
Mk1=New Segment,,1,1,0,20200101000000000000
"""


def write_demonstration(folder: Path) -> None:
    """Write the dataset `folder`, with a derivative of cleaned EEG inside."""
    cleaned = folder / "derivatives" / "eeg-cleaned"
    arms = np.random.default_rng(17).permutation(["verum"] * PER_ARM + ["sham"] * PER_ARM)
    labels = [f"{i + 1:02d}" for i in range(len(arms))]
    about = {"Name": f"deqi demonstration with EEG ({SYNTHETIC_NOTICE})", "BIDSVersion": "1.9.0"}
    write_json(folder / "dataset_description.json", {**about, "DatasetType": "raw"})
    made = [{"Name": DEMONSTRATION, "Description": SYNTHETIC_NOTICE}]
    write_json(cleaned / "dataset_description.json", {**about, "DatasetType": "derivative", "GeneratedBy": made})
    who = {"participant_id": [f"sub-{label}" for label in labels], "group": arms.tolist()}
    write_table(folder / "participants.tsv", who)
    levels = {"verum": "made-up arm with the planted effect", "sham": "made-up arm without it"}
    write_json(folder / "participants.json", {"group": {"Description": SYNTHETIC_NOTICE, "Levels": levels}})
    write_text(folder / "code" / "analysis.toml", SETTINGS)
    LOG.info("Writing a synthetic trial of %d participants to %s (all of it is made up) ...", len(arms), folder)
    for number, (label, arm) in enumerate(zip(labels, arms, strict=True)):
        for session in ("pre", "post"):
            words = f"sub-{label}", f"ses-{session}"
            (folder.joinpath(*words)).mkdir(parents=True, exist_ok=True)
            stem = cleaned.joinpath(*words, "eeg", "_".join([*words, "task-EC_desc-cleaned"]))
            write_recording(stem, series(number, verum=str(arm) == "verum", after=session == "post"))
    call, config = f"  deqi {folder} {folder}/derivatives/deqi", f"--config {folder}/code/analysis.toml"
    calls = f"{call} participant {config}", f"{call} group {config}"
    lacking = () if find_spec("mne") else ("The participant level needs MNE: pip install 'deqi[eeg]'",)
    LOG.info("%s", "\n".join(("Written. Next:", *calls, *lacking)))


def series(person: int, *, verum: bool, after: bool) -> NDArray[np.float64]:
    """Return one recording with closed eyes, (channels, samples) µV: what falls with frequency, theta and alpha."""
    own, now = np.random.default_rng([41, person]), np.random.default_rng([43, person, after])
    count = RATE * SECONDS
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    exponent = 1.1 + 0.12 * own.standard_normal() + 0.03 * now.standard_normal()
    peak = 10 + 0.6 * own.standard_normal()
    alpha = 7 * np.exp(0.35 * own.standard_normal() + 0.12 * now.standard_normal()) * (RISE if verum and after else 1)
    theta = 0.8 * np.exp(0.2 * own.standard_normal() + 0.1 * now.standard_normal()) * (DECOY if after else 1)
    back, front = _weights("posterior"), _weights("frontal")
    power = 1 + np.outer(back, alpha * np.exp(-((frequencies - peak) ** 2) / 2))
    power += np.outer(front, theta * np.exp(-((frequencies - 6) ** 2)))
    falling = np.zeros(len(frequencies))
    falling[1:] = 22 * frequencies[1:] ** (-exponent / 2)
    white = _mixing() @ now.standard_normal((len(CHANNELS), count))
    return np.asarray(np.fft.irfft(np.fft.rfft(white) * np.sqrt(power) * falling, count))


def _positions() -> NDArray[np.float64]:
    return nominal_positions(CHANNELS, TEN_TEN)


def _weights(name: str) -> NDArray[np.float64]:
    """Return how much each channel sees of a region, (channels,): 1 within, less farther away."""
    positions = _positions()
    inside = positions[region([name], CHANNELS)]
    nearest = np.linalg.norm(positions[:, None] - inside[None], axis=2).min(axis=1)
    return np.asarray(np.exp(-((nearest / _SMOOTH) ** 2)))


def _mixing() -> NDArray[np.float64]:
    """Return the weights of sources under each electrode, (channels, channels); rows have length one."""
    positions = _positions()
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    weights = np.exp(-((apart / _SMOOTH) ** 2))
    return np.asarray(weights / np.linalg.norm(weights, axis=1, keepdims=True))


def write_recording(stem: Path, data: NDArray[np.float64]) -> None:
    """Write a recording in the format of BrainVision, its sidecar and its channels; names begin with `stem`."""
    names = {ending: f"{stem.name}_eeg.{ending}" for ending in ("vhdr", "vmrk", "eeg")}
    steps = np.clip(np.round(data / STEP), -32_767, 32_767).astype("<i2")
    channels = "\n".join(f"Ch{i + 1}={name},,{STEP:g},µV" for i, name in enumerate(CHANNELS))
    header = _HEADER.format(
        data=names["eeg"], marks=names["vmrk"], count=len(CHANNELS), interval=1e6 / RATE, channels=channels
    )
    write_bytes(stem.with_name(names["eeg"]), steps.T.tobytes())
    write_text(stem.with_name(names["vmrk"]), _MARKS.format(data=names["eeg"]))
    write_text(stem.with_name(names["vhdr"]), header)
    write_json(
        stem.with_name(f"{stem.name}_eeg.json"),
        {"TaskName": "EC", "EEGReference": "average", "SamplingFrequency": RATE, "PowerLineFrequency": 50,
         "SoftwareFilters": "n/a", "EEGChannelCount": len(CHANNELS), "Description": SYNTHETIC_NOTICE,
         "Instructions": "Eyes closed (made up)."},
    )  # fmt: skip
    kinds = {"name": list(CHANNELS), "type": ["EEG"] * len(CHANNELS), "units": ["µV"] * len(CHANNELS)}
    write_table(stem.with_name(f"{stem.name}_channels.tsv"), {**kinds, "status": ["good"] * len(CHANNELS)})
