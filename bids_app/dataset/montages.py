"""Where electrodes lie by their names, and the regions that names make: presets of caps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from bids_app.dataset import presets
from bids_app.errors import UsageError, suggest
from bids_app.vocabulary.grid import Points

TEN_TEN = "standard_1005"
"""The preset with the names of the 10-10 system and its regions."""

_ALSO = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}
"""Names of the 10-20 system from before 1991, and today's."""


def _modern(name: str) -> str:
    return _ALSO.get(name.lower(), name.lower())


@cache
def _known(montage: str) -> dict[str, tuple[float, ...]]:
    return {name.lower(): tuple(at) for name, at in presets.load("montages", montage)["positions"].items()}


def nominal_positions(names: Sequence[str], montage: str) -> Points:
    """Return where electrodes of these names lie on a template head.

    Returns
    -------
    (names, 3) mm
        NaN where a name is not in the montage; neither case nor the old names T3 to T6 matter.

    Raises
    ------
    UsageError
        If there is no such montage.
    """
    known = _known(montage)
    found = [known.get(_modern(name), (np.nan,) * 3) for name in names]
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def region(words: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return the numbers of the channels of regions, by names of the 10-10 system, or of channels named themselves.

    Raises
    ------
    UsageError
        If a word is neither the name of a region nor of an electrode of the system or the recording.
    """
    regions: dict[str, list[str]] = presets.load("montages", TEN_TEN)["regions"]
    own = [_modern(name) for name in names]
    known = {*_known(TEN_TEN), *own}
    wanted = [_modern(name) for word in words for name in regions.get(word, [word])]
    for word in wanted:
        if word not in known:
            raise UsageError(
                f"{word!r} is neither a region ({', '.join(regions)}) nor an electrode; "
                f"{suggest(word, [*regions, *names])}"
            )
    return [i for i, name in enumerate(own) if name in wanted]
