"""One run as it lies on disk: which files, of whom, recorded how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Recording:
    """A preprocessed run: its files and what their names and sidecars say.

    `metadata` is the merged sidecar of the series; `events` its table of events, if there is one; `root` the dataset
    that the files are relative to, `dataset` the name under which `DatasetLinks` knows it. `flipped` recordings have
    left and right exchanged when they are read. `problem` says why a run cannot be worked on, if that was seen before.
    """

    entities: Mapping[str, str]
    series: Path
    mask: Path
    confounds: Path
    root: Path
    dataset: str
    sidecars: tuple[Path, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    events: Path | None = None
    flipped: bool = False
    problem: str = ""

    @property
    def participant(self) -> str:
        """Label without `sub-`."""
        return self.entities["sub"]

    @property
    def session(self) -> str | None:
        """Label without `ses-`, or None."""
        return self.entities.get("ses")

    def inputs(self) -> tuple[Path, ...]:
        """Every file that reading this run opens."""
        more = (self.events,) if self.events else ()
        return (self.series, self.mask, self.confounds, *self.sidecars, *more)

    def uri(self, path: Path) -> str:
        """Return a BIDS URI for one of its files."""
        return f"bids:{self.dataset}:{path.relative_to(self.root).as_posix()}"
