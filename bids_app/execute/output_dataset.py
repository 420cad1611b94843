"""What must stand before the first job: folders, caches, the description of the output dataset."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bids_app.dataset.layout import read_description
from bids_app.derivatives.atomic import make_folder, write_text
from bids_app.derivatives.completion_records import forget
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE, describe_dataset
from bids_app.derivatives.failure_records import failure_path, read_failures
from bids_app.derivatives.files import write_json
from bids_app.derivatives.paths import record_path
from bids_app.derivatives.settings_table import to_toml
from bids_app.errors import DeqiError, OutputError
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options import Options


def choose_cache(work_dir: Path | None) -> None:
    """Give compiled kernels a folder of our own to be kept in: of the work folder, of the user, or of this call alone.

    The last is for containers whose root is read-only; it goes when the call ends. Without any, kernels are compiled
    anew in each process: numba refuses to start with a cache that it cannot write.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = work_dir / "numba" if work_dir else Path(home) / "deqi" / "numba"
    try:
        make_folder(folder)
    except DeqiError:
        try:
            folder = Path(tempfile.mkdtemp(prefix="deqi-"))  # no one else can write into it
        except OSError:
            return
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


def describe(
    output_dir: Path,
    sources: Mapping[str, Path],
    generated_by: Sequence[Mapping[str, object]],
    tables: Mapping[str, tuple[type[Options], Mapping[str, object]]],
) -> None:
    """Write what belongs to the whole output dataset: its description and the settings used."""
    make_folder(output_dir)
    notice = SYNTHETIC_NOTICE if any(entry.get("Name") == DEMONSTRATION for entry in generated_by) else ""
    title = str(read_description(sources["raw"]).get("Name", "")) if "raw" in sources else ""
    describe_dataset(output_dir, sources, list(generated_by), notice, title)
    heading = ["Settings that these results were computed with; feed them back in with --config."]
    write_text(output_dir / "logs" / "settings.toml", to_toml(tables, heading))


def forget_others(output_dir: Path, start: str, labels: Sequence[str]) -> None:
    """Remove results, records and failures of jobs whose labels begin so and that are not asked for any more."""
    records = sorted(record_path(output_dir, "").parent.glob(f"{start}*.json"))
    for record in (one for one in records if one.stem not in labels):
        forget(record)
        record.unlink(missing_ok=True)
    for label in read_failures(output_dir):
        if label.startswith(start) and label not in labels:
            failure_path(output_dir, label).unlink(missing_ok=True)


def require_still_there(output_dir: Path) -> None:
    """Refuse to go on if the output was taken away while it was written; pages made since know too little.

    Raises
    ------
    OutputError
        If what `describe` wrote is gone.
    """
    if (output_dir / "logs" / "settings.toml").exists():
        return
    for page in output_dir.glob("*.html"):
        page.unlink(missing_ok=True)
    raise OutputError(
        f"{output_dir} was removed or emptied while it was written. Run the same command again: it makes what is gone."
    )


def keep_notes(output_dir: Path, level: str, notes: Sequence[Note], people: Sequence[str] = ()) -> None:
    """Write down what a call left out before any work, so that the pages tell it too.

    A call for some `people` alone replaces what was noted of them, each in a file of their own, and leaves the rest:
    thousands of such calls may run side by side.
    """
    folder = output_dir / "logs"
    if level == "participant" and people:
        for label in (person.removeprefix("sub-") for person in people):
            _note(folder / f"{level}_sub-{label}_notes.json", [note for note in notes if note.participant == label])
        return
    for path in folder.glob(f"{level}_sub-*_notes.json"):
        path.unlink(missing_ok=True)
    _note(folder / f"{level}_notes.json", notes)


def _note(path: Path, notes: Sequence[Note]) -> None:
    if notes:
        write_json(path, {"LeftOut": [note.text for note in notes]})
    else:
        path.unlink(missing_ok=True)
