"""Pages in another language have no English words of ours: what is left there are data."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from pages import visible
from pseudo_language import Marked, unmarked

from bids_app import plugs, report
from bids_app.dataset.tables import read_tsv
from bids_app.report.messages import language

SYMBOLS = {"deqi", "mm", "mm³", "doi", "AUC", "True", "False"}
"""Names and units that are the same in every language, and values of JSON."""

WORD = re.compile(r"\b[^\W\d_]{2,}\b")
FILE = re.compile(r"[\w./*-]+\.(?:tsv|json|html|toml|nii\.gz)\b")


def texts_of(value: object) -> set[str]:
    """Return every text of a file: values, and names of values."""
    if isinstance(value, dict):
        return set(value).union(*map(texts_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(texts_of, value))
    return {value} if isinstance(value, str) else set()


def data_of(out: Path) -> set[str]:
    """Return what the files of an output say: texts of tables, sidecars and settings, and names of files."""
    names = {path.name for path in out.rglob("*")}
    found = names | {word for name in names for word in re.split(r"[_.-]", name)}
    for path in out.rglob("*.json"):
        found |= texts_of(json.loads(path.read_text()))
    for path in out.rglob("*.tsv"):
        found |= texts_of(read_tsv(path))
    for path in out.rglob("*.toml"):
        found |= texts_of(tomllib.loads(path.read_text()))
    signs = {one.removeprefix("positive = ") for one in found}
    return found | signs | {one.capitalize() for one in found} | {one.replace("_", " ") for one in found}


def without_data(text: str, data: list[str]) -> str:
    """Return what is left of a text when what files say, the longest first, and names of files are taken out."""
    for known in data:
        if known in text:
            text = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", " ", text)
    return FILE.sub(" ", text)


@pytest.mark.slow
def test_pages_in_another_language_hold_no_words_but_data(whole, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole.output, out)
    titles = {plugs.measure(name).title for name in plugs.names("measures")}
    data = sorted((one for one in data_of(out) | titles if WORD.search(one)), key=len, reverse=True)
    with language(Marked()):
        report.write_group(out)
        report.write_participants(out, ["01", "02"])
        report.write_index(out)
    for page in [*out.glob("*.html"), out / "logs" / "COBIDAS.html"]:
        if page.name.startswith("sub-") and page.stem not in ("sub-01", "sub-02"):
            continue
        left = {unmarked(text) for text in visible(page.read_text())}
        found = {text: set(WORD.findall(without_data(text, data))) - SYMBOLS for text in left if WORD.search(text)}
        assert {text: words for text, words in found.items() if words} == {}, page.name
        assert sum("⟦" in text for text in visible(page.read_text())) > 10
