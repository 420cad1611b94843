"""Channels by bins from a TSV beside the raw data: a modality in one file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from bids_app.dataset.layout import scan_files
from bids_app.dataset.tables import read_tsv
from bids_app.errors import NothingSelectedError, WrongDataError
from bids_app.vocabulary.domain import Axis, Sensors
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.found import Candidate, Found, Search
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.run_state import RunState


@dataclass(frozen=True)
class Options:
    """Options of `[modalities.toy]`."""

    min_channels: Annotated[int, Doc("Channels at least.")] = 3


GIVES, DATATYPE, SUFFIX, KINDS = "spectra", "eeg", "eeg", ("plain", "squared")
SOURCE = "spectra"
ADVICE = "What would help: more channels"
QUALITY = {"channels": "Channels of the recording.", "largest": "Largest value."}


@dataclass(frozen=True, kw_only=True)
class Plan:
    channels: int
    df: Mapping[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spectra:
    domain: Sensors
    values: np.ndarray
    threads: int = 1
    notes: Mapping[str, object] = field(default_factory=dict)

    def cleaned(self, kind: str, threads: int = 1) -> Spectra:
        values = self.values**2 if kind == "squared" else self.values
        return replace(self, values=values, threads=threads)


def find(search: Search) -> Found:
    """Return every table of every participant."""
    runs = []
    for root in search.roots.values():
        for label in search.people:
            for path in scan_files(root, label, DATATYPE):
                entities, suffix, ending = parse(path.name)
                if (suffix, ending) == (SUFFIX, ".tsv") and search.selection.names(entities):
                    runs.append(Candidate(entities, path, {}))
    if not runs:
        raise NothingSelectedError(f"No *_eeg.tsv of {len(search.people)} participants.")
    return Found(runs={next(iter(search.roots)): runs})


def prepare(recording: Recording, options: Options) -> Plan:
    """Return how many channels there are."""
    count = len(read_tsv(recording.series)["channel"])
    return Plan(channels=count, df=dict.fromkeys(KINDS, count))


def load(recording: Recording, prepared: Plan, options: Options, kinds: Collection[str] = KINDS[:1]) -> Spectra:
    """Return the table."""
    table = dict(read_tsv(recording.series))
    names = tuple(table.pop("channel"))
    values = np.array([[float(cell) for cell in column] for column in table.values()]).T
    if not (values > 0).all():
        raise WrongDataError(f"{recording.series.name} holds values that are no power; expected numbers above 0.")
    near = tuple((i, i + 1) for i in range(len(names) - 1))
    axis = Axis("frequency", "Hz", tuple(float(name) for name in table))
    return Spectra(domain=Sensors(names=names, axes=(axis,), near=near), values=values)


def describe(prepared: Plan, options: Options, kind: str = KINDS[0]) -> dict[str, object]:
    """Return what was done."""
    return {"Cleaning": kind, "Channels": prepared.channels}


def too_little(runs: Sequence[RunState], options: Options) -> str:
    """Return why a session has too few channels."""
    least = min(run.plan.channels for run in runs)
    return "" if least >= options.min_channels else f"{least} channels (at least {options.min_channels} needed)"


def summary(runs: Sequence[RunState], options: Options) -> str:
    """Return the channels of a session."""
    return f"{min(run.plan.channels for run in runs)} channels"


def quality_row(run: RunState) -> dict[str, Any]:
    """Return channels and largest value."""
    largest = {"largest": float(run.loaded.values.max())} if run.loaded else {}
    return {"channels": run.plan.channels, **largest} if run.prepared else {}


def limits(runs: Mapping[str, np.ndarray]) -> dict[str, Quality]:
    """Return the channels as coverage."""
    return {"min_coverage": Quality("share of channels", float(np.nanmin(runs["channels"]) / 4))}


def methods_of(options: Mapping[str, Any]) -> str:
    """Return a sentence."""
    return f"Spectra of at least {options['min_channels']} channels were read."


def reporting_items(options: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return an answer of a checklist."""
    return {"Recording": {"Number of channels": f"at least {options['min_channels']}"}}


def absent(bids_dir: Path) -> str:
    """Return what to say where there is nothing."""
    return f"{bids_dir} has no spectra."
