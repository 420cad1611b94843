"""The one plug of a kind that a call has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from bids_app.vocabulary.options import Options

_O_co = TypeVar("_O_co", bound=Options, covariant=True)


@dataclass(frozen=True)
class Selected(Generic[_O_co]):
    """A plug by its name, with its options."""

    name: str
    options: _O_co
