"""How an option of a plug describes itself: `Annotated[float, Ge(0), Doc("Low-pass edge", "Hz")]`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import get_type_hints

from bids_app.vocabulary.options import Options


@dataclasses.dataclass(frozen=True)
class Doc:
    """The meaning of one option in a sentence, and its unit."""

    text: str
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class DescribedOption:
    """One option as the settings file, the documentation and the tests see it."""

    name: str
    default: object
    doc: Doc


def written(name: str) -> str:
    """Return an option as users write it: `from`, which Python keeps for itself, is `from_` here."""
    return name.removesuffix("_")


def as_table(options: Options) -> dict[str, object]:
    """Return the values of options by the names that users write."""
    return {written(name): value for name, value in dataclasses.asdict(options).items()}


def describe(options: type[Options]) -> Iterator[DescribedOption]:
    """Yield every field of an options dataclass with its default and description.

    Raises
    ------
    TypeError
        If a field has no `Doc` or no default.
    """
    hints = get_type_hints(options, include_extras=True)
    for field in dataclasses.fields(options):
        docs = [item for item in getattr(hints[field.name], "__metadata__", ()) if isinstance(item, Doc)]
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if not docs or default is dataclasses.MISSING:
            raise TypeError(f"{options.__module__}: option {field.name!r} needs a Doc and a default")
        yield DescribedOption(written(field.name), default, docs[0])
