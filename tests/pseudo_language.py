"""A language in which every text of the catalogue is marked, for tests of where words come from."""

from __future__ import annotations

import re
from gettext import NullTranslations

_KEPT = re.compile(r"(%\(\w+\)[\d.]*[a-z]|<[^>]*>|&\w+;)")
_MARKED = re.compile("⟦[^⟦⟧]*⟧")


class Marked(NullTranslations):
    """Marks what stands between placeholders, so that what is filled in must bring marks of its own."""

    def gettext(self, message: str) -> str:
        return "".join(
            f"⟦{part}⟧" if part.strip() and not i % 2 else part for i, part in enumerate(_KEPT.split(message))
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def unmarked(text: str) -> str:
    """Return what does not come from the catalogue."""
    return _MARKED.sub(" ", text)
