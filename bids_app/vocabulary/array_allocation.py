"""Where large arrays are put: in memory, unless someone else provides room for them.

Whoever computes asks for room and does not know where it is; a group of thousands gets it in files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Provider = Callable[[tuple[int, int]], Floats]

SLAB = 1 << 25
"""Bytes that are worked on at once where whole arrays would be copied."""


def _in_memory(shape: tuple[int, int]) -> Floats:
    return np.empty(shape, dtype=np.float32)


_providers: list[Provider] = [_in_memory]


def empty_array(shape: tuple[int, int]) -> Floats:
    """Return an array of single precision whose values are not set."""
    return _providers[-1](shape)


@contextmanager
def provided_by(provider: Provider) -> Iterator[None]:
    """Borrow a buffer for a while."""
    _providers.append(provider)
    try:
        yield
    finally:
        _providers.pop()


def rows_of(stack: Floats, members: NDArray[np.intp]) -> Floats:
    """Return some rows of an array; the array itself if that is all of them in their order."""
    if len(members) == len(stack) and (np.diff(members) == 1).all():
        return stack
    chosen = empty_array((len(members), stack.shape[1]))
    for rows in slabs(chosen):
        chosen[rows] = stack[members[rows]]
    return chosen


def slabs(stack: Floats) -> Iterator[slice]:
    """Yield the rows of an array, some at a time."""
    some = max(1, SLAB // max(1, stack.itemsize * stack.shape[1]))
    for start in range(0, len(stack), some):
        yield slice(start, start + some)
