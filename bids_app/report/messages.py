"""Where the words of pages come from: a message catalogue, whole sentences with placeholders.

Texts stand in the code in English and are looked up in the catalogue of a language; `make messages` collects them in
`messages.pot`. A percent sign in a text is written twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations

_IN_USE: ContextVar[NullTranslations] = ContextVar("translations", default=NullTranslations())  # noqa: B039
"""English needs none."""

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@contextmanager
def language(translations: NullTranslations) -> Iterator[None]:
    """Take texts from a catalogue while pages are written."""
    before = _IN_USE.set(translations)
    try:
        yield
    finally:
        _IN_USE.reset(before)


def gettext(text: str) -> str:
    """Return a text with its placeholders unfilled."""
    return _IN_USE.get().gettext(text)


def number_form(one: str, many: str, n: int) -> str:
    """Return the form of a text that belongs to a number, with its placeholders unfilled."""
    return _IN_USE.get().ngettext(one, many, n)


def _(text: str, **values: object) -> str:
    """Return a text in the language of the pages, with its placeholders filled in.

    >>> _("%(n)d participants", n=12)
    '12 participants'
    """
    return gettext(text) % values


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """Return the form of a text that belongs to a number.

    >>> ngettext("%(num)d map", "%(num)d maps", 1)
    '1 map'
    """
    return number_form(one, many, n) % {"num": n, **values}


def N_(text: str) -> str:  # noqa: N802
    """Mark a text of a table for the catalogue; `_` looks it up where it is used."""
    return text


def in_script(text: str, **values: str) -> str:
    """Return a text as an expression of JavaScript, its placeholders filled in by other expressions.

    >>> in_script("Rating of %(name)s", name="name")
    '"Rating of " + name'
    """
    parts = _PLACEHOLDER.split(gettext(text))
    words = [json.dumps(part.replace("%%", "%"), ensure_ascii=False).replace("<", r"\u003c") for part in parts[::2]]
    said = [word for pair in zip(words, [*(values[name] for name in parts[1::2]), ""], strict=True) for word in pair]
    return " + ".join(part for part in said if part not in ("", '""')) or '""'
