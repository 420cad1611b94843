"""What the methods text cites, and how it is written for Markdown, BibTeX and LaTeX."""

from __future__ import annotations

import re

import pytest

from bids_app import plugs
from bids_app.report.text import methods, references
from bids_app.settings import describe_settings, resolve

TEXT = "Relabelled (Freedman & Lane 1983; Winkler et al. 2014), p < .05 & 5 % (two-sided), see Nichols & Holmes 2002."


def test_a_text_names_its_references():
    assert references.named(TEXT) == ["Freedman 1983", "Nichols 2002", "Winkler 2014"]


def test_latex_turns_parentheses_of_references_into_citations_and_escapes_the_rest():
    text = references.with_keys(TEXT)
    assert r"\citep{Freedman1983,Winkler2014}" in text
    assert r"$<$ .05 \& 5 \% (two-sided)" in text


def test_bibtex_has_every_author_and_the_doi():
    entry = references.bibtex("Winkler 2014")
    assert entry.startswith("@article{Winkler2014,")
    assert "Winkler, A. M. and Ridgway, G. R." in entry
    assert "pages = {381--397}" in entry
    assert "doi = {10.1016/j.neuroimage.2014.01.060}" in entry
    assert " and others}" in references.bibtex("Esteban 2019")


@pytest.mark.parametrize("key", references.REFERENCES)
def test_every_entry_is_whole(key):
    entry = references.REFERENCES[key]
    assert {"authors", "title", "journal", "volume", "pages", "doi"} <= set(entry)
    assert re.fullmatch(r"10\.\d{4,9}/\S+", entry["doi"])
    assert entry["authors"].startswith(key.split()[0])


def _texts():
    for kind in ("measures", "designs"):
        for name in plugs.names(kind):
            yield name, plugs.load(kind, name).methods


@pytest.mark.parametrize(("name", "text"), list(_texts()))
def test_every_reference_of_a_plug_was_looked_up(name, text):
    named = {f"{who} {year}" for who, year in references.CITED.findall(text)}
    assert named <= set(references.REFERENCES)
    assert text.count("(") == 0 or not re.search(r"\([A-Z][a-z]+ \d{4}\)", text)  # not in a form that nobody finds


def test_the_default_methods_text_names_only_what_is_there(tmp_path):
    tables = describe_settings(resolve({}))
    methods.write_citation(tmp_path, tables, [""])
    text = (tmp_path / "logs" / "CITATION.md").read_text()
    body = text.partition("## References")[0]
    spelt_out = re.sub(r"\([^()]*doi:[^()]*\)", "", body)
    named = {f"{who} {year}" for who, year in references.CITED.findall(spelt_out)}
    assert named
    assert named <= set(references.REFERENCES)
    for key in named:
        assert references.plain(key) in text
        assert f"@article{{{key.replace(' ', '')}," in (tmp_path / "logs" / "CITATION.bib").read_text()
    keys = re.findall(r"\\citep\{([^}]*)\}", (tmp_path / "logs" / "CITATION.tex").read_text())
    assert {key for group in keys for key in group.split(",")} <= {key.replace(" ", "") for key in named}
