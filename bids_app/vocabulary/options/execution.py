"""How and where a call runs: what the command line alone says, never the settings file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MEMORY_PER_PARTICIPANT_MB = 600
"""What one participant may need at 2 mm and some hundred volumes; `--mem` divided by it bounds the children."""


@dataclass(frozen=True)
class PermutationShare:
    """Part `number` of `of` equal parts of the permutations, numbered from 1.

    A permutation has a place between 0 and 1 among all of a call; each place belongs to one share, whatever their
    number.
    """

    number: int
    of: int

    def overlaps(self, start: float, stop: float) -> bool:
        """Tell whether some places from `start` to below `stop` are of this share."""
        return start * self.of < self.number and stop * self.of > self.number - 1

    def takes(self, place: float) -> bool:
        """Tell whether a place is of this share."""
        return int(place * self.of) == self.number - 1


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One call of the command line.

    `executor` is `local` or `dask`, whose scheduler has an address or a file that tells it; `share` asks for some of
    the permutations alone, kept for a later call.
    """

    bids_dir: Path
    output_dir: Path
    level: str
    derivatives: tuple[tuple[str, Path], ...] = ()
    participants: tuple[str, ...] = ()
    filter_file: Path | None = None
    preproc: str = "none"
    nprocs: int = 1
    memory_mb: int | None = None
    work_dir: Path | None = None
    dry_run: bool = False
    reports_only: bool = False
    self_contained: bool = False
    validate: bool = True
    blind: bool = False
    allocation: Path | None = None
    ratings: Path | None = None
    plan: Path | None = None
    ahba_dir: Path | None = None
    multiverse: bool = False
    verbose: int = 0
    argv: tuple[str, ...] = ()
    executor: str = "local"
    scheduler: str = ""
    scheduler_file: Path | None = None
    share: PermutationShare | None = None
    stop_early: bool = False
    status: bool = False
    missing: bool = False

    def side_by_side(self, calls: int) -> int:
        """Return how many of some calls may run side by side."""
        by_memory = max(1, self.memory_mb // MEMORY_PER_PARTICIPANT_MB) if self.memory_mb else self.nprocs
        return max(1, min(self.nprocs, by_memory, calls))
