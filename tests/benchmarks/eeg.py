"""`make bench-eeg`: one session of EEG beside scripts with MNE and scipy, and the group level beside MNE's clusters.

Prints two tables and writes them between marks of docs/performance.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from measured import Cost, cpu, measure, publish
from targets import DOCUMENT, keep

MARKS = "<!-- eeg table: made by make bench-eeg -->", "<!-- end of eeg table -->"
CHANNELS, RATE, SECONDS = 64, 500.0, 300
GROUPS = ((50, 88, 1000), (100, 177, 5000))
"""Participants, frequencies, and relabellings of a group level."""


def names() -> list[str]:
    """Return electrodes of the 10-10 system."""
    import mne

    return mne.channels.make_standard_montage("biosemi64").ch_names


RECORDING = Path("cleaned/sub-01/eeg/sub-01_task-EC_proc-clean_raw.fif")


def write(root: Path) -> None:
    """Write a dataset and a cleaned recording of noise."""
    import mne

    data, derivative = root / "data", root / "cleaned"
    for folder, more in ((data, {}), (derivative, {"DatasetType": "derivative"})):
        folder.mkdir(parents=True)
        about = {"Name": "benchmark", "BIDSVersion": "1.9.0", "GeneratedBy": [{"Name": "benchmark"}], **more}
        (folder / "dataset_description.json").write_text(json.dumps(about))
    (data / "sub-01").mkdir()
    noise = 10 * np.random.default_rng(0).standard_normal((CHANNELS, round(SECONDS * RATE)))
    raw = mne.io.RawArray(noise * 1e-6, mne.create_info(names(), RATE, "eeg"), verbose="error")
    (root / RECORDING).parent.mkdir(parents=True)
    raw.save(root / RECORDING, verbose="error")


def session(folder: Path, repeats: int) -> str:
    """Return the table of one session."""
    # In a process of its own: a child's peak memory counts from that of its parent.
    subprocess.run([sys.executable, __file__, "--write", str(folder)], check=True)
    path, out, other = folder / RECORDING, folder / "out", folder / "other"
    clear = f"import shutil, sys; shutil.rmtree({str(out)!r}, ignore_errors=True); "
    run = "from bids_app.app import main; sys.exit(main(sys.argv[1:]))"
    options = ["--set", "modalities.eeg.reject_uv=0", "-d", f"cleaned={folder / 'cleaned'}", "--skip-bids-validation"]
    ours = [sys.executable, "-c", clear + run, str(folder / "data"), str(out), "participant", *options]
    script = str(Path(__file__).parent / "eeg_scripts.py")
    commands = {
        "deqi, with its page": ours,
        "MNE script": [sys.executable, script, "mne", str(path), str(other)],
        "scipy script": [sys.executable, script, "scipy", str(path), str(other)],
        "reading alone (MNE)": [
            sys.executable, "-c", f"import mne; mne.io.read_raw({str(path)!r}, preload=True, verbose='error')",
        ],
        "imports alone (deqi and MNE)": [
            sys.executable, "-c", "import mne, bids_app.modalities._eeg_cleaning, bids_app.measures.eeg_spectrum",
        ],
    }  # fmt: skip
    found = measure(commands, repeats)
    subprocess.run([sys.executable, __file__, "--compare", str(out), str(other)], check=True)
    ours_cost, imports = found["deqi, with its page"], found["imports alone (deqi and MNE)"]
    keep(eeg_session=ours_cost.seconds - imports.seconds, eeg_memory=ours_cost.memory)
    return table(("one session", "s", "MiB"), ((name, cost) for name, cost in found.items()))


def require_alike(out: Path, other: Path) -> None:
    """Check that both wrote the same spectra."""
    import pandas as pd

    ours = pd.read_csv(next(out.rglob("*_meas-spectrum_stat-log10density_statmap.tsv")), sep="\t")
    theirs = pd.read_csv(other / "spectrum.tsv", sep="\t")
    assert np.abs(ours.iloc[:, 1:].to_numpy() - theirs.iloc[:, 1:].to_numpy()).max() < 1e-4


def table(head: tuple[str, ...], rows: object) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {name} | {cost.seconds:.1f} | {cost.memory:.0f} |" for name, cost in rows]  # type: ignore[attr-defined]
    return "\n".join(lines)


def drawn(people: int, frequencies: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    pre = rng.standard_normal((people, CHANNELS, frequencies))
    return pre, 0.5 * pre + 0.87 * rng.standard_normal(pre.shape), (np.arange(people) % 2).astype(float)


def ours_group(people: int, frequencies: int, relabellings: int, threads: int) -> None:
    """Relabel the comparison of arms with each point's own baseline; keep the seconds."""
    from bids_app.dataset.montages import TEN_TEN, nominal_positions
    from bids_app.signals.scalp import neighbours
    from bids_app.statistics.clusters.adjacency import product
    from bids_app.statistics.permutation import engine, linear_model, permutation_test
    from bids_app.statistics.permutation.rerandomisation import Rerandomisation

    pre, post, arm = drawn(people, frequencies)
    shape = CHANNELS, frequencies
    around = product(shape, neighbours(nominal_positions(names(), TEN_TEN)), np.arange(np.prod(shape)))
    flat = (post.reshape(people, -1), arm, np.ones((people, 1)), pre.reshape(people, -1))
    model = linear_model.fit(*flat)
    geometry = engine.SpatialStructure(neighbours=around, threshold=permutation_test.cluster_threshold(0.001, model.df))
    blocks = np.zeros(people, dtype=int)
    permutation_test.run(model, Rerandomisation(arm, blocks, 0, 32), geometry, threads)  # compiles
    started = time.perf_counter()
    permutation_test.run(linear_model.fit(*flat), Rerandomisation(arm, blocks, 0, relabellings), geometry, threads)
    print(time.perf_counter() - started)


def mne_group(people: int, frequencies: int, relabellings: int, jobs: int) -> None:
    """Do the same with MNE: a t of changes, which has no baseline."""
    import mne

    pre, post, arm = drawn(people, frequencies)
    info = mne.create_info(names(), RATE, "eeg")
    info.set_montage("biosemi64")
    near, _ = mne.channels.find_ch_adjacency(info, "eeg")
    whole = mne.stats.combine_adjacency(near, frequencies)
    change = post - pre
    started = time.perf_counter()
    mne.stats.permutation_cluster_test(
        [change[arm == 1], change[arm == 0]], threshold=3.5, n_permutations=relabellings, tail=0, adjacency=whole,
        stat_fun=mne.stats.ttest_ind_no_p, n_jobs=jobs, seed=0, out_type="mask", verbose="error",
    )  # fmt: skip
    print(time.perf_counter() - started)


def group(repeats: int) -> str:
    """Return the table of group levels."""
    rows = []
    for people, frequencies, count in GROUPS:
        words = [str(n) for n in (people, frequencies, count)]
        for name, verb in (("deqi, own baseline", "ours"), ("MNE, t of changes", "mne")):
            if verb == "mne" and count > 1000:
                continue
            for threads in (1, 2):
                cost = inside([sys.executable, __file__, "--run", verb, *words, str(threads)], repeats)
                what = f"{people} participants, {CHANNELS} x {frequencies} points, {count:,} relabellings"
                rows.append((f"{what}: {name}, {threads} {'thread' if threads == 1 else 'threads'}", cost))
    keep(eeg_group=rows[-1][1].seconds)  # the largest, two threads
    return table(("group level, without imports", "s", "MiB"), rows)


def inside(words: list[str], repeats: int) -> Cost:
    """Return the seconds that a process tells of itself, and its memory."""
    told, memory = [], 0.0
    for _ in range(repeats):
        child = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert child.stdout is not None
        told.append(float(child.stdout.read().split()[-1]))
        _, _, usage = os.wait4(child.pid, 0)
        memory = max(memory, usage.ru_maxrss / 1024)
    return Cost(median(told), memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", nargs=5, metavar=("WHOSE", "PEOPLE", "BINS", "RELABELLINGS", "THREADS"))
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("OURS", "THEIRS"))
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    if args.compare:
        require_alike(*args.compare)
        return
    if args.write:
        write(args.write)
        return
    if args.run:
        whose, *numbers = args.run
        {"ours": ours_group, "mne": mne_group}[whose](*map(int, numbers))
        return
    folder = Path(tempfile.mkdtemp())
    tables = session(folder, args.repeats), group(args.repeats)
    shutil.rmtree(folder)
    where = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, {len(os.sched_getaffinity(0))} cores, "
        f"Python {platform.python_version()}; medians of {args.repeats}. The session: {CHANNELS} channels, "
        f"{SECONDS} s, {RATE:g} Hz; spectra alike within 1e-4."
    )
    publish(DOCUMENT, MARKS, "\n\n".join([where, *tables]) + "\n")


if __name__ == "__main__":
    main()
