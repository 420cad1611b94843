"""What texts cite, from `presets/references.toml`: which entries a text names, and how they are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files

_TEXT = (files("bids_app") / "presets" / "references.toml").read_text(encoding="utf-8")
REFERENCES: Mapping[str, Mapping[str, str]] = {
    key: {**entry, "year": key.split()[1]} for key, entry in tomllib.loads(_TEXT).items()
}
"""Authors, title, journal, volume, pages, DOI and year by `Name year`."""

_CITATION = re.compile(r"\[([^\[\]@]*)((?:@\w+(?:; )?)+)\]")
_MARKS = {key.replace(" ", ""): key for key in REFERENCES}
"""Keys as texts mark them, like Pandoc: `[@Winkler2014; @Freedman1983]`, `[wild bootstrap, @Davidson2008]`."""

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "<": "$<$", ">": "$>$", "|": "$|$",
}  # fmt: skip


def cited(text: str) -> list[str]:
    """Return the keys of the entries that a text cites, sorted.

    Raises
    ------
    KeyError
        If it cites what is no entry.
    """
    return sorted({key for _, marks in _CITATION.findall(text) for key in _keys(marks)})


def in_words(text: str) -> str:
    """Return a text with its citations in words.

    >>> in_words("Relabelled [@Freedman1983; @Winkler2014].")
    'Relabelled (Freedman & Lane 1983; Winkler et al. 2014).'
    """
    return _CITATION.sub(lambda found: f"({found[1]}{'; '.join(map(short, _keys(found[2])))})", text)


def _keys(marks: str) -> list[str]:
    return [_MARKS[mark.removeprefix("@")] for mark in marks.split("; ")]


def short(key: str) -> str:
    """Return how texts name an entry: one author, both, or the first of more."""
    names = [name.rpartition(" ")[0] for name in REFERENCES[key]["authors"].split(", ")]
    year = REFERENCES[key]["year"]
    return f"{names[0]} {year}" if len(names) == 1 else f"{names[0]} {_others(names)} {year}"


def _others(names: Sequence[str]) -> str:
    return f"& {names[1]}" if len(names) == 2 and names[1] != "et" else "et al."


def plain(key: str) -> str:
    """Return an entry as journals print it."""
    e = REFERENCES[key]
    return f"{e['authors']}. {e['title']}. {e['journal']} {e['year']};{e['volume']}:{e['pages']}. doi:{e['doi']}"


def bibtex(key: str) -> str:
    """Return an entry for BibTeX."""
    e = REFERENCES[key]
    authors = " and ".join("others" if name == "et al" else _reversed(name) for name in e["authors"].split(", "))
    fields = {
        "author": authors,
        "title": f"{{{e['title']}}}",
        **{k: e[k] for k in ("journal", "volume", "pages", "year", "doi")},
    }
    fields["pages"] = fields["pages"].replace("-", "--")
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@article{{{key.replace(' ', '')},\n{lines}\n}}\n"


def _reversed(name: str) -> str:
    """Turn `Winkler AM` into `Winkler, A. M.`."""
    last, _, initials = name.rpartition(" ")
    return f"{last}, {' '.join(f'{letter}.' for letter in initials)}"


def escape(text: str) -> str:
    """Return text with the characters that LaTeX reserves."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def in_latex(text: str) -> str:
    """Return a paragraph for LaTeX with natbib."""
    out, last = [], 0
    for found in _CITATION.finditer(text):
        before = f"[{escape(found[1].strip())}][]" if found[1] else ""
        keys = ",".join(key.replace(" ", "") for key in _keys(found[2]))
        out += [escape(text[last : found.start()]), rf"\citep{before}{{{keys}}}"]
        last = found.end()
    return "".join([*out, escape(text[last:])])
