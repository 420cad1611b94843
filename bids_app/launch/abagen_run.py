"""`--ahba-dir`: a table of regions x genes from the Allen atlas, made by abagen in an environment of its own.

abagen needs an older pandas than deqi, so that both cannot share an environment. Where a file is missing it would
download it into the user's folder: all thirty are looked for before it is started, and it gets no network.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bids_app import __version__
from bids_app.dataset.atlases.parcels import AtlasRegion
from bids_app.dataset.tables import read_json, require_content
from bids_app.derivatives.atomic import make_folder, write_text
from bids_app.derivatives.files import write_json
from bids_app.errors import MissingInputError, UsageError

LOG = logging.getLogger("deqi")

DONORS = (9861, 10021, 12876, 14380, 15496, 15697)
PARTS = ("MicroarrayExpression.csv", "Ontology.csv", "PACall.csv", "Probes.csv", "SampleAnnot.csv")

VARIABLE = "DEQI_ABAGEN_PYTHON"

ENVIRONMENT = (
    "Make one with Python 3.11: python3.11 -m venv abagen && abagen/bin/pip install abagen==0.1.3 'pandas<2' 'numpy<2' "
    f"'setuptools<82'; then name its Python: export {VARIABLE}=abagen/bin/python"
)


@dataclass(frozen=True)
class Microarrays:
    """Where the files of the Allen atlas lie, and the Python that has abagen."""

    folder: Path
    python: str


def microarrays(folder: Path) -> Microarrays:
    """Return the microarrays of a folder, all of whose files are there.

    Raises
    ------
    MissingInputError
        If one of the thirty files is absent or empty; the message names the first.
    UsageError
        If no Python with abagen is named.
    """
    first = f"normalized_microarray_donor{DONORS[0]}"
    inside = folder / "microarray" if (folder / "microarray" / first).is_dir() else folder
    absent = [
        f"normalized_microarray_donor{donor}/{part}" for donor in DONORS for part in PARTS
        if not (inside / f"normalized_microarray_donor{donor}" / part).exists()
    ]  # fmt: skip
    if absent:
        raise MissingInputError(
            f"--ahba-dir {folder}: {len(absent)} of {len(DONORS) * len(PARTS)} files are absent, first {absent[0]}. "
            "Get the normalized microarrays of the six donors from human.brain-map.org; deqi downloads nothing."
        )
    for donor in DONORS:
        for part in PARTS:
            require_content(inside / f"normalized_microarray_donor{donor}" / part)
    python = os.environ.get(VARIABLE, "")
    if not python:
        raise UsageError(f"--ahba-dir needs abagen, in an environment of its own. {ENVIRONMENT}")
    return Microarrays(inside, python)


def made(folder: Path, atlas: Path, mark: str) -> bool:
    """Tell whether a table of an atlas stands in a folder."""
    return _table(folder, atlas, mark).exists()


def _table(folder: Path, atlas: Path, mark: str) -> Path:
    return folder / f"{atlas.name.partition('.')[0]}_{mark[:8]}_expression.tsv"


def make_table(atlas: Path, places: Sequence[AtlasRegion], source: Microarrays, folder: Path, mark: str) -> Path:
    """Return the table of an atlas in `folder`, made now unless it was made of the same files before.

    Parameters
    ----------
    mark : str
        Tells what the table is made of: a digest of the atlas and its labels.

    Raises
    ------
    MissingInputError
        If abagen cannot be started, or fails; the message has its last words.
    """
    table = _table(folder, atlas, mark)
    sidecar, made_of = table.with_suffix(".json"), {
        "Atlas": mark, "Microarrays": str(source.folder.resolve()), "Python": source.python, "deqi": __version__,
    }  # fmt: skip
    if table.exists() and sidecar.exists() and read_json(sidecar).get("MadeOf") == made_of:
        return table
    make_folder(folder)
    LOG.info("abagen makes a table of %d regions from six donors; this takes some minutes ...", len(places))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "regions.csv").write_text(_regions(places), encoding="utf-8")
        written = work / "table.tsv", work / "about.json"
        # abagen looks into a folder of this name alone, and would make one beside the files.
        (work / "microarray").symlink_to(source.folder.resolve())
        words = [atlas.resolve(), work / "regions.csv", work, *written]
        _start([source.python, str(files("bids_app.launch.abagen") / "table.py"), *map(str, words)], work)
        about = {**json.loads(written[1].read_text(encoding="utf-8")), "MadeOf": made_of}
        write_text(table, written[0].read_text(encoding="utf-8"))
    write_json(sidecar, about)
    return table


def _start(command: list[str], work: Path) -> None:
    # Its own path alone: modules of this environment are too new for it.
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=work, env=own)
    except OSError as error:
        raise MissingInputError(f"{command[0]} cannot be started ({error}). {ENVIRONMENT}") from error
    if ended.returncode or not (work / "table.tsv").exists():
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise MissingInputError(f"abagen failed in {command[0]}: {last}. {ENVIRONMENT}")


def _regions(places: Sequence[AtlasRegion]) -> str:
    """Return the table of regions as abagen wants it."""
    side = {"left": "L", "right": "R", "middle": "B"}
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(["id", "label", "hemisphere", "structure", "name"])
    rows.writerows([place.number, place.name, side[place.side], place.structure, place.name] for place in places)
    return stream.getvalue()
