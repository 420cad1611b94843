"""Room for arrays that memory would not hold: mapped files that vanish with the process, whatever ends it."""

from __future__ import annotations

import mmap
import tempfile
from os import posix_fallocate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import OutputError


class Scratch:
    """Arrays of more than `largest` bytes lie in files of a folder, which have no name: nothing is ever left behind."""

    def __init__(self, folder: Path, largest: float) -> None:
        self._folder, self._largest = folder, largest

    def room(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Return an array whose values are not set.

        Raises
        ------
        OutputError
            If the disk has no place for it.
        """
        size = 4 * shape[0] * shape[1]
        if size <= self._largest:
            return np.empty(shape, dtype=np.float32)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                posix_fallocate(file.fileno(), 0, size)  # a disk that fills up later would kill the process
                mapped = mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise OutputError(
                f"{self._folder} cannot take {size / 1e9:.3g} GB of maps ({error.strerror}). Give another folder with "
                "--work-dir, or more memory with --mem."
            ) from error
        return np.frombuffer(mapped, dtype=np.float32).reshape(shape)
