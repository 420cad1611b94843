"""Files of declared diagrams: `pathways/<name>_*`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bids_app.derivatives.files import write_json, write_table
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.json_record import JsonRecord
from bids_app.vocabulary.pathway import ChainSaid, DiagramSaid, IndependenceSaid, PathSaid

FOLDER = "pathways"

ENDING = "_diagram.json"


class PathwayWriter:
    """Writes the tables and the sidecar of one diagram and remembers the files."""

    def __init__(self, output_dir: Path, name: str) -> None:
        self._folder, self._name = output_dir / FOLDER, as_label(name)
        self.files: list[Path] = []

    def _path(self, ending: str, among: str = "") -> Path:
        arm = f"_arm-{as_label(among)}" if among else ""
        found = self._folder / f"{self._name}{arm}_{ending}"
        self.files.append(found)
        return found

    def nodes(self, columns: Mapping[str, object]) -> None:
        """Write the values of all nodes, one row a participant."""
        write_table(self._path("nodes.tsv"), columns)

    def diagram(self, said: DiagramSaid) -> None:
        """Write paths, independences and chains of some participants, and the sidecar last."""
        for ending, kind, records in (
            ("paths", PathSaid, said.paths), ("independences", IndependenceSaid, said.independences),
            ("chain", ChainSaid, said.chains),
        ):  # fmt: skip
            write_table(self._path(f"{ending}.tsv", said.among), _columns(kind, records))
        write_json(self._path(ENDING[1:], said.among), said.to_json())


def _columns(kind: type[JsonRecord], records: Sequence[JsonRecord]) -> dict[str, list[object]]:
    names = list(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    return {name: [_cell(getattr(one, name)) for one in records] for name in names}


def _cell(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value


def sidecars(output_dir: Path) -> list[Path]:
    """Return the sidecar of every diagram, sorted."""
    return sorted((output_dir / FOLDER).glob(f"*{ENDING}"))
