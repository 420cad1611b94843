"""`make bench-batch`: forty participants of two sessions at 2 mm with every default measure, beside bare inflates.

Runs of four participants are written; the others are those over and over, as links: each is read and analysed all the
same. Two processes, or as many as `--nprocs` says.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import sizes
from measured import inflate, measure
from targets import keep

PEOPLE = sizes.PEOPLE


def linked(runs: Path) -> None:
    """Give the runs of the participants that are written to all others."""
    for number in range(sizes.SOURCES, PEOPLE):
        old, new = f"sub-{number % sizes.SOURCES:02d}", f"sub-{number:02d}"
        for path in list(runs.glob(f"{old}/**/*.*")):
            target = runs / str(path.relative_to(runs)).replace(old, new)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nprocs", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # no memory
        root = Path(folder)
        runs, data = root / "runs", root / "data"
        data.mkdir()
        (data / "dataset_description.json").write_text(json.dumps({"Name": "batch", "BIDSVersion": "1.9.0"}))
        sizes.write_runs(runs)
        series = sorted(runs.rglob("*_bold.nii.gz"))
        bare = measure({path.name: inflate(path) for path in series}, 3)
        linked(runs)
        words = [sys.executable, "-m", "bids_app", str(data), str(root / "out"), "participant", "-d"]
        call = measure({"all": [*words, f"fmriprep={runs}", "--nprocs", str(args.nprocs)]}, 1)["all"]
    floor = sum(cost.seconds for cost in bare.values()) * PEOPLE / sizes.SOURCES
    print(f"{PEOPLE} participants, {args.nprocs} processes: {call.seconds:.0f} s; bare inflates {floor:.0f} s")
    if args.nprocs == parser.get_default("nprocs"):
        keep(batch=call.seconds / floor)


if __name__ == "__main__":
    main()
