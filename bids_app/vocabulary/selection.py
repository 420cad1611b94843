"""Which recordings a call asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bids_app.vocabulary.entities import plain
from bids_app.vocabulary.recording import JOINED

PREPROCESSED = "preproc"
"""`desc` of the series that a preprocessor means to be analysed."""

Stage = Literal["ses", "task", "run", "segment"]

NATIVE = "native"
"""Resolution of series that have none in their names: that of the scan."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which runs are asked for; empty means all.

    Attributes
    ----------
    resolution : str
        Label of `res`; `native` for series without one.
    desc : str
        Which preprocessed series is analysed.
    join : tuple of str
        Entities of which the values are parts of one session: its runs.
    stage : {'ses', 'task', 'run', 'segment'}
        Entity whose labels are the stages of a design.
    segments : tuple of str
        Segments that each run has, where they are the stages.
    matches : callable or None
        A further test of a file.
    """

    sessions: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    space: str = ""
    resolution: str = ""
    cohort: str = ""
    desc: str = PREPROCESSED
    join: tuple[str, ...] = JOINED
    stage: Stage = "ses"
    segments: tuple[str, ...] = ()
    matches: Callable[[Path], bool] | None = None

    def stages_of(self, entities: Mapping[str, str]) -> tuple[str, ...]:
        """Return the labels of the stages that a recording holds: one, empty where it has none, or its segments."""
        own = entities.get(self.stage, "")
        return self.segments if self.stage == "segment" and not own else (own,)

    def parts_of(self, entities: Mapping[str, str]) -> list[Mapping[str, str]]:
        """Return the entities of what a recording is analysed as: itself, or those of its segments that are wanted."""
        if self.stage != "segment":
            return [entities]
        return [{**entities, "segment": one} for one in self.segments if not self.sessions or one in self.sessions]

    def cuts(self, entities: Mapping[str, str]) -> bool:
        """Tell whether results are of runs cut as they are now: one of the segments, or whole where there are none."""
        return entities.get("segment", "") in (self.segments if self.stage == "segment" else ("",))

    def names(self, entities: Mapping[str, str]) -> bool:
        """Tell whether stage and task of a file are among those asked for."""
        return (not self.sessions or not {*self.stages_of(entities)}.isdisjoint(self.sessions)) and (
            not self.tasks or entities.get("task") in self.tasks
        )

    def includes(self, file: Path, entities: Mapping[str, str]) -> bool:
        """Tell whether a file is among those asked for by its names and by the filter file."""
        return self.names(entities) and (self.matches is None or self.matches(file))

    def takes(self, entities: Mapping[str, str]) -> bool:
        """Tell whether task, space and resolution of a file are among those asked for; without a space it has none."""
        if self.tasks and entities.get("task") not in self.tasks:
            return False
        return "space" not in entities or (
            (not self.space or entities["space"] == self.space)
            and (not self.cohort or plain("cohort", entities.get("cohort", "")) == self.cohort)
            and (not self.resolution or plain("res", entities.get("res", NATIVE)) == self.resolution)
        )

    def describe(self) -> str:
        """Return the filters in words, for messages."""
        said = {"session": ",".join(self.sessions), "task": ",".join(self.tasks), "space": self.space,
                "res": self.resolution, "cohort": self.cohort}  # fmt: skip
        words = [f"{key} {value}" for key, value in said.items() if value]
        return ", ".join([*words, *(["the filter file"] if self.matches else [])]) or "no filter"
