"""The Boutiques descriptor, which CBRAIN, nipoppy and `--bids-exec-spec` take."""

from __future__ import annotations

from pathlib import Path


def descriptor() -> str:
    """Return the descriptor: the file of the repository, or where an installed package keeps it."""
    package = Path(__file__).parents[1]
    places = [package.parent / "boutiques.json", *(p / "share" / "deqi" / "boutiques.json" for p in package.parents)]
    return next(path for path in places if path.exists()).read_text(encoding="utf-8")
