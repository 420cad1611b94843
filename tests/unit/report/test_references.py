"""What the methods text cites, and how it is written for Markdown, BibTeX and LaTeX."""

from __future__ import annotations

import re

import pytest

from bids_app import plugs
from bids_app.report.text import methods, references
from bids_app.settings import describe_settings, resolve

TEXT = "Relabelled [@Winkler2014; @Freedman1983], p < .05 & 5 % (two-sided), signs [wild bootstrap, @Davidson2008]."


def test_citations_are_listed_and_stand_in_words():
    assert references.cited(TEXT) == ["Davidson 2008", "Freedman 1983", "Winkler 2014"]
    assert references.in_words(TEXT) == (
        "Relabelled (Winkler et al. 2014; Freedman & Lane 1983), p < .05 & 5 % (two-sided), signs (wild bootstrap, "
        "Davidson & Flachaire 2008)."
    )


def test_latex_has_citations_and_the_rest_is_escaped():
    text = references.in_latex(TEXT)
    assert r"\citep{Winkler2014,Freedman1983}" in text
    assert r"\citep[wild bootstrap,][]{Davidson2008}" in text
    assert r"$<$ .05 \& 5 \% (two-sided)" in text


def test_what_is_no_entry_cannot_be_cited():
    with pytest.raises(KeyError, match="Nobody1900"):
        references.cited("As seen [@Nobody1900].")


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


def test_every_plug_cites_what_was_looked_up():
    for kind in ("measures", "designs", "associations", "predictors"):
        for name in plugs.names(kind):
            references.cited(plugs.load(kind, name).methods)


def test_no_text_of_a_plug_spells_a_citation_out():
    texts = {name: plugs.load(kind, name).methods for kind in ("measures", "designs") for name in plugs.names(kind)}
    assert [name for name, text in texts.items() if re.search(r"[A-Z][a-z]+ \d{4}\b", text)] == []


def test_the_default_methods_text_names_only_what_is_there(tmp_path):
    tables = describe_settings(resolve({}))
    methods.write_citation(tmp_path, tables, [""])
    text = (tmp_path / "logs" / "CITATION.md").read_text()
    body, _, listed = text.partition("## References")
    named = [key for key in references.REFERENCES if references.plain(key) in listed]
    assert "Winkler 2014" in named
    for key in named:
        assert references.short(key) in body
        assert f"@article{{{key.replace(' ', '')}," in (tmp_path / "logs" / "CITATION.bib").read_text()
    keys = re.findall(r"\\citep\{([^}]*)\}", (tmp_path / "logs" / "CITATION.tex").read_text())
    assert {key for group in keys for key in group.split(",")} <= {key.replace(" ", "") for key in named}
