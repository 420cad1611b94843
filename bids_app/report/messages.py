"""Where the words of pages come from: a message catalogue, whole sentences with placeholders.

Texts stand in the code in English and are looked up in the catalogue of a language; `make messages` collects them in
`messages.pot`.
"""

from __future__ import annotations

from gettext import NullTranslations

TRANSLATIONS = NullTranslations()
"""English needs none."""


def _(text: str, **values: object) -> str:
    """Return a text in the language of the pages, with its placeholders filled in.

    >>> _("%(n)d participants", n=12)
    '12 participants'
    """
    return TRANSLATIONS.gettext(text) % values


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """Return the form of a text that belongs to a number.

    >>> ngettext("%(n)d map", "%(n)d maps", 1)
    '1 map'
    """
    return TRANSLATIONS.ngettext(one, many, n) % {"n": n, **values}
