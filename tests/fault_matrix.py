"""The fault matrix: every fault that is brought about on purpose, and the page that tells what came of it.

A test brings a fault about, and `told` holds what it saw to the row of docs/reliability.md. `make reliability` writes
the rows anew instead.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT, Ended, run_deqi
from synthetic import Trial

PAGE = ROOT / "docs" / "reliability.md"
WRITE = os.environ.get("DEQI_RELIABILITY", "")
"""Folder for rows that are to be written anew; empty compares them with the page."""

SECTIONS = {
    "files": "Files of one person",
    "tables": "Tables, settings and words",
    "processes": "Processes",
    "places": "Disks and surroundings",
    "clusters": "Clusters",
}

OPTIONS = ["--measures", "seed_correlation", "--seeds", "near:4,4,4:9", "--n-permutations", "20"]

UNTIMED = re.compile(r"\d+ MB")


@dataclass(frozen=True)
class Row:
    """What is told of one fault."""

    fault: str
    code: int
    said: str
    left: str
    healed: str

    def line(self) -> str:
        cells = (self.fault, str(self.code), self.said or "nothing", self.left, self.healed)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"


def told(section: str, row: Row) -> None:
    """Hold a row to the page, or write it down."""
    if WRITE:
        folder = Path(WRITE) / section
        folder.mkdir(parents=True, exist_ok=True)
        (folder / re.sub(r"\W+", "-", row.fault)).write_text(row.line() + "\n")
        return
    lines = PAGE.read_text().splitlines()
    assert row.line() in lines, f"not in {PAGE.name} (make reliability):\n{row.line()}"


def refused(ended: Ended) -> None:
    """No traceback ever reaches the user."""
    assert "Traceback" not in ended.text, ended.text[-3000:]


def said(ended: Ended, words: str) -> str:
    """Return words that the call must have said, as they stand in the page."""
    plain = UNTIMED.sub("N MB", ended.text)
    assert words in plain, plain[-3000:]
    return words


def left(out: Path, of: int, kind: str = "sub-*", writing: bool = False) -> str:
    """Say what is on disk: finished sessions, and that nothing is half written.

    `writing`: a signal that cannot be caught may have met a writer. Its hidden file is made two hours old here, so
    that the next call has to remove it.
    """
    partial = list(out.rglob(".*.tmp"))
    assert writing or not partial, partial
    for path in partial:
        os.utime(path, (time.time() - 7200,) * 2)
    return (
        f"{len(list(out.glob(f'logs/done/{kind}.json')))} of {of} {'sessions' if kind == 'sub-*' else 'analyses'} done"
    )


def healed(trial: Trial, out: Path, reference: Path, level: str = "participant", words: tuple[str, ...] = ()) -> str:
    """Run again, undisturbed, and compare every file with those of a run that never was."""
    ended = run_deqi(trial.root, out, level, *OPTIONS, *words)
    assert ended.code == 0, ended.text[-3000:]
    same(out, reference)
    assert not list(out.glob("logs/failed/*"))
    return "exit 0, same bytes"


def same(out: Path, reference: Path) -> None:
    """Every file of the reference is there with the same content, and there is no result besides."""
    names = {p.relative_to(reference) for p in reference.rglob("*") if p.is_file()}
    different = [name for name in sorted(names) if not _equal(out / name, reference / name)]
    assert not different, different
    more = {p.relative_to(out) for p in out.glob("sub-*/**/*") if p.is_file()} - names
    assert not more, more


def _equal(one: Path, other: Path) -> bool:
    return one.exists() and filecmp.cmp(one, other, shallow=False)


def copy(trial: Trial, folder: Path) -> Trial:
    """Return a copy that may be broken; times of change are kept."""
    shutil.copytree(trial.root, folder, symlinks=True)
    return Trial(folder, dict(trial.people))
