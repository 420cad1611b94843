"""Finished parts of relabelling as files, so that a stopped group level goes on where it was."""

from __future__ import annotations

import contextlib
import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from bids_app.derivatives.atomic import write_bytes
from bids_app.errors import OutputError
from bids_app.statistics.parts import Part


class Files:
    """Parts in a folder; `forget` removes them when the work is done."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> Part | None:
        """Return a part, or None if there is none or it is damaged."""
        try:
            content = (self._folder / f"{name}.npz").read_bytes()
            with np.load(io.BytesIO(content)) as found:
                arrays = {key: found[key] for key in found.files}
            reached = arrays.pop("reached")
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return Part(arrays, reached)

    def save(self, name: str, part: Part) -> None:
        """Write a part; a full disk costs the time of a second run, not this one."""
        stream = io.BytesIO()
        arrays: dict[str, Any] = {"reached": part.reached, **part.maxima}
        np.savez_compressed(stream, **arrays)
        with contextlib.suppress(OutputError):
            write_bytes(self._folder / f"{name}.npz", stream.getvalue())

    def forget(self) -> None:
        """Remove all parts."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.parent.rmdir()  # of other jobs, if it is not empty
