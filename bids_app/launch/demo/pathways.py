"""`--demo pathways`: a trial of columns alone; one declared diagram holds, the data contradict the other."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table

LOG = logging.getLogger("deqi")

PER_ARM = 32

CHAIN = ("needle_minutes", "pag", "network", "alpha", "vas")
"""Planted: within arms each follows the one before it, and nothing else does."""

STRENGTH = 0.6
"""Standardised slope of each link."""

SHIFT = 0.6
"""Decoy: by so many SDs all of them are shifted by the arm, which no path within arms may be found by."""

SHARED = """dose    = { column = "needle_minutes" }
pag     = { column = "pag", change = true }
network = { column = "network", change = true }
alpha   = { column = "alpha", change = true }
"""

SETTINGS = f"""# Settings of the demonstration of declared paths (docs/howto/pathways.md).

[trial]
title = "A framework as declared paths: a demonstration"

[outcomes.vas]
role = "primary"

[pathways.framework]
source = "made up"

[pathways.framework.nodes]
{SHARED}relief  = {{ outcome = "vas" }}

[pathways.framework.paths]
pag = ["dose"]
network = ["pag"]
alpha = ["network"]
relief = ["alpha"]

# Each of pag, network and alpha by itself follows the dose: that is not how the data were made.
[pathways.separate]
source = "made up"

[pathways.separate.nodes]
{SHARED}
[pathways.separate.paths]
pag = ["dose"]
network = ["dose"]
alpha = ["dose"]
"""

ABOUT = {
    "needle_minutes": {"Description": "Needle in place, all sessions together.", "Units": "min"},
    **{f"pag_{visit}": {"Description": "Connectivity of the PAG.", "Units": "Fisher z"} for visit in ("pre", "post")},
    **{f"network_{visit}": {"Description": "Coherence of the default network.", "Units": "1"}
       for visit in ("pre", "post")},
    **{f"alpha_{visit}": {"Description": "Relative alpha power of EEG.", "Units": "1"} for visit in ("pre", "post")},
    **{f"vas_{visit}": {"Description": "Pain of the last week.", "Units": "points", "Minimum": 0, "Maximum": 100,
                        "Direction": "lower is better"} for visit in ("pre", "post")},
}  # fmt: skip

UNITS = {"pag": (0.3, 0.12), "network": (0.4, 0.1), "alpha": (0.35, 0.08), "vas": (62.0, -9.0)}
"""Mean before treatment, and the unit of the change: of pain, less is better."""


def write_demonstration(folder: Path) -> None:
    """Write participants with their columns, and the settings."""
    write_json(folder / "dataset_description.json", {
        "Name": f"deqi demonstration of declared paths ({SYNTHETIC_NOTICE})", "BIDSVersion": "1.10.0",
        "DatasetType": "raw", "GeneratedBy": [{"Name": DEMONSTRATION, "Description": SYNTHETIC_NOTICE}],
    })  # fmt: skip
    write_table(folder / "participants.tsv", _columns(np.random.default_rng(61)))
    levels = {"verum": "made-up arm", "sham": "made-up arm"}
    about = {"group": {"Description": SYNTHETIC_NOTICE, "Levels": levels}, **ABOUT}
    write_json(folder / "participants.json", about)
    write_text(folder / "code" / "analysis.toml", SETTINGS)
    LOG.info("Written. Next:\n  deqi %s %s-out group --config %s/code/analysis.toml", folder, folder, folder)


def _columns(rng: np.random.Generator) -> dict[str, list[object]]:
    arms = rng.permutation(["verum"] * PER_ARM + ["sham"] * PER_ARM)
    n, shift = len(arms), SHIFT * (arms == "verum")
    follows = rng.standard_normal(n)
    found: dict[str, list[object]] = {
        "participant_id": [f"sub-{i + 1:02d}" for i in range(n)], "group": [*arms.tolist()],
        "needle_minutes": np.round(120 + 15 * (follows + shift), 1).tolist(),
    }  # fmt: skip
    for name in CHAIN[1:]:
        follows = STRENGTH * follows + np.sqrt(1 - STRENGTH**2) * rng.standard_normal(n)
        mean, unit = UNITS[name]
        before = mean + abs(unit) * rng.standard_normal(n)
        found[f"{name}_pre"] = np.round(before, 3).tolist()
        found[f"{name}_post"] = np.round(before + unit * (follows + shift), 3).tolist()
    return found
