"""What people should know of a call: what is left out or taken for granted, and whom it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing to know.

    Attributes
    ----------
    text : str
        For users to read; nothing is decided by it.
    participant : str
        Label of whom it is about, without `sub-`; empty where it is about more than one.
    code : str
        What kind of note it is, where something hangs on that.
    """

    text: str
    participant: str = ""
    code: str = ""


_NAMED = 12
"""Participants whom a line names at most."""


def merged(notes: Iterable[Note]) -> list[str]:
    """Return the texts of notes, those that say the same of several participants as one."""
    people: dict[str, list[str]] = {}
    for note in notes:
        head = f"sub-{note.participant}: " if note.participant else ""
        alike = bool(head) and note.text.startswith(head)
        who = people.setdefault(note.text[len(head) :] if alike else note.text, [])
        who += [head[:-2]] if alike else []
    return [f"{_named(who)}: {text}" if who else text for text, who in people.items()]


def _named(people: list[str]) -> str:
    more = len(people) - _NAMED
    return ", ".join(people) if more <= 0 else f"{', '.join(people[:_NAMED])} and {more} more"
