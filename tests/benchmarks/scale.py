"""`make bench-scale`: planning ten thousand people beside pybids and bids2table, and a group level of ten thousand.

Prints three tables and writes them between marks of docs/scaling.md. Datasets are skeletons of fMRIPrep's names with a
few bytes each; group maps are noise, so that only time and memory mean anything.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# A process counts the memory of the one that it was forked from: this one stays small.
from measured import cpu, measure, publish

DOCUMENT = Path(__file__).parents[2] / "docs" / "scaling.md"
PLANS = "<!-- plans: made by make bench-scale -->", "<!-- end of plans -->"
GROUPS = "<!-- groups: made by make bench-scale -->", "<!-- end of groups -->"
FILES = "<!-- files: made by make bench-scale -->", "<!-- end of files -->"
ARRAYS = 5
"""Of all people and voxels that a group level has at once, without equivalence."""

PYBIDS = "import sys, bids; print(len(bids.BIDSLayout(sys.argv[1], validate=False, is_derivative=True).get()))"
BIDS2TABLE = "import sys; from bids2table import index_dataset; print(len(index_dataset(sys.argv[1])))"


def skeleton(root: Path, people: int) -> Path:
    """Write a dataset of two sessions each; its files are links to three, so that it needs no room."""
    derivatives = root / "derivatives" / "fmriprep"
    derivatives.mkdir(parents=True)
    about = {"Name": "skeleton", "BIDSVersion": "1.9.0"}
    (root / "dataset_description.json").write_text(json.dumps(about))
    (derivatives / "dataset_description.json").write_text(json.dumps({**about, "DatasetType": "derivative"}))
    contents = {".nii.gz": b"x", ".json": b'{"RepetitionTime": 2.0}', ".tsv": b"csf\n0\n"}
    for ending, content in contents.items():
        (root / f"one{ending}").write_bytes(content)
    space = "space-MNI152NLin2009cAsym_"
    names = [f"{space}desc-preproc_bold.nii.gz", f"{space}desc-preproc_bold.json", f"{space}desc-brain_mask.nii.gz",
             "desc-confounds_timeseries.tsv"]  # fmt: skip
    for number in range(people):
        for session in ("pre", "post"):
            person = f"sub-{number:05d}"
            folder = derivatives / person / f"ses-{session}" / "func"
            folder.mkdir(parents=True)
            for name in names:
                ending = ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix
                os.link(root / f"one{ending}", folder / f"{person}_ses-{session}_task-rest_{name}")
    return root


def plans(others: str, sizes: list[int]) -> str:
    """Return the table of planning."""
    rows = []
    for people in sizes:
        with tempfile.TemporaryDirectory(dir=roomy()) as folder:
            root = skeleton(Path(folder) / "data", people)
            derivatives = str(root / "derivatives" / "fmriprep")
            deqi = [sys.executable, "-m", "bids_app", str(root), str(Path(folder) / "out"), "participant"]
            commands = {"`deqi --status`": [*deqi, "--status"], "deqi, the whole plan": [*deqi, "--dry-run"]}
            if others:
                commands["bids2table, index only"] = [others, "-c", BIDS2TABLE, derivatives]
            found = measure(commands, 3)
            if people <= 1000:
                found |= measure({"pybids, index only": [sys.executable, "-c", PYBIDS, derivatives]}, 1)
            rows += [f"| {people:,} | {name} | {c.seconds:.1f} | {c.memory:.0f} |" for name, c in found.items()]
    head = "| participants | what | s | MiB |\n|---|---|---|---|"
    return "\n".join([head, *rows])


def roomy() -> str:
    """Return a folder that is no memory."""
    return "/var/tmp"


def anonymous() -> float:
    """Return the MiB of this process that cannot be given back to files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def group(people: int, resolution: int, folder: Path) -> None:
    """Fit and relabel a contrast with each voxel's own baseline; all large arrays lie in files."""
    import numpy as np
    from group import brain

    from bids_app.derivatives.permutation_checkpoints import CheckpointFiles
    from bids_app.execute.scratch_arrays import Scratch
    from bids_app.statistics.clusters.lattice import lattice
    from bids_app.statistics.permutation import engine, linear_model, permutation_test
    from bids_app.statistics.permutation.rerandomisation import Rerandomisation
    from bids_app.vocabulary import array_allocation

    peak, going = [0.0], threading.Event()

    def watch() -> None:
        while not going.wait(0.02):
            peak[0] = max(peak[0], anonymous())

    threading.Thread(target=watch, daemon=True).start()
    mask = brain(resolution)
    rng = np.random.default_rng(1)
    arm = (np.arange(people) % 2).astype(float)
    nuisance = np.column_stack([np.ones(people), rng.standard_normal((people, 3))])
    with array_allocation.provided_by(Scratch(folder, 0.0).room):
        maps = [array_allocation.empty_array((people, int(mask.sum()))) for _ in range(2)]
        for stack in maps:
            for row in stack:
                row[:] = rng.standard_normal(len(row), dtype=np.float32)
        started = time.perf_counter()
        model = linear_model.fit(maps[0], arm, nuisance, maps[1])
        fitted = time.perf_counter() - started
        threshold = permutation_test.cluster_threshold(0.001, model.df)
        geometry = engine.SpatialStructure(neighbours=lattice(mask), threshold=threshold)
        blocks = np.zeros(people, dtype=int)
        permutation_test.run(model, Rerandomisation(arm, blocks, 0, 32), geometry)
        started = time.perf_counter()
        kept = CheckpointFiles(folder / "parts")
        permutation_test.run(model, Rerandomisation(arm, blocks, 0, 128), geometry, keeper=kept)
        each = (time.perf_counter() - started) / 128
    going.set()
    found = {"voxels": int(mask.sum()), "fit": fitted, "each": each, "anonymous": peak[0]}
    (folder / "found.json").write_text(json.dumps(found))


def groups(sizes: list[str]) -> str:
    """Return the table of group levels; a size is `people@mm`."""
    rows = []
    for size in sizes:
        people, resolution = map(int, size.split("@"))
        with tempfile.TemporaryDirectory(dir=roomy()) as folder:
            subprocess.run([sys.executable, __file__, "--group", size, "--folder", folder], check=True)
            found = json.loads((Path(folder) / "found.json").read_text())
        rows.append(
            f"| {people:,} | {resolution} mm, {found['voxels']:,} | {found['fit']:.1f} | {1000 * found['each']:.1f} | "
            f"{5000 * found['each'] / 60:.1f} | {found['anonymous']:.0f} | "
            f"{ARRAYS * people * found['voxels'] * 4 / 1e9:.1f} |"
        )
    columns = (
        "participants", "voxels", "fit (s)", "one relabelling (ms)", "5,000 of them (min)", "MiB, files apart",
        "files (GB)",
    )  # fmt: skip
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
    return "\n".join([head, *rows])


def from_files(sizes: list[int]) -> str:
    """Return the table of group levels from records and maps to pages."""
    from multiplied import multiplied

    rows = []
    for people in sizes:
        with tempfile.TemporaryDirectory(dir=roomy()) as folder:
            words = [sys.executable, "-m", "bids_app", *multiplied(Path(folder), people)]
            found = measure({"all": words, "pages": [*words, "--reports-only"]}, 1)
            page = (Path(folder) / "out" / "group.html").stat().st_size / 1e6
        rows.append(
            f"| {people:,} | {found['all'].seconds:.0f} | {found['pages'].seconds:.0f} | {found['all'].memory:.0f} | "
            f"{page:.1f} |"
        )
    head = "| participants | all (s) | of it pages (s) | MiB | group.html (MB) |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--others", default="", help="interpreter of an environment that has bids2table")
    parser.add_argument("--plans", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--groups", nargs="+", default=["100@4", "1000@4", "10000@4", "1000@2"], metavar="PEOPLE@MM")
    parser.add_argument("--files", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--only", choices=("plans", "groups", "files"), help="one table alone")
    parser.add_argument("--group", metavar="PEOPLE@MM")
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    if args.group:
        group(*map(int, args.group.split("@")), args.folder)
        return
    today = dt.datetime.now(tz=dt.UTC).date()
    where = f"\n{today}, {cpu()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    if args.only in (None, "plans"):
        table = plans(args.others, args.plans)
        publish(DOCUMENT, PLANS, f"{where}, two sessions each; medians of 3 (pybids: 1).\n\n{table}\n")
    if args.only in (None, "groups"):
        publish(DOCUMENT, GROUPS, f"{where}, one thread.\n\n{groups(args.groups)}\n")
    if args.only in (None, "files"):
        publish(DOCUMENT, FILES, f"{where}, two sessions each, 100 relabellings.\n\n{from_files(args.files)}\n")


if __name__ == "__main__":
    main()
