"""`--demo fnirs`: a small synthetic trial with light at the bedside, of patients and of those who needle them."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.dataset import SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table
from bids_app.errors import UsageError
from bids_app.launch.demo.optical_series import LIGHT, ONSETS, RATE, SECONDS, WHERE, channel_table, optode_table, series

LOG = logging.getLogger("deqi")

PER_ARM, PRACTITIONERS = 12, 3

SETTINGS = """# Settings of the demonstration with fNIRS (docs/howto/fnirs.md).

[trial]
title = "Verum and sham acupuncture with fNIRS: a demonstration"

[designs.post_only]
session = "01"
strata = ["practitioner"]

[modalities.fnirs.regions]
PFC = ["S1-D1", "S1-D2", "S2-D2", "S2-D3"]
motor = ["S3-D4", "S3-D5", "S4-D9", "S4-D6"]

[measures.channel_activation]

[measures.region_activation]

[measures.interbrain_coherence]
band = [10.0, 20.0]

[inference]
n_permutations = 1000
"""

_ROLES = {"patient": "is needled", "practitioner": "needles; belongs to no arm"}


def write_demonstration(folder: Path, per_arm: int = PER_ARM) -> None:
    """Write the dataset `folder`, with so many patients of each arm.

    Raises
    ------
    UsageError
        If h5py, which writes the files, is not installed.
    """
    if find_spec("h5py") is None:
        raise UsageError("--demo fnirs writes SNIRF files and needs h5py: pip install 'deqi[fnirs]'.")
    rng = np.random.default_rng(23)
    arms = rng.permutation(["verum"] * per_arm + ["sham"] * per_arm).tolist()
    people = [f"{i + 1:02d}" for i in range(len(arms))]
    hands = [f"acu{i % PRACTITIONERS + 1}" for i in range(len(arms))]
    about = {"Name": f"deqi demonstration with fNIRS ({SYNTHETIC_NOTICE})", "BIDSVersion": "1.10.0"}
    write_json(folder / "dataset_description.json", {**about, "DatasetType": "raw"})
    _participants(folder, people, arms, hands)
    write_text(folder / "code" / "analysis.toml", SETTINGS)
    LOG.info("Writing a synthetic trial of %d dyads to %s (all of it is made up) ...", len(people), folder)
    scans: dict[tuple[str, str], tuple[str, str]] = {}
    for number, (person, arm, hand) in enumerate(zip(people, arms, hands, strict=True)):
        both = series(number, verum=arm == "verum")
        for who, session, own in ((person, "01", both.patient), (hand, f"D{person}", both.practitioner)):
            name = _recording(folder, who, session, own, number)
            scans[who, session] = (name, f"D{person}")
    for number, ((who, session), (name, dyad)) in enumerate(scans.items()):
        table = folder / f"sub-{who}" / f"ses-{session}" / f"sub-{who}_ses-{session}_scans.tsv"
        time = f"2020-01-{1 + number // 2:02d}T10:00:00"
        write_table(table, {"filename": [name], "acq_time": [time], "dyad_id": [dyad]})
        write_json(table.with_suffix(".json"), {"dyad_id": {"Description": "Recordings that were made together."}})
    call, config = f"  deqi {folder} {folder}/derivatives/deqi", f"--config {folder}/code/analysis.toml"
    calls = f"{call} participant {config}", f"{call} group {config}"
    lacking = () if find_spec("mne") else ("The participant level needs MNE: pip install 'deqi[fnirs]'",)
    LOG.info("%s", "\n".join(("Written. Next:", *calls, *lacking)))


def _participants(folder: Path, people: list[str], arms: list[str], hands: list[str]) -> None:
    others = sorted(set(hands))
    table = {
        "participant_id": [f"sub-{label}" for label in (*people, *others)],
        "group": [*arms, *["n/a"] * len(others)],
        "role": [*["patient"] * len(people), *["practitioner"] * len(others)],
        "practitioner": [*hands, *others],
    }  # fmt: skip
    write_table(folder / "participants.tsv", table)
    levels = {"verum": "made-up arm with the planted response", "sham": "made-up arm without it"}
    write_json(
        folder / "participants.json",
        {
            "group": {"Description": SYNTHETIC_NOTICE, "Levels": levels},
            "role": {"Description": "What someone did.", "Levels": _ROLES},
            "practitioner": {"Description": "Who needled; made up."},
        },
    )


def _recording(folder: Path, who: str, session: str, light: NDArray[np.float64], number: int) -> str:
    """Write a recording with its tables and return its name beside the table of scans."""
    from bids_app.dataset.mne_files.snirf import Light, write_snirf

    stem = f"sub-{who}_ses-{session}_task-needling"
    place = folder / f"sub-{who}" / f"ses-{session}" / "nirs"
    place.mkdir(parents=True, exist_ok=True)
    write_snirf(place / f"{stem}_nirs.snirf", Light(light, *LIGHT), RATE)
    sidecar = {
        "TaskName": "needling", "SamplingFrequency": RATE, "NIRSChannelCount": 2 * len(LIGHT[0]),
        "NIRSSourceOptodeCount": 5, "NIRSDetectorOptodeCount": 9, "RecordingDuration": SECONDS,
        "CapManufacturer": "none", "NIRSPlacementScheme": "n/a",
    }  # fmt: skip
    write_json(place / f"{stem}_nirs.json", sidecar)
    write_table(place / f"{stem}_channels.tsv", channel_table(bad=number == 3))
    onsets = [f"{onset:g}" for onset in ONSETS]
    events = {"onset": onsets, "duration": ["20"] * len(onsets), "trial_type": ["needling"] * len(onsets)}
    write_table(place / f"{stem}_events.tsv", events)
    general = f"sub-{who}_ses-{session}"
    write_table(place / f"{general}_optodes.tsv", optode_table())
    system = {"NIRSCoordinateSystem": "Other", "NIRSCoordinateUnits": "mm", "NIRSCoordinateSystemDescription": WHERE}
    write_json(place / f"{general}_coordsystem.json", system)
    return f"nirs/{stem}_nirs.snirf"
