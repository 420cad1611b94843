"""What a group analysis has read of one kind of map."""

from __future__ import annotations

from dataclasses import dataclass

from bids_app.levels.group.arm_similarity import Stacks
from bids_app.statistics.result import Subject


@dataclass(frozen=True, eq=False, kw_only=True)
class LoadedMaps:
    """The maps, or tables, of one kind.

    Attributes
    ----------
    subject : Subject
        Whose they are and where they have values.
    stacks : mapping of (participants, voxels)
        Maps by stage.
    notes : tuple of str
        What was left out on the way.
    """

    subject: Subject
    stacks: Stacks
    notes: tuple[str, ...] = ()
