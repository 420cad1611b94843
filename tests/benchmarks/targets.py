"""What benchmarks are held against: the first table of docs/performance.md, from figures kept in performance.json.

Every benchmark keeps its figures there, so that each can be run alone; the table says how old each is.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measured import publish

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
KEPT = DOCUMENT.with_suffix(".json")
MARKS = "<!-- targets: made by every benchmark -->", "<!-- end of targets -->"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A figure that must not be exceeded, and what stands in the way where it is."""

    what: str
    limit: float
    unit: str = ""
    why: str = ""


TARGETS = {
    "batch": Target(
        what="40 participants x 2 sessions of 240 volumes at 2 mm, every default measure, two processors: wall time / "
             "the bare inflates one after the other",
        limit=6,
    ),
    "further_volume": Target(
        what="a further volume, six seeds / its bare inflate", limit=1.15,
        why="reading and summing alone take 1.24; coordinates grow with the volumes too, and are sorted and correlated",
    ),
    "fixed": Target(
        what="a session of no volumes, six seeds, page included", limit=1.0, unit="s of a processor",
        why="imports and options (0.7 s; once for a batch), the page, 22 maps packed",
    ),
    "everything": Target(
        what="everything by default, 240 volumes in single precision: seconds of processors / bare inflate", limit=3.2,
        why="as above, and ReHo ranks every series",
    ),
    "group_memory": Target(
        what="group level, 98 participants, 235,375 voxels, own baseline, two threads", limit=480, unit="MiB",
        why="the maps of both sessions and their unit vectors (4 x 88 MiB) are there at once while models are fitted; "
            "a whole call with its other contrasts and the robust p takes 780 MiB",
    ),
    "relabelling": Target(
        what="a permutation without TFCE / a plain twin written for this one case, one thread", limit=1.10,
        why="it also counts which voxels reach their observed t, for uncorrected p; the twin does not",
    ),
    "relabelling_tfce": Target(what="the same with exact TFCE", limit=1.10),
    "eeg_session": Target(
        what="EEG: a session of 64 channels and 300 s after imports, page included", limit=3, unit="s",
        why="reading alone takes 0.7 s of it; 2.7 s the day before",
    ),
    "eeg_memory": Target(what="EEG: its memory", limit=400, unit="MiB"),
    "eeg_group": Target(
        what="EEG: 5,000 permutations of 100 participants, 64 x 177 points, two threads", limit=20, unit="s"
    ),
    "pet": Target(what="PET: reference tissue model of 200,000 voxels and 33 frames", limit=3, unit="s"),
    "pet_memory": Target(what="PET: memory of the largest model", limit=1000, unit="MiB"),
    "degree": Target(
        what="degree of 192,760 voxels, two threads", limit=24, unit="s",
        why="the products alone take most of it: as fast as the processor multiplies",
    ),
    "vmhc": Target(what="homotopic connectivity of them", limit=0.1, unit="s", why="0.10 s the day before"),
    "means": Target(what="mean r and mean r² of them with all others", limit=2, unit="s"),
    "redraw": Target(what="a redraw of the foci of 21 experiments with clusters, one thread", limit=40, unit="ms"),
    "pooled": Target(what="12 maps of 200,000 voxels pooled", limit=0.3, unit="s"),
    "optics": Target(what="fNIRS: 120 series of 10 min at 5 Hz, robust model", limit=30, unit="s"),
    "coherence": Target(what="fNIRS: coherence of 30 x 30 pairings", limit=10, unit="s"),
    "group_output": Target(what="what the group level of 40 participants leaves", limit=400, unit="MB"),
}  # fmt: skip


def keep(**values: float) -> None:
    """Keep figures by the name of their target, and write the table anew."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    today = f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}"
    kept |= {name: {"value": value, "date": today} for name, value in values.items()}
    KEPT.write_text(json.dumps({name: kept[name] for name in TARGETS if name in kept}, indent=2) + "\n")
    rows = [_row(target, **kept[name]) for name, target in TARGETS.items() if name in kept]
    publish(DOCUMENT, MARKS, "\n".join(["", "| what | target | measured | on | |", "|---" * 5 + "|", *rows, ""]))


def _row(target: Target, value: float, date: str) -> str:
    unit = f" {target.unit}" if target.unit else ""
    met = "met" if value <= target.limit else f"missed: {target.why or 'not looked into'}"
    return f"| {target.what} | {target.limit:g}{unit} | {value:.3g}{unit} | {date} | {met} |"
