"""Say whether a tag is the version that the tree gives itself, everywhere: run by the release, and by the tests."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

PLACES = {
    "bids_app/__init__.py": r'__version__ = "(.+)"',
    "boutiques.json": r'"(?:tool-version|BIDSApplicationVersion)": "(.+)"|"image": "deqi:(.+)"',
    "CITATION.cff": r'(?m)^version: "(.+)"',
    "CHANGELOG.md": r"\A# Changes\n\n## (\S+)",
    "Dockerfile": r"ARG VERSION=(\S+)|-t deqi:(\S+)",
    "Singularity.def": r"deqi:(\d[\d.]*\d)",
    "README.md": r"deqi:(\d[\d.]*\d)",
    "docs/howto/platforms.md": r"deqi:(\d[\d.]*\d)",
    "docs/howto/docker.md": r"deqi:(\d[\d.]*\d)",
}
"""Files that name the version, and how."""


def versions() -> dict[str, set[str]]:
    """Return the versions that each place gives."""
    return {
        place: {next(filter(None, found.groups())) for found in re.finditer(pattern, (ROOT / place).read_text())}
        for place, pattern in PLACES.items()
    }


def main(tag: str) -> int:
    wrong = {place: found for place, found in versions().items() if found != {tag.removeprefix("v")}}
    for place, found in wrong.items():
        print(f"{place} says {', '.join(sorted(found)) or 'nothing'}; the tag is {tag}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
