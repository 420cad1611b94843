"""Sums of named things as users write them: `2*rotation - rest`, `group_sham device`, `vas_pre-vas_post`."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SIGN = re.compile(r"\s*([+-]?)\s*(?:(\d+(?:\.\d*)?|\.\d+)\s*\*)?\s*")


def signed_terms(text: str, names: Iterable[str]) -> list[tuple[str, float]]:
    """Return name and weight of each term of a sum.

    Names may hold signs, blanks and digits themselves: the longest name that fits is taken. Blanks do not count.

    Raises
    ------
    ValueError
        With the part of the text that is no known name.

    >>> signed_terms("needle-rotation - 0.5*rest", ["needle-rotation", "needle", "rest"])
    [('needle-rotation', 1.0), ('rest', -0.5)]
    """
    known = sorted(((name.replace(" ", ""), name) for name in names), key=lambda pair: -len(pair[0]))
    rest, found = text.replace(" ", ""), list[tuple[str, float]]()
    while rest:
        term = _SIGN.match(rest)
        assert term is not None
        start = rest[term.end() :]
        fitting = [
            (plain, name)
            for plain, name in known
            if start.startswith(plain) and start[len(plain) : len(plain) + 1] in "+-"
        ]
        if not fitting or (found and not term[1]):
            raise ValueError(start or rest)
        plain, name = fitting[0]
        found.append((name, float(f"{term[1]}{term[2] or 1}")))
        rest = start[len(plain) :]
    return found
