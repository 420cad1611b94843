"""The record of a tiny trial: scales, treatment and needles beside the images of `synthetic`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bids_app.launch.demo.reference_data import SETTINGS

CONFIG = """
[outcomes.vas]
role = "primary"
important_difference = 10
moderators = ["age"]
[outcomes.days]
role = "secondary"
kind = "count"
"""

COUPLED = (
    CONFIG
    + """
[associations.brain_symptom]
regions = ["target:20,28,4:20", "nowhere:300,0,0:5"]
clusters = "leave-one-out"
mediation = true
"""
)
PREDICTED = """
[prediction]
measure = "seed_correlation"
components = 4
folds = 2
repeats = 2
n_permutations = 20
target = "improvement"
clinical = ["vas_pre", "genotype"]
confounds = ["age"]
site = "site"
[predictors.ridge]
"""
MOLECULES = SETTINGS.replace('maps = ["thalamusR", "PCC"]', 'maps = ["near"]').replace("= 2000", "= 200")
EVERYTHING = COUPLED + PREDICTED + MOLECULES


def write_tsv(path: Path, columns: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join("\t".join(map(str, row)) for row in ([*columns], *rows)) + "\n")


def write_record(root: Path, people: dict[str, str], effect: float = -25.0) -> None:
    """Write phenotype tables, a STRICTA record and needles; the last person was not asked again."""
    rng = np.random.default_rng(8)
    active = np.array([arm == "verum" for arm in people.values()])
    n, labels = len(people), [f"sub-{label}" for label in people]
    before = np.round(60 + 8 * rng.standard_normal(n))
    after = list(np.round(0.5 * before + 20 + effect * active + 5 * rng.standard_normal(n)).clip(0, 100))
    after[-1] = "n/a"
    write_tsv(root / "phenotype" / "vas.tsv", {"participant_id": labels, "vas_pre": before, "vas_post": after})
    about = {"Direction": "lower is better", "Units": "points", "Minimum": 0, "Maximum": 100}
    (root / "phenotype" / "vas.json").write_text(json.dumps({"vas_pre": about, "vas_post": about}))
    days = {"participant_id": labels, "days_pre": rng.poisson(12, n), "days_post": rng.poisson(np.where(active, 4, 9))}
    write_tsv(root / "phenotype" / "days.tsv", days)
    count = {"Direction": "lower is better", "Units": "days"}
    (root / "phenotype" / "days.json").write_text(json.dumps(dict.fromkeys(["days_pre", "days_post"], count)))
    guesses = ["verum", "sham", "do not know"]
    treatment = {"participant_id": labels, "expectation": rng.integers(0, 10, n), "n_sessions_attended": [4] * n,
                 "guess_arm": [guesses[i % 3] for i in range(n)], "genotype": ["AA", "AG"] * (n // 2)}  # fmt: skip
    write_tsv(root / "phenotype" / "acupuncture.tsv", treatment)
    arms = {
        "verum": {"1a_Style": "manual", "2b_Points": [{"Code": "GB20"}]},
        "sham": {"6b_Description": "blunt needle"},
    }
    trial = {"Registration": "none: a test"}
    (root / "phenotype" / "acupuncture.json").write_text(json.dumps({"STRICTA": {"Arms": arms}, "Trial": trial}))
    needles = {"onset": [0, 10], "duration": [1500, 1500], "trial_type": ["needle"] * 2, "acupoint": ["GB20", "GB99"],
               "laterality": ["left", "right"], "depth_mm": [15, "n/a"], "deqi": [5, 3]}  # fmt: skip
    for label in labels[:4]:
        write_tsv(root / label / "ses-tx01" / "beh" / f"{label}_ses-tx01_task-acupuncture_events.tsv", needles)
