"""The pages that a call wrote."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path


def group_pages(out: Path) -> str:
    """Return the pages of the group level, `group.html` first, as one text."""
    return "\n".join(path.read_text() for path in sorted(out.glob("group*.html"), key=lambda path: path.stem))


SPOKEN = ("alt", "title", "aria-label", "data-label", "placeholder")
"""Attributes that a reader sees or hears."""


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = self._hidden or (tag if tag in ("script", "style", "pre", "code") else "")
        self.texts += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden = "" if tag == self._hidden else self._hidden

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)


def visible(page: str) -> list[str]:
    """Return the texts that a reader of a page sees or hears: nodes and attributes, but no files that are shown."""
    reader = _Visible()
    reader.feed(page)
    return [text for text in reader.texts if text.strip()]
