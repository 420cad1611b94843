"""Files of syntheses of studies: `meta/synthesis-<name>_contrast-<subject>_*`."""

from __future__ import annotations

from pathlib import Path

from bids_app.derivatives.files import write_json, write_map, write_table
from bids_app.vocabulary.entities import join
from bids_app.vocabulary.synthesis import Subject, SynthesisResult

FOLDER = "meta"


class MetaWriter:
    """Writes the maps, tables and the sidecar of one synthesis and remembers the files."""

    def __init__(self, output_dir: Path, synthesis: str, subject: Subject) -> None:
        self._folder = output_dir / FOLDER
        self._entities = {"synthesis": synthesis, "contrast": subject.label}
        self.files: list[Path] = []

    def path(self, suffix: str, extension: str, **entities: str) -> Path:
        """Return where a file lies, and remember it."""
        found = self._folder / join({**self._entities, **entities}, suffix, extension)
        self.files.append(found)
        return found

    def result(self, found: SynthesisResult) -> None:
        """Write all that a synthesis gave; its sidecar comes last, so that what it speaks of is there."""
        for stat, values in found.maps.items():
            assert found.domain is not None
            write_map(self.path("statmap", ".nii.gz", stat=stat), values, found.domain)
        use = found.about.use
        who = {"study_id": [o.study for o in use], "used": [o.used for o in use], "reason": [o.reason for o in use]}
        for suffix, columns in {**found.tables, "studies": who}.items():
            write_table(self.path(suffix, ".tsv"), columns)
        write_json(self.path("synthesis", ".json"), found.about.to_json())


def sidecars(output_dir: Path) -> list[Path]:
    """Return the sidecar of every synthesis, sorted."""
    return sorted((output_dir / FOLDER).glob("*_synthesis.json"))
