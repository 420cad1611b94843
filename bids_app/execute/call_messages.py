"""What a call says: lines for the user, or records for another call that started it and acts on them.

Standard library alone, so that workers on other machines take it up at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

RECORDS = "DEQI_RECORDS"
"""Set in the environment of a call whose messages another one reads."""

MARK = "\x1e"
"""Begins a line that is a record (RFC 7464); other lines are of libraries and of what crashed."""

LINES: Mapping[str, str] = {"warning": "warning: ", "failed": "failed: ", "refused": "deqi: "}
"""How a line for people begins, by its kind: what is odd, a job that failed, a call that was refused."""


@dataclass(frozen=True)
class Message:
    """One thing that was said: its kind (`warning`, `failed`, `refused`, or nothing) and its text."""

    kind: str
    text: str

    @property
    def line(self) -> str:
        """The message as people read it."""
        return f"{LINES.get(self.kind, '')}{self.text}"


def written(text: str, kind: str = "") -> str:
    """Return a message as this call has to write it: a line for people, or a record."""
    message = Message(kind, text)
    return f"{MARK}{json.dumps([kind, text])}" if os.environ.get(RECORDS) else message.line


def read(said: str) -> list[Message]:
    """Return the messages of a call, and each line besides as one without a kind."""
    return [_read(line.rstrip("\r")) for line in said.rstrip("\n").split("\n")]  # the mark itself ends a line elsewhere


def _read(line: str) -> Message:
    if line[:1] == MARK:
        try:
            kind, text = json.loads(line[1:])
        except ValueError:  # cut off where the call was killed
            return Message("", line[1:])
        return Message(str(kind), str(text))
    return Message("", line)
