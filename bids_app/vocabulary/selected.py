"""The one plug of a kind that a call has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Selected:
    """A plug by its name, with its options."""

    name: str
    options: Any
