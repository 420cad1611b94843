"""Which row of a table is which region of an atlas: tables and atlases spell the same regions differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bids_app.dataset.atlases.names import canonical


@dataclass(frozen=True)
class Match:
    """Rows of a table by the name of the region in the atlas, and which names of the table are no region of it.

    `numbered` is True where rows are the numbers of the labels.
    """

    rows: dict[str, int]
    unknown: tuple[str, ...]
    numbered: bool = False


def match(table: Sequence[str], names: Sequence[str], numbers: Sequence[int]) -> Match:
    """Return which row of a table is which region: by its very name, its name in another spelling, or its number.

    Numbers count if they are those of all labels of the atlas.

    Parameters
    ----------
    table : sequence of str
        Names of the rows.
    names, numbers : sequence
        Of the regions of the atlas.
    """
    by_number = dict(zip(map(str, numbers), names, strict=True))
    if set(table) == set(by_number):  # some of the numbers could be those of another order as well
        return Match({by_number[row]: i for i, row in enumerate(table)}, (), numbered=True)
    exact = {row: i for i, row in enumerate(table) if row in set(names)}
    spelt: dict[str, list[str]] = {}
    for name in names:
        if name not in exact:
            spelt.setdefault(canonical(name), []).append(name)
    rows, unknown = dict(exact), []
    for i, row in enumerate(table):
        found = spelt.get(canonical(row), [])
        if len(found) == 1 and found[0] not in rows:
            rows[found[0]] = i
        elif row not in exact:
            unknown.append(row)
    return Match(rows, tuple(unknown))


def nearest(unknown: Sequence[str], names: Sequence[str], most: int = 5) -> str:
    """Return some names that are not known, each with the nearest that is."""
    said = []
    for name in unknown[:most]:
        near = get_close_matches(name, names, n=1, cutoff=0.4)
        said.append(f"{name} (nearest: {near[0]})" if near else name)
    return ", ".join(said) + (f" and {len(unknown) - most} more" if len(unknown) > most else "")
