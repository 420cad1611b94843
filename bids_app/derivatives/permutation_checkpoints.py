"""Finished parts of relabelling as files, so that a stopped group level goes on where it was."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from bids_app.derivatives.atomic import write_bytes
from bids_app.errors import OutputError
from bids_app.statistics.permutation.checkpoints import PermutationBlock


class CheckpointFiles:
    """Parts in a folder; `forget` removes them when the work is done.

    Where they are all that is wanted, `needed`, one that cannot be kept is an error; else it costs the time of a
    second run.
    """

    def __init__(self, folder: Path, *, needed: bool = False) -> None:
        self._folder, self._needed = folder, needed

    def load(self, name: str) -> PermutationBlock | None:
        """Return a part, or None if there is none of that name or it is damaged."""
        try:
            content = (self._folder / f"{name}.npz").read_bytes()
            with np.load(io.BytesIO(content)) as found:
                arrays = {key: found[key] for key in found.files}
            reached, own, start = (arrays.pop(key) for key in ("reached", "name", "start"))
            return PermutationBlock(int(start), arrays, reached) if str(own) == name else None
        except Exception:  # noqa: BLE001  (damage shows in many ways, and each means: make it again)
            return None

    def save(self, name: str, part: PermutationBlock) -> None:
        """Write a part.

        Raises
        ------
        OutputError
            If it is needed and there is no place for it.
        """
        stream = io.BytesIO()
        maxima: dict[str, Any] = {**part.maxima}
        np.savez_compressed(stream, name=name, start=part.start, reached=part.reached, **maxima)
        with contextlib.nullcontext() if self._needed else contextlib.suppress(OutputError):
            write_bytes(self._folder / f"{name}.npz", stream.getvalue())

    def forget(self) -> None:
        """Remove all parts."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.parent.rmdir()  # of other jobs, if it is not empty
