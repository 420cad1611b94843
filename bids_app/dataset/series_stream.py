"""Series as a stream of blocks: inflated in one thread, used in another, never whole in memory."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from bids_app.dataset.volumes import BROKEN, grid_of, open_image, rest_of
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.vocabulary.grid import Mask

RING = 12
"""Volumes inflated ahead of the arithmetic."""


class SeriesStream:
    """A four-dimensional file that is read once, front to back.

    Attributes
    ----------
    grid : Grid
    frames : int
    header_step : float
        Seconds between volumes as the header has them, which is often 0, 1 or another unit.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._image = open_image(path)
        self.grid = grid_of(self._image)
        if len(self._image.shape) != 4:
            one = " It holds one volume: was the scan aborted?" if len(self._image.shape) == 3 else ""
            raise WrongDataError(f"{path} has {len(self._image.shape)} dimensions; expected 4 (space and time).{one}")
        self.frames = int(self._image.shape[3])
        unit = {16: 1e-3, 24: 1e-6}.get(int(self._image.header["xyzt_units"]) & 56, 1.0)  # milli- and microseconds
        self.header_step = float(self._image.header["pixdim"][4]) * unit
        proxy = cast(Any, self._image.dataobj)
        self._dtype = np.dtype(self._image.get_data_dtype())
        self._offset, self._slope, self._intercept = int(proxy.offset), float(proxy.slope), float(proxy.inter)

    def blocks(self, mask: Mask, kept: Mask, size: int = 48) -> Iterator[NDArray[np.float32]]:
        """Yield kept volumes as (n, voxels) float32, voxels of the mask in the order of the file.

        Inflating runs in a thread of its own and hides the arithmetic of the caller.

        Raises
        ------
        MissingInputError
            If the file breaks off or its checksum is wrong.
        """
        inside = np.flatnonzero(mask.ravel(order="F"))
        block = np.empty((size, len(inside)), dtype=np.float32)
        filled = 0
        volumes = self._volumes()
        with closing(volumes):
            for number, volume in enumerate(volumes):
                if not kept[number]:
                    continue
                block[filled] = volume.take(inside)
                filled += 1
                if filled == size:
                    yield self._scaled(block)
                    filled = 0
        if filled:
            yield self._scaled(block[:filled])

    def _scaled(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._slope != 1.0 or self._intercept != 0.0:
            block *= np.float32(self._slope)
            block += np.float32(self._intercept)
        return block

    def _volumes(self) -> Generator[NDArray[Any]]:
        """Yield each volume, flat; a view that holds until the next one is asked for."""
        size = int(np.prod(self.grid.shape)) * self._dtype.itemsize
        free: queue.Queue[bytearray] = queue.Queue()
        full: queue.Queue[bytearray | BaseException] = queue.Queue()
        stop = threading.Event()
        for _ in range(RING):
            free.put(bytearray(size))
        reader = threading.Thread(target=self._inflate, args=(free, full, stop), daemon=True)
        reader.start()
        try:
            for _ in range(self.frames):
                item = full.get()
                if isinstance(item, BaseException):
                    raise item
                yield np.frombuffer(item, dtype=self._dtype)
                free.put(item)
            last = full.get()
            if isinstance(last, BaseException):
                raise last
        finally:
            stop.set()
            free.put(bytearray())
            reader.join()

    def _inflate(self, free: queue.Queue[bytearray], full: queue.Queue[object], stop: threading.Event) -> None:
        done = 0
        try:
            with self._open() as stream:
                stream.seek(self._offset)
                for _ in range(self.frames):
                    buffer = free.get()
                    if stop.is_set():
                        return
                    if _fill(stream, buffer) < len(buffer):
                        raise EOFError("the file ends early")  # noqa: TRY301
                    full.put(buffer)
                    done += 1
                more = rest_of(stream)  # wherever the header thinks that the end is
                if more >= len(buffer):
                    raise EOFError(f"{more // len(buffer)} volumes follow that its header does not know")  # noqa: TRY301
            full.put(bytearray())
        except MemoryError as error:
            full.put(WrongDataError(f"{self._path} does not fit into memory ({error}); raise --mem."))
        except BROKEN as error:
            full.put(
                MissingInputError(
                    f"{self._path} is damaged: {error}, after {done} of {self.frames} volumes. "
                    "Copy or compute it again."
                )
            )
        except BaseException as error:  # noqa: BLE001  (one that is not handed on would leave the other side waiting)
            full.put(error)

    def _open(self) -> BinaryIO:
        opener = igzip.open if self._path.name.endswith(".gz") else open
        return cast(BinaryIO, opener(self._path, "rb"))


def _fill(stream: BinaryIO, buffer: bytearray) -> int:
    """Read until the buffer is full or the stream ends; return how many bytes came."""
    view = memoryview(buffer)
    done = 0
    while done < len(buffer):
        got = cast(Any, stream).readinto(view[done:])
        if not got:
            break
        done += got
    return done


def file_order(mask: Mask) -> NDArray[np.intp]:
    """Return where each voxel of the mask, in C order, stands among them in the order of the file."""
    rank = np.empty(mask.shape, dtype=np.intp, order="F")
    flat = rank.reshape(-1, order="F")
    flat[mask.ravel(order="F")] = np.arange(int(mask.sum()))
    return rank[mask]


def reordered(coordinates: NDArray[np.float32], chosen: NDArray[np.intp]) -> NDArray[np.float32]:
    """Put chosen columns first, row by row in place: a second array of this size would double the memory."""
    for row in coordinates:
        row[: len(chosen)] = row[chosen]
    return coordinates[:, : len(chosen)]
