"""What texts cite, from `presets/references.toml`: which entries a text names, and how they are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files

_TEXT = (files("bids_app") / "presets" / "references.toml").read_text(encoding="utf-8")
REFERENCES: Mapping[str, Mapping[str, str]] = {
    key: {**entry, "year": key.split()[1]} for key, entry in tomllib.loads(_TEXT).items()
}
"""Authors, title, journal, volume, pages, DOI and year by `Name year`."""

CITED = re.compile(r"([A-Z][A-Za-z]+) (?:et al\.|& [A-Z][A-Za-z]+) (\d{4})")
"""A reference as texts name it: `Winkler et al. 2014`, `Nichols & Holmes 2002`."""

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "<": "$<$", ">": "$>$", "|": "$|$",
}  # fmt: skip


def named(text: str) -> list[str]:
    """Return the keys of the entries that a text names, sorted; presets bring their own citations, spelt out."""
    return sorted({f"{name} {year}" for name, year in CITED.findall(text)} & set(REFERENCES))


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


def with_keys(text: str) -> str:
    """Return a paragraph for LaTeX, where a parenthesis of references is a citation."""
    parts = re.split(r"\(([^()]*)\)", text)
    out = []
    for i, part in enumerate(parts):
        keys = [f"{name} {year}" for name, year in CITED.findall(part)] if i % 2 else []
        if keys and all(key in REFERENCES for key in keys) and not CITED.sub("", part).strip(" ;"):
            out.append(rf"\citep{{{','.join(key.replace(' ', '') for key in keys)}}}")
        else:
            out.append(f"({escape(part)})" if i % 2 else escape(part))
    return "".join(out)
