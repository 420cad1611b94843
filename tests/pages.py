"""The pages that a call wrote."""

from __future__ import annotations

from pathlib import Path


def group_pages(out: Path) -> str:
    """Return the pages of the group level, `group.html` first, as one text."""
    return "\n".join(path.read_text() for path in sorted(out.glob("group*.html"), key=lambda path: path.stem))
