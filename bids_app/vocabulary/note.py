"""What people should know of a call: what is left out or taken for granted, and whom it is about."""

from __future__ import annotations

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
