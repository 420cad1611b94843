"""What a modality says of the quality of a session, and of options that would keep more sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bids_app.vocabulary.run_state import RunState


class Quality(NamedTuple):
    """A quality that a limit of `[exclusions]` may be set on: what it is, its value and unit."""

    what: str
    value: float
    unit: str = ""


class Alternative(NamedTuple):
    """Options with which more sessions may pass, and what is to be said of a count made with them."""

    options: Mapping[str, object]
    remark: str = ""


class QualityTable(NamedTuple):
    """The quality table of a modality: its `desc`, its own columns with their descriptions, and the cells of a run."""

    label: str
    columns: Mapping[str, str]
    row: Callable[[RunState], Mapping[str, object]]
