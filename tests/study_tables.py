"""Tables of invented studies for tests of their synthesis."""

from __future__ import annotations

import numpy as np

QUICK = ("--set", "syntheses.coordinates.redraws=100", "--set", "syntheses.coordinates.noise_draws=2",
         "--set", "syntheses.coordinates.noise_redraws=20")  # fmt: skip


def write(folder, name, rows):
    """Write a table from rows of cells, the header first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join("\t".join(map(str, row)) for row in rows) + "\n")
    return folder


def studies(folder, count=20, contrast="verum>sham"):
    """Studies whose peaks meet at one place, and one that found nothing."""
    rng = np.random.default_rng(4)
    foci = [("study_id", "contrast", "x", "y", "z", "space")]
    for i in range(count):
        foci.append((f"s{i:02}", contrast, *np.round(np.array([38, 4, 2]) + rng.normal(0, 3, 3), 1), "MNI"))
        foci.append((f"s{i:02}", contrast, *rng.integers([-40, -70, -10], [40, 40, 50]), "MNI"))
    write(folder, "foci.tsv", foci)
    rows = [(f"s{i:02}", 20 + i, "true") for i in range(count)]
    return write(folder, "studies.tsv", [("study_id", "n", "whole_brain"), *rows, ("empty", 15, "true")])
