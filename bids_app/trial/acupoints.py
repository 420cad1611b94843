"""Acupuncture points by the codes of the WHO standard; what was typed otherwise is told with the nearest code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from bids_app.dataset import presets

_CODE = re.compile(r"([A-Z]+?)[\s.-]*0*(\d{1,2})")
_EXTRA = re.compile(r"EX[\s.-]*([A-Z]+?)[\s.-]*0*(\d{1,2})")


@dataclass(frozen=True)
class Point:
    """A point as it was written.

    Attributes
    ----------
    code : str
        Its code; empty if there is none of that name.
    remark : str
        What is odd about how it was written.
    """

    code: str
    remark: str = ""


@cache
def codes() -> tuple[str, ...]:
    """Return the codes of all 361 points."""
    meridians = presets.load("acupoints", "who")["meridians"]
    return tuple(f"{code}{i + 1}" for code, about in meridians.items() for i in range(about["points"]))


@cache
def _older() -> dict[str, str]:
    """Return the code of a meridian by each older one."""
    meridians = presets.load("acupoints", "who")["meridians"]
    return {older: code for code, about in meridians.items() for older in about["also"]}


@cache
def point_of(written: str) -> Point:
    """Return the point that a word of a table means.

    >>> point_of("GB20").code, point_of("gb-20").code, point_of("UB23").code, point_of("EX-HN5").code
    ('GB20', 'GB20', 'BL23', 'EX-HN5')
    >>> point_of("GB99")
    Point(code='', remark="'GB99' is no point of the WHO standard; did you mean 'GB44'?")
    """
    plain = written.strip().upper()
    if extra := _EXTRA.fullmatch(plain):
        regions = presets.load("acupoints", "who")["extra"]["regions"]
        if extra[1] in regions:
            return Point(f"EX-{extra[1]}{int(extra[2])}", "an extra point, not among the 361")
    if found := _CODE.fullmatch(plain):
        meridian = _older().get(found[1], found[1])
        code = f"{meridian}{int(found[2])}"
        if code in codes():
            return Point(code, "" if code == written.strip() else f"written {written.strip()!r}")
    return Point("", f"{written.strip()!r} is no point of the WHO standard; did you mean {_nearest(plain)!r}?")


def _nearest(plain: str) -> str:
    """Return the code that is likeliest meant: the last of its meridian, or the one spelt most alike."""
    meridian = plain.rstrip("0123456789 -.")
    own = [code for code in codes() if code.rstrip("0123456789") == _older().get(meridian, meridian)]
    return own[-1] if own and plain != meridian else get_close_matches(plain, codes(), n=1, cutoff=0.0)[0]
