"""One run as it lies on disk: which files, of whom, recorded how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bids_app.vocabulary.entities import join, without
from bids_app.vocabulary.options.segments import SegmentOptions

JOINED: tuple[Literal["run", "dir", "acq", "ce"], ...] = ("run", "dir")
"""Entities whose values are runs of one session unless the settings say otherwise."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A run: its files and what their names and sidecars say.

    `modality` is the name of the plug that reads it. `companions` are the files beside the series by kind (mask,
    confounds, curves, electrodes), `partner` the recording of someone else that belongs to it, `simultaneous` those of
    other modalities that were made of the same run, by modality. `metadata` is the
    merged sidecar of the series; `events` its table of events, if there is one, and `event_sidecars` what describes
    its columns; `root` the dataset that the files are relative to, `dataset` the name under which `DatasetLinks` knows
    it, `links` those of the other datasets. `joined` names the entities that tell runs of one session apart. `flipped`
    recordings have left and right exchanged when they are read. `segment` is the part of the run that is meant, by its
    name and rule; None is the whole run. `problem` says why a run cannot be worked on, if that was seen before.
    """

    modality: str
    entities: Mapping[str, str]
    series: Path
    root: Path
    dataset: str
    companions: Mapping[str, Path] = field(default_factory=dict)
    partner: Recording | None = None
    simultaneous: Mapping[str, Recording] = field(default_factory=dict)
    links: tuple[tuple[str, Path], ...] = ()
    joined: tuple[str, ...] = JOINED
    sidecars: tuple[Path, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    events: Path | None = None
    event_sidecars: tuple[Path, ...] = ()
    flipped: bool = False
    segment: tuple[str, SegmentOptions] | None = None
    problem: str = ""

    @property
    def participant(self) -> str:
        """Label without `sub-`."""
        return self.entities["sub"]

    @property
    def session(self) -> dict[str, str]:
        """Entities of the session that the run is part of."""
        return without(self.entities, *self.joined)

    @property
    def part(self) -> str:
        """What tells the run from the others of its session: the label of `run`, else all that does; often nothing."""
        own = {key: value for key, value in self.entities.items() if key in self.joined}
        if set(own) <= {"run"}:
            return own.get("run", "")
        return join(own, "", "").removesuffix("_")

    def inputs(self) -> tuple[Path, ...]:
        """Every file that reading this run opens."""
        more = (self.events,) if self.events else ()
        others = (*([self.partner] if self.partner else []), *self.simultaneous.values())
        beside = (path for other in others for path in other.inputs())
        return (*self.sources, *self.sidecars, *more, *self.event_sidecars, *beside)

    def several(self, kind: str) -> list[Path]:
        """Return the companion of a kind, and those of the same kind that are joined to it (`kind1`, `kind2`)."""
        return [path for name, path in self.companions.items() if name.rstrip("0123456789") == kind]

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files with its values: the series, and those beside it."""
        return (self.series, *self.companions.values())

    def uri(self, path: Path) -> str:
        """Return a BIDS URI for one of its files."""
        for name, root in ((self.dataset, self.root), *self.links):
            if path.is_relative_to(root):
                return f"bids:{name}:{path.relative_to(root).as_posix()}"
        return path.as_posix()
