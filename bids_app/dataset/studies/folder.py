"""What stands in a folder of studies, and which of it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from bids_app.dataset.layout import names_in
from bids_app.dataset.studies import foreign, own_tables
from bids_app.dataset.studies.foreign import ForeignAnalysis
from bids_app.dataset.tables import require_content, stands
from bids_app.errors import DeqiError, MissingInputError, UsageError
from bids_app.vocabulary.studies import Studies

EXPECTED = (
    "studies.tsv with foci.tsv, effects.tsv or links.tsv, or one file of another tool: a NIMADS studyset (.json), "
    "Sleuth text (.txt), coordinates.tsv and metadata.tsv of NeuroSynth, or a table of foci (.csv, "
    ".tsv) with columns x, y and z"
)

NEUROSYNTH = 3
"""Its place among the formats."""


def read_studies(place: Path, more: Collection[str] = ()) -> Studies:
    """Return the studies of a folder, or of one file of another tool.

    Tables of our own come first, then files of other tools; of several the one that says most is read (NIMADS before
    NiMARE's own, Sleuth, NeuroSynth and tables of foci), and notes name the others.

    Raises
    ------
    MissingInputError
        If nothing there can be read as studies.
    UsageError
        If several files of one kind could be meant.
    WrongDataError, InvalidBidsError
        If a cell cannot be understood.
    """
    if place.is_file():
        found = list(_readable(place))
        if not found:
            raise MissingInputError(f"{place} holds no studies; expected {EXPECTED}.")
        return foreign.studies_of(place, list(found[0][1]), more, place.parent)
    if not place.is_dir():
        raise MissingInputError(f"STUDIES {place} is not there; expected a folder with {EXPECTED}.")
    if any(stands(place / name) for name in own_tables.NAMES):
        return own_tables.read_own_tables(place, more)
    return _foreign(place, more)


def _foreign(place: Path, more: Collection[str]) -> Studies:
    files = [place / name for name in names_in(place) if (place / name).is_file()]
    found = [(rank, path, analyses) for path in files for rank, analyses in _readable(path)]
    if not found:
        there = ", ".join(path.name for path in files[:8]) or "nothing"
        raise MissingInputError(f"{place} has {there}; expected {EXPECTED}.")
    best = min(rank for rank, _, _ in found)
    chosen = [(path, analyses) for rank, path, analyses in found if rank == best]
    if len(chosen) > 1:
        names = ", ".join(path.name for path, _ in chosen)
        raise UsageError(
            f"{place} has several files that could be meant: {names}. Name one: deqi {chosen[0][0]} OUT meta"
        )
    ((path, analyses),) = chosen
    read = foreign.studies_of(path, list(analyses), more, place)
    others = ", ".join(other.name for _, other, _ in found if other != path)
    notes = [f"Read {path.name}; not read: {others}."] if others else []
    if best == NEUROSYNTH:
        notes.append(f"{path.name} does not tell participants: {foreign.UNKNOWN_SIZE:g} are taken for every study.")
    return Studies(
        studies=read.studies, peaks=read.peaks, maps=read.maps, files=read.files, notes=(*notes, *read.notes)
    )


def _readable(path: Path) -> Iterator[tuple[int, Iterator[ForeignAnalysis]]]:
    """Yield how much a file of another tool says (less is better), and its analyses, if it is one."""
    name = path.name.lower()
    if name.endswith(".json") and name != "dataset_description.json":
        found = foreign.json_analyses(path)
        if found is not None:
            yield ("nimads", "nimare").index(found[0]), found[1]
    elif name.endswith(".txt") and "//" in _head(path):
        yield 2, foreign.sleuth(path)
    elif name.endswith(("coordinates.tsv", "coordinates.tsv.gz")):
        metadata = path.with_name(path.name.replace("coordinates", "metadata"))
        if stands(metadata):
            yield NEUROSYNTH, foreign.neurosynth(path, metadata)
    elif name.endswith((".csv", ".tsv")) and {"x", "y", "z"} <= _columns(path):
        yield 4, foreign.foci_table(path)


def _head(path: Path) -> str:
    return require_content(path).read_bytes()[:4000].decode("utf-8", errors="replace")


def _columns(path: Path) -> set[str]:
    try:
        first = _head(path).splitlines()[0]
    except (DeqiError, IndexError):
        return set()
    return {cell.strip().strip('"').lower() for cell in first.replace("\t", ",").split(",")}
