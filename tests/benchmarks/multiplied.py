"""A finished participant level of thousands: that of twenty synthetic people over and over, its files as links."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from synthetic import write_trial

OPTIONS = ["--measures", "seed_correlation", "--seeds", "near:4,4,4:9"]


def multiplied(root: Path, people: int) -> list[str]:
    """Write the dataset and the output of its participant level; return the words of its group level."""
    source, data, out = root / "source", root / "data", root / "out"
    trial = write_trial(source / "data", per_arm=10)
    made = source / "out"
    command = [sys.executable, "-m", "bids_app", str(trial.root), str(made), "participant", *OPTIONS]
    subprocess.run(command, check=True, capture_output=True)
    head, *rows = (trial.root / "participants.tsv").read_text().splitlines()
    for folder in (data, out / "logs" / "done"):
        folder.mkdir(parents=True)
    for name in ("dataset_description.json", "logs/settings.toml"):
        (out / name).write_bytes((made / name).read_bytes())
    (data / "dataset_description.json").write_bytes((trial.root / "dataset_description.json").read_bytes())
    table = [head]
    for number in range(people):
        row = rows[number % len(rows)]
        old, new = row.split("\t")[0], f"sub-{number:05d}"
        table.append(row.replace(old, new, 1))
        for path in [*made.glob(f"{old}/**/*.*"), *made.glob(f"logs/done/{old}_*"), made / f"{old}.html"]:
            target = out / str(path.relative_to(made)).replace(old, new)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".json":
                target.write_text(path.read_text().replace(old, new))
            else:
                os.link(path, target)
    (data / "participants.tsv").write_text("\n".join(table) + "\n")
    return [str(data), str(out), "group", *OPTIONS, "--n-permutations", "100"]
