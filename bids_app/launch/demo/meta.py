"""`--demo meta`: tables of invented studies, with peaks that converge, peaks that do not, and trials of pain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table

LOG = logging.getLogger("deqi")

STUDIES = 22

INSULA = (36.0, 16.0, 2.0)
"""Planted: peaks of verum > sham, in 14 studies."""

MOTOR = (2.0, 2.0, 58.0)
"""Decoy: peaks of the change within verum AND within sham, in 13 studies each; between arms there is nothing."""

FAR = ((-66, 66), (-98, 64), (-30, 68))
"""Where all other peaks fall, along each axis."""

README = f"""# Invented studies

{SYNTHETIC_NOTICE}: every study, number and peak was drawn at random.

`deqi {{0}} {{0}}-out meta` brings them together (three minutes; with `--set syntheses.coordinates.redraws=1000` one).
Planted: peaks of verum > sham near the right anterior insula. A decoy: peaks of the change within verum and within sham
near the supplementary motor area, as anything would have that changes from the first scan to the second. Pain is better
in verum, more so in small trials; sleep is not. One link of a framework is there, one is not, one is told by signs.
"""


def write_demonstration(place: Path) -> None:
    """Write the tables of studies, foci and effects."""
    rng = np.random.default_rng(7)
    sizes = rng.integers(14, 38, STUDIES)
    write_json(place / "dataset_description.json", {
        "Name": "Invented studies", "BIDSVersion": "1.10.0", "DatasetType": "raw",
        "GeneratedBy": [{"Name": DEMONSTRATION, "Description": SYNTHETIC_NOTICE}],
    })  # fmt: skip
    write_text(place / "README.md", README.format(place.name))
    names = [f"Invented{1 + i:02d}" for i in range(STUDIES)]
    write_table(place / "studies.tsv", {
        "study_id": [*names, "Silent1", "Silent2", "Regional1"],
        "sample_id": [*names[:-1], names[-2], "Silent1", "Silent2", "Regional1"],
        "n_verum": [*sizes, 20, 16, 18], "n_sham": [*sizes - rng.integers(0, 3, STUDIES), 19, 17, 18],
        "year": [int(year) for year in rng.integers(2009, 2026, STUDIES + 3)],
        "whole_brain": [True] * (STUDIES + 2) + [False],
    })  # fmt: skip
    rows = [*_foci(rng, names), ("Regional1", "verum>sham", 36, 16, 2)]
    keys = ("study_id", "contrast", "x", "y", "z")
    columns = dict(zip(keys, map(list, zip(*rows, strict=True)), strict=True))
    write_table(place / "foci.tsv", {**columns, "space": ["MNI"] * len(rows)})
    write_table(place / "effects.tsv", _effects(rng, names, sizes))
    write_table(place / "links.tsv", _links(np.random.default_rng(8), names, sizes))
    LOG.info("Written. Next:\n  deqi %s %s-out meta", place, place)


def _foci(rng: np.random.Generator, names: list[str]) -> Iterator[tuple[str, str, float, float, float]]:
    for contrast, place, meeting in (
        ("verum>sham", INSULA, 14), ("verum:post>pre", MOTOR, 13), ("sham:post>pre", MOTOR, 13)
    ):  # fmt: skip
        chosen = set(rng.choice(len(names), meeting, replace=False).tolist())
        for i, name in enumerate(names):
            places = [rng.uniform(*np.array(FAR).T) for _ in range(rng.integers(2, 7))]
            if i in chosen:
                places.append(np.array(place) + rng.normal(0, 4, 3))
            for x, y, z in np.round(places, 0).tolist():
                yield name, contrast, x, y, z


def _links(rng: np.random.Generator, names: list[str], sizes: np.ndarray) -> dict[str, list[object]]:
    """Return a link that is there in eight studies, one that is nowhere, and one of which signs alone are told."""
    found: list[tuple[object, ...]] = []
    for i in range(8):
        v = round(2 / sizes[i], 4)
        g = round(float(rng.normal(0.6, np.sqrt(v))), 2)
        found.append((names[i], "needle -> insula", "fMRI", "verum>sham", g, v, "n/a", "n/a", "n/a"))
    for i in range(5):
        r = round(float(np.tanh(rng.normal(0, 1 / np.sqrt(2 * sizes[i] - 3)))), 2)
        found.append((names[i], "insula -> relief", "fMRI", "correlation", "n/a", "n/a", r, 2 * int(sizes[i]), "n/a"))
    for i, sign in enumerate("++-+"):
        found.append((names[i + 8], "needle -> alpha", "EEG", "verum>sham", "n/a", "n/a", "n/a", "n/a", sign))
    columns = ("study_id", "link", "modality", "contrast", "g", "v", "r", "n", "sign")
    return dict(zip(columns, map(list, zip(*found, strict=True)), strict=True))


def _effects(rng: np.random.Generator, names: list[str], sizes: np.ndarray) -> dict[str, list[object]]:
    """Return pain of 14 trials, of which one has two arms with one sham arm, and sleep of four."""
    found: dict[str, list[object]] = {}
    for outcome, trials, benefit, vary in (("pain", 14, 0.45, 0.15), ("sleep", 4, 0.0, 0.1)):
        for i in range(trials):
            # Small trials find more, as they do where others were never printed.
            g = rng.normal(benefit + 8 / sizes[i] ** 1.5, vary)
            arms = ("verum", "electroacupuncture") if (outcome, i) == ("pain", 3) else ("verum",)
            sham = round(5.0 + rng.normal(0, 0.4), 2)
            for arm in arms:
                mean = round(sham - 2.0 * (g + rng.normal(0, np.sqrt(2 / sizes[i]))), 2)
                row = {
                    "study_id": names[i], "outcome": outcome, "arm": arm, "comparator": "sham", "direction": "lower",
                    "mean": mean, "sd": 2.0, "n": int(sizes[i]), "mean_comparator": sham, "sd_comparator": 2.0,
                    "n_comparator": int(sizes[i]),
                }  # fmt: skip
                for name, value in row.items():
                    found.setdefault(name, []).append(value)
    return found
