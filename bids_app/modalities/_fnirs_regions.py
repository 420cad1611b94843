"""Channels of named regions: by their names, or by a box of a standard space that their middle lies in."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bids_app.dataset.mne_files.optodes import OptodeFile
from bids_app.dataset.nirs_recordings import space_of
from bids_app.errors import UsageError
from bids_app.vocabulary.options.fnirs import Options
from bids_app.vocabulary.recording import Recording

_SIDE = re.compile(r"(?P<axis>[xyz])\s+(?P<low>-?[\d.]+)\s+(?P<high>-?[\d.]+)")


def regions_of(options: Options, held: OptodeFile, recording: Recording) -> dict[str, tuple[str, ...]]:
    """Return the channels of each region.

    Raises
    ------
    UsageError
        If a recording has none of the channels that a region names, or its optodes are not in the space of a box.
    """
    names, found = tuple("-".join(pair) for pair in held.pairs), {}
    for region, words in options.regions.items():
        sides = [_SIDE.fullmatch(word.strip()) for word in words]
        if words and all(sides):
            found[region] = _in_box(region, [side for side in sides if side], held, recording)
            continue
        own = tuple(word.replace("_", "-").strip() for word in words)
        if not set(own) & set(names):  # a channel that one recording lacks counts as one that is not good
            raise UsageError(
                f"modalities.fnirs.regions: {region} names {', '.join(own)}, none of which {recording.series.name} "
                f"has; it has {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}."
            )
        found[region] = own
    return found


def _in_box(
    region: str, sides: Sequence[re.Match[str]], held: OptodeFile, recording: Recording
) -> tuple[str, ...]:  # fmt: skip
    """Return the channels whose middle lies in a box, mm of MNI space."""
    space = space_of(recording)
    if "MNI" not in space.upper():
        raise UsageError(
            f"modalities.fnirs.regions: {region} is a box of MNI space, and NIRSCoordinateSystem of "
            f"{recording.series.name} is {space or 'not told'}. Name its channels instead."
        )
    middle = held.positions.mean(axis=1) * 1e3
    inside = np.ones(len(middle), dtype=bool)
    for side in sides:
        along = middle[:, "xyz".index(side["axis"])]
        inside &= (along >= float(side["low"])) & (along <= float(side["high"]))
    return tuple("-".join(pair) for pair, keep in zip(held.pairs, inside, strict=True) if keep)
