"""`make bench-participant`: the participant level beside a nilearn script and beside a bare inflate of the same file.

Prints one table and writes it between two marks of docs/performance.md. Nothing is typed in by hand.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import data
from measured import Cost, cpu, inflate, measure, publish
from targets import keep

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
MARKS = "<!-- participant table: made by make bench-participant -->", "<!-- end of participant table -->"
SEEDS = ["--measures", "seed_correlation", "--set", 'modalities.fmri.confounds="36P"']
CASES = {
    "six seeds": [*SEEDS, "--set", "modalities.fmri.smoothing_fwhm=0"],
    "six seeds, smoothed 6 mm": [*SEEDS, "--set", "modalities.fmri.smoothing_fwhm=6"],
    "everything a default run writes": ["--set", 'modalities.fmri.confounds="36P"'],
}


def ours(dataset: Path, output: Path, words: list[str]) -> list[str]:
    clear = f"import shutil, sys; shutil.rmtree({str(output)!r}, ignore_errors=True); "
    run = "from bids_app.app import main; sys.exit(main(sys.argv[1:]))"
    return [
        sys.executable,
        "-c",
        clear + run,
        str(dataset),
        str(output),
        "participant",
        "--skip-bids-validation",
        *words,
    ]


def theirs(script: str, dataset: Path, output: Path, fwhm: str) -> list[str]:
    clear = f"import runpy, shutil, sys; shutil.rmtree({str(output)!r}, ignore_errors=True); "
    run = f"runpy.run_path({str(Path(__file__).parent / script)!r})"
    return [sys.executable, "-c", clear + run, str(dataset), str(output), fwhm]


def largest_difference(ours_in: Path, theirs_in: Path) -> float:
    """Return the largest |dz| over all seeds and voxels."""
    worst = 0.0
    for path in theirs_in.glob("*_stat-fisherz_statmap.nii.gz"):
        other = next(ours_in.rglob(f"*{path.name}"))
        a, b = (np.asarray(nib.load(p).dataobj) for p in (path, other))
        assert np.array_equal(np.isnan(a), np.isnan(b))
        worst = max(worst, float(np.nanmax(np.abs(a - b))))
    return worst


def row(kind: str, case: str, costs: dict[str, Cost], dz: float | None) -> str:
    us, floor = costs["deqi"], costs["inflate"]
    cells = [kind, case, f"{us.seconds:.2f}", f"{us.memory:.0f}", f"{floor.seconds:.2f}"]
    cells.append(f"{us.seconds / floor.seconds:.1f}")
    for name in ("same model", "as documented"):
        them = costs.get(name)
        cells += [f"{them.seconds:.0f}", f"{them.memory:.0f}", f"{them.seconds / us.seconds:.0f}"] if them else [""] * 3
    cells.append("" if dz is None else f"{dz:.0e}")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resolution", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without-nilearn", action="store_true", help="minutes instead of a quarter of an hour")
    parser.add_argument("--keep", type=Path, help="folder for the data, kept for the next time")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp())
    rows = []
    for kind in ("int16", "float32"):
        dataset = folder / f"{kind}-{args.resolution}mm"
        if not dataset.exists():
            print(f"writing {dataset} ...", file=sys.stderr)
            # In a process of its own: a child's peak memory counts from that of its parent.
            subprocess.run([sys.executable, data.__file__, str(dataset), str(args.resolution), kind], check=True)
        series = next(dataset.rglob("*_bold.nii.gz"))
        for case, words in CASES.items():
            print(f"{kind}, {case} ...", file=sys.stderr)
            out = folder / "ours"
            costs = measure({"inflate": inflate(series), "deqi": ours(dataset, out, words)}, args.repeats)
            dz = None
            if not args.without_nilearn and case.startswith("six seeds"):
                fwhm, other = ("6" if "smoothed" in case else "0"), folder / "theirs"
                costs |= measure({"as documented": theirs("as_documented.py", dataset, other, fwhm)}, 1)
                costs |= measure({"same model": theirs("with_nilearn.py", dataset, other, fwhm)}, 1)
                dz = largest_difference(out, other)
            rows.append(row(kind, case, costs, dz))
    further, fixed = longer(folder, args)
    write(rows, further, fixed, args)
    if args.resolution == parser.get_default("resolution"):
        # The last case is everything in single precision.
        keep(further_volume=further, fixed=fixed, everything=costs["deqi"].processors / costs["inflate"].seconds)
    if not args.keep:
        shutil.rmtree(folder)


def longer(folder: Path, args: argparse.Namespace) -> tuple[float, float]:
    """Return times that a further volume takes a bare inflate, and seconds of processors of a session of none."""
    double = folder / f"int16-{args.resolution}mm-longer"
    if not double.exists():
        words = [str(double), str(args.resolution), "int16", str(2 * data.FRAMES)]
        subprocess.run([sys.executable, data.__file__, *words], check=True)
    commands = {}
    for name, dataset in (("once", folder / f"int16-{args.resolution}mm"), ("twice", double)):
        commands[f"inflate {name}"] = inflate(next(dataset.rglob("*_bold.nii.gz")))
        commands[name] = ours(dataset, folder / "ours", CASES["six seeds"])
    cost = measure(commands, args.repeats)
    further = (cost["twice"].seconds - cost["once"].seconds) / (
        cost["inflate twice"].seconds - cost["inflate once"].seconds
    )
    return further, 2 * cost["once"].processors - cost["twice"].processors


def write(rows: list[str], further: float, fixed: float, args: argparse.Namespace) -> None:
    names = ["data", "what", "deqi (s)", "MiB", "inflate (s)", "deqi / inflate"]
    for script in ("same model", "as documented"):
        names += [f"nilearn, {script} (s)", "MiB", "nilearn / deqi"]
    names.append("largest dz, same model")
    head = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    where = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, {len(os.sched_getaffinity(0))} cores, "
        f"Python {platform.python_version()}, {args.resolution} mm, {data.FRAMES} volumes, 36 confounds, medians of "
        f"{args.repeats} (nilearn: 1)."
    )
    said = (
        f"Six seeds of {2 * data.FRAMES} volumes beside {data.FRAMES}: a further volume costs {further:.2f} times its "
        f"bare inflate; a session of no volumes would cost {fixed:.1f} seconds of a processor, page included."
    )
    text = "\n".join(["", where, "", *head, *rows, "", said, ""])
    publish(DOCUMENT, MARKS, text)


if __name__ == "__main__":
    main()
