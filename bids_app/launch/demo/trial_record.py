"""The record of the synthetic trial: scales, headache days, needles, guesses; all of it made up and said to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.dataset import SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table
from bids_app.launch.demo.reference_data import SETTINGS as MOLECULES

RELIEF = 14.0
"""Planted: points of the pain scale by which verum does better than sham."""

POINTS = ("GB20", "GB21", "LI4", "SI3", "BL10", "EX-HN5")

NEEDLES = {
    "acupoint": "Point by its code of the WHO standard.", "laterality": "Side of the body.",
    "depth_mm": "Depth of the needle (mm).", "deqi": "Strength of the sensation, 0 to 10.",
}  # fmt: skip

SETTINGS = """# Settings of the demonstration: what its trial declared (docs/howto/trial.md).

[trial]
title = "Verum and sham acupuncture: a demonstration"

[modalities.fmri]

[modalities.physio]

[modalities.pet]
reference = "cerebellum"

[inference]
n_permutations = 500

[outcomes.vas]
role = "primary"

[outcomes.headachedays]
role = "secondary"
kind = "count"

[outcomes.psqi]
role = "exploratory"

[outcomes.heart]
column = "lnRMSSD_rest"
kind = "measurement"
role = "exploratory"

[outcomes.breathing]
column = "breathRate_rest"
kind = "measurement"
role = "exploratory"

[associations.brain_symptom]
regions = ["aMCC"]
clusters = "leave-one-out"

[prediction]
folds = 4
repeats = 5
n_permutations = 50

[predictors.elastic_net]
"""

STRICTA = {
    "1a_Style": "made up", "1b_Reasoning": "made up for a demonstration", "1c_Variation": "fixed points",
    "2a_NeedlesPerSession": {"Mean": 6}, "2b_Points": [{"Code": point} for point in POINTS],
    "2c_Depth": {"Value": 15, "Units": "mm"}, "2d_ResponseSought": "deqi", "2e_Stimulation": {"Type": "manual"},
    "2f_RetentionMin": 25, "2g_Needle": {"DiameterMM": 0.25, "LengthMM": 40},
    "3a_Sessions": 4, "3b_Frequency": {"PerWeek": 2, "Weeks": 2, "DurationMin": 30},
    "5_Practitioner": "nobody: no person was treated",
}  # fmt: skip


def write_record(folder: Path, people: Sequence[Mapping[str, object]]) -> None:
    """Write who took part, phenotype tables, needles and settings of a trial.

    Parameters
    ----------
    people : sequence of mapping
        Each with `label`, `arm`, `age`, `sex` and `gone` (True for who was not there after treatment).
    """
    who = {"participant_id": [f"sub-{one['label']}" for one in people], "group": [one["arm"] for one in people]}
    who |= {name: [one[name] for one in people] for name in ("age", "sex")}
    write_table(folder / "participants.tsv", who)
    levels = {"verum": "made-up arm with the planted effect", "sham": "made-up arm without it"}
    write_json(folder / "participants.json", {"group": {"Description": SYNTHETIC_NOTICE, "Levels": levels}})
    rng = np.random.default_rng(23)
    for name, (columns, about) in _scales(people, rng).items():
        table = {"participant_id": [f"sub-{one['label']}" for one in people], **columns}
        write_table(folder / "phenotype" / f"{name}.tsv", table)
        tool = {"MeasurementToolMetadata": {"Description": SYNTHETIC_NOTICE}}
        write_json(folder / "phenotype" / f"{name}.json", {**tool, **dict.fromkeys(columns, about)})
    _write_treatment(folder, people, rng)
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "analysis.toml").write_text(SETTINGS + MOLECULES, encoding="utf-8")


def _scales(
    people: Sequence[Mapping[str, object]], rng: np.random.Generator
) -> dict[str, tuple[dict[str, list[float]], dict[str, object]]]:
    """Return the columns of each scale and what its JSON says of them."""
    verum = np.array([one["arm"] == "verum" for one in people])
    gone = np.array([one["gone"] for one in people])
    n = len(people)
    trait = rng.standard_normal(n)
    before = np.clip(np.round(62 + 11 * trait), 0, 100)
    after = np.clip(np.round(46 + 9 * trait - RELIEF * verum + 8 * rng.standard_normal(n)), 0, 100)
    days = rng.poisson(np.exp(2.2 + 0.2 * trait)), rng.poisson(np.exp(2.0 + 0.2 * trait - 0.35 * verum))
    sleep = np.clip(np.round(11 + 3 * trait), 0, 21), np.clip(np.round(9 + 3 * rng.standard_normal(n)), 0, 21)
    found: dict[str, tuple[NDArray[np.generic], NDArray[np.generic], dict[str, Any]]] = {
        "vas": (before, after, {"LongName": "pain (VAS)", "Description": "Pain of the last week.", "Units": "points",
                                "Minimum": 0, "Maximum": 100, "MinimalImportantDifference": 10}),
        "headachedays": (*days, {"LongName": "headache days", "Description": "Days of four weeks.", "Units": "days",
                                 "Minimum": 0, "Maximum": 28}),
        "psqi": (*sleep, {"LongName": "sleep (PSQI)", "Description": "Global score.", "Units": "points", "Minimum": 0,
                          "Maximum": 21, "RemissionCutoff": 5}),
    }  # fmt: skip
    return {
        name: (
            {f"{name}_pre": np.minimum(first, about["Maximum"]).tolist(),
             f"{name}_post": np.where(gone, np.nan, np.minimum(second, about["Maximum"])).tolist()},
            {**about, "Direction": "lower is better"},
        )
        for name, (first, second, about) in found.items()
    }  # fmt: skip


def _write_treatment(folder: Path, people: Sequence[Mapping[str, object]], rng: np.random.Generator) -> None:
    """Write the STRICTA record, what people thought of their treatment, and a table of needles for each session."""
    verum = np.array([one["arm"] == "verum" for one in people])
    guess = np.where(
        rng.random(len(people)) < 0.3, "do not know", np.where(rng.random(len(people)) < 0.6, "verum", "sham")
    )
    attended = np.where(rng.random(len(people)) < 0.8, 4, 3)
    columns = {
        "participant_id": [f"sub-{one['label']}" for one in people],
        "expectation": np.clip(np.round(rng.normal(6, 2, len(people))), 0, 10).tolist(),
        "n_sessions_planned": [4] * len(people), "n_sessions_attended": attended.tolist(), "guess_arm": guess.tolist(),
    }  # fmt: skip
    write_table(folder / "phenotype" / "acupuncture.tsv", columns)
    sham = {**STRICTA, "2c_Depth": {"Value": 0, "Units": "mm"}, "2d_ResponseSought": "none"}
    sham |= {"6a_Rationale": "made up", "6b_Description": "a needle that does not go in"}
    write_json(folder / "phenotype" / "acupuncture.json", {
        "MeasurementToolMetadata": {"Description": f"Acupuncture, STRICTA 2010. {SYNTHETIC_NOTICE}"},
        "STRICTA": {"Version": "2010", "Arms": {"verum": STRICTA, "sham": sham}},
        "Trial": {"Registration": "none: a demonstration", "Blinded": "participants (made up)"},
        "expectation": {"Description": "Expected relief before treatment, 0 to 10.", "Units": "points"},
        "n_sessions_planned": {"Description": "Sessions of treatment planned."},
        "n_sessions_attended": {"Description": "Sessions of treatment that took place."},
        "guess_arm": {"Description": "Arm guessed after treatment."},
    })  # fmt: skip
    write_json(folder / "task-acupuncture_events.json", {name: {"Description": text} for name, text in NEEDLES.items()})
    for one, real, sessions in zip(people, verum, attended, strict=True):
        for session in range(1, int(sessions) + 1):
            words = f"sub-{one['label']}", f"ses-tx{session:02d}"
            count = len(POINTS)
            needles = {
                "onset": list(range(0, 10 * count, 10)), "duration": [1500] * count, "trial_type": ["needle"] * count,
                "acupoint": list(POINTS), "laterality": ["left", "right"] * (count // 2),
                "depth_mm": np.round(rng.normal(15, 2, count) if real else np.zeros(count), 1).tolist(),
                "deqi": np.clip(np.round(rng.normal(5 if real else 3, 1.5, count)), 0, 10).tolist(),
            }  # fmt: skip
            write_table(folder.joinpath(*words, "beh", "_".join([*words, "task-acupuncture_events.tsv"])), needles)
