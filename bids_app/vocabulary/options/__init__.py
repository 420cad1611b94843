"""Options of the general tables of analysis.toml, and what all options are."""

from __future__ import annotations

from dataclasses import Field
from typing import ClassVar, Protocol


class Options(Protocol):
    """A frozen dataclass whose fields are the options of one table."""

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]
