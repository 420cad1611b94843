"""Texts that a user can read are in the words of the field (the glossary of CONTRIBUTING)."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from tokenize import COMMENT, tokenize

ROOT = Path(__file__).parents[3]
BANNED = {
    r"\bdrawn anew\b": "re-randomised",
    r"\bforet(?:ell|ells|old)\b": "predict",
    r"\beverybody\b": "all participants",
    r"\bsomebody\b": "a participant",
    r"\bnobody\b(?! was (?:treated|scanned)|: no person)": "no participant",
    r"\bmend(?:s|ed)?\b": "correct",
    r"\bpeople unseen\b": "held-out participants",
    r"\bmaps? of chance\b": "null map",
    r"\bwhat chance gave\b": "the null distribution",
    r"\bgo(?:es)?\s+with\b": "is associated with",
    r"\bcannot\s+be\s+told\s+from\b": "is collinear with, is not distinguished from",
}


def texts():
    """Yield every text with its file: constants, docstrings and comments of the code, templates, documentation."""
    for path in sorted((ROOT / "bids_app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value
        with path.open("rb") as stream:
            yield from ((path, token.string) for token in tokenize(stream.readline) if token.type == COMMENT)
    for path in sorted((ROOT / "bids_app" / "report" / "templates").glob("*.js")):
        yield path, path.read_text()
    for path in sorted((ROOT / "bids_app" / "report" / "templates").glob("*.html")):
        yield path, re.sub(r"\{[%#].*?[%#]\}|<[^>]+>", " ", path.read_text(), flags=re.DOTALL)
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))):
        yield path, path.read_text()


def test_texts_are_in_the_words_of_the_field():
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]!r} (write: {better})"
        for path, text in texts()
        for pattern, better in BANNED.items()
        for hit in re.finditer(pattern, text, flags=re.IGNORECASE)
    ]
    assert found == []
