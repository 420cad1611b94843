"""`make bench-sizes`: megabytes that a trial of forty participants and two sessions at 2 mm leaves with all defaults.

Runs of a few synthetic participants go through the participant level; the others are those over and over, as links, for
what is counted is files and not results. Prints a table and writes it into docs/scaling.md.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import data as recorded
import numpy as np
from measured import publish
from targets import keep

DOCUMENT = Path(__file__).parents[2] / "docs" / "scaling.md"
MARKS = "<!-- sizes: made by make bench-sizes -->", "<!-- end of sizes -->"

PEOPLE, SOURCES, RESOLUTION = 40, 4, 2
SESSIONS = ("pre", "post")
MEGABYTE = 1e6


def write_runs(root: Path) -> None:
    """Write the runs of the participants that are really analysed."""
    for number in range(SOURCES):
        for place, session in enumerate(SESSIONS):
            recorded.write(root, RESOLUTION, "int16", name=f"sub-{number:02d}_ses-{session}", seed=10 * number + place)


def spread(made: Path, out: Path) -> None:
    """Link what the sources have to all participants."""
    (out / "logs" / "done").mkdir(parents=True)
    for name in ("dataset_description.json", "logs/settings.toml"):
        (out / name).write_bytes((made / name).read_bytes())
    for number in range(PEOPLE):
        old, new = f"sub-{number % SOURCES:02d}", f"sub-{number:02d}"
        for path in [*made.glob(f"{old}/**/*.*"), *made.glob(f"logs/done/{old}_*"), made / f"{old}.html"]:
            target = out / str(path.relative_to(made)).replace(old, new)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".json":
                target.write_text(path.read_text().replace(old, new))
            elif not target.exists():
                target.hardlink_to(path)


def megabytes(files: list[Path]) -> float:
    return sum(path.stat().st_size for path in files if path.is_file()) / MEGABYTE


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # no memory
        text = sizes(Path(folder))
    publish(DOCUMENT, MARKS, f"\n{dt.datetime.now(tz=dt.UTC).date()}.\n\n{text}\n")


def sizes(root: Path) -> str:
    """Return the table of what a trial leaves."""
    runs, data, made, out = root / "runs", root / "data", root / "made", root / "out"
    data.mkdir(parents=True)
    (data / "dataset_description.json").write_text(json.dumps({"Name": "sizes", "BIDSVersion": "1.9.0"}))
    arms = "".join(f"sub-{number:02d}\t{'verum' if number % 2 else 'sham'}\n" for number in range(PEOPLE))
    (data / "participants.tsv").write_text(f"participant_id\tgroup\n{arms}")
    write_runs(runs)
    call = [sys.executable, "-m", "bids_app", str(data)]
    given = ["-d", f"fmriprep={runs}"]
    subprocess.run([*call, str(made), "participant", *given], check=True)
    spread(made, out)
    subprocess.run([*call, str(out), "group", *given, "--n-permutations", "100"], check=True)
    sessions = [megabytes(list(folder.rglob("*"))) for folder in made.glob("sub-*/ses-*")]
    rows = {
        "a session of a participant": float(np.mean(sessions)),
        "the group's folder": megabytes(list((out / "group").rglob("*"))),
        "pages of the group": megabytes(list(out.glob("group*.html"))),
        "a page of a participant": megabytes([out / "sub-00.html"]),
        "assets of all pages": megabytes(list((out / "assets").rglob("*"))),
    }
    keep(group_output=rows["the group's folder"])
    return "\n".join(["| what | MB |", "|---|---|", *(f"| {name} | {size:.1f} |" for name, size in rows.items())])


if __name__ == "__main__":
    main()
