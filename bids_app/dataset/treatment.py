"""How people were treated: `phenotype/acupuncture.json` (STRICTA), and needles in `*_task-acupuncture_events.tsv`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bids_app.dataset.tables import numeric, read_json, read_tsv, stands
from bids_app.errors import WrongDataError
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.treatment import Needle, Treatment

RECORD = Path("phenotype") / "acupuncture.json"
COLUMNS = {"depth": "depth_mm", "duration": "duration", "deqi": "deqi"}


def needle_files(folder: Path, labels: Iterable[str]) -> list[Path]:
    """Return the tables of needles of some participants, of any session.

    Outside of beh only tables with acupoints are: blocks of needling during a recording are events of it.

    Raises
    ------
    MissingInputError, WrongDataError
        If a table outside of beh cannot be read.
    """
    found: list[Path] = []
    for label in labels:
        own = folder / f"sub-{label}"
        found += own.glob("ses-*/*/*_task-acupuncture*_events.tsv")
        found += own.glob("*/*_task-acupuncture*_events.tsv")
    return sorted(path for path in found if path.parent.name == "beh" or "acupoint" in read_tsv(path))


def read_treatment(folder: Path, needles: Iterable[Path]) -> Treatment:
    """Return what a dataset says of how participants were treated.

    Raises
    ------
    MissingInputError, WrongDataError
        If a file cannot be read, or a number is none.
    """
    about = read_json(folder / RECORD) if stands(folder / RECORD) else {}
    stricta = about.get("STRICTA", {})
    arms = stricta.get("Arms", {}) if isinstance(stricta, Mapping) else None
    if not isinstance(arms, Mapping) or not all(isinstance(items, Mapping) for items in arms.values()):
        raise WrongDataError(
            f'{folder / RECORD}: STRICTA must hold {{"Arms": {{"verum": {{"1a_Style": ...}}, "sham": {{...}}}}}}.'
        )
    trial = about.get("Trial", {})
    rows = [needle for path in needles for needle in _needles(path)]
    return Treatment(tuple(rows), dict(arms), dict(trial) if isinstance(trial, Mapping) else {})


def _needles(path: Path) -> Iterator[Needle]:
    """Yield the needles of one session."""
    entities, _, _ = parse(path.name)
    table = read_tsv(path)
    if "acupoint" not in table:
        raise WrongDataError(f"{path} has columns {', '.join(table)}; expected acupoint, one row a needle.")
    count = len(table["acupoint"])
    numbers: dict[str, Any] = {}
    for name, column in COLUMNS.items():
        values = numeric(table.get(column, ["n/a"] * count))
        if values is None:
            raise WrongDataError(f"{path}: {column} holds {', '.join(table[column][:3])} ...; expected numbers or n/a.")
        numbers[name] = values
    sides = table.get("laterality", ["n/a"] * count)
    for i, point in enumerate(table["acupoint"]):
        rest = {name: float(values[i]) for name, values in numbers.items()}
        yield Needle(
            participant=entities["sub"],
            session=entities.get("ses", ""),
            point=point.strip(),
            side=sides[i].strip(),
            **rest,
        )
