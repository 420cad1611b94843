"""What studies say of links of a framework: rows of `links.tsv`, and paths that outputs of deqi declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.studies.cells import Row, require_columns, rows_of
from bids_app.dataset.tables import read_tsv
from bids_app.errors import InvalidBidsError, WrongDataError
from bids_app.vocabulary.links import LinkEvidence, LinkScale, link_of
from bids_app.vocabulary.pathway import DiagramSaid
from bids_app.vocabulary.studies import Study, contrast_word

NAME = "links.tsv"

SIGNS = {"+": 1, "1": 1, "+1": 1, "positive": 1, "-": -1, "−": -1, "-1": -1, "negative": -1, "0": 0, "none": 0}

FEWEST = 4
"""Participants of a correlation; its error has n - 3."""


def read_links(path: Path, studies: Mapping[str, Study]) -> list[LinkEvidence]:
    """Return the rows of `links.tsv`.

    Raises
    ------
    WrongDataError, InvalidBidsError
        If a cell cannot be understood; the message names it.
    """
    table = read_tsv(path)
    require_columns(path, table, ["study_id", "link", "modality", "contrast"])
    return [_evidence(row, studies) for row in rows_of(path, table)]


def _evidence(row: Row, studies: Mapping[str, Study]) -> LinkEvidence:
    name, link = row.text("study_id"), link_of(row.text("link"))
    if not name:
        raise InvalidBidsError(f"{row.path}, line {row.line} has no study_id. Write it, or take the row out.")
    if not link:
        raise WrongDataError(f"{row.where('link')} is {row.text('link')!r}; expected two ends, such as needle -> PAG.")
    contrast, modality = row.text("contrast"), row.text("modality")
    if not (contrast and modality):
        raise WrongDataError(f"{row.path}, line {row.line} lacks its modality or contrast; expected a word in each.")
    word = contrast_word(contrast)
    own = studies.get(name, Study(name=name, sample=name))
    scales = [scale for scale in _SIZES if row.text(scale)]
    if len(scales) > 1 or (scales and row.text("sign")):
        raise WrongDataError(
            f"{row.path}, line {row.line} tells one result in several ways; keep one of g and v, r and n, and sign."
        )
    found = LinkEvidence(
        study=name, sample=own.sample, link=link, modality=modality, sign=0 if scales else _sign(row), p=_p(row),
        contrast=word.word if word else contrast.lower(), where=f"line {row.line}",
    )  # fmt: skip
    return _sized(found, scales[0], *_SIZES[scales[0]](row)) if scales else found


def _difference(row: Row) -> tuple[float, float]:
    return row.needed("g"), row.needed("v", above=0)


def _correlation(row: Row) -> tuple[float, float]:
    """Return Fisher's z and its variance."""
    r, n = row.needed("r"), row.needed("n", above=FEWEST - 1)
    if abs(r) >= 1:
        raise WrongDataError(f"{row.where('r')} is {r:g}; expected a correlation between -1 and 1.")
    return float(np.arctanh(r)), 1 / (n - 3)


_SIZES: Mapping[LinkScale, Callable[[Row], tuple[float, float]]] = {"g": _difference, "r": _correlation}
"""How a row tells a size and its variance, by the column that it has."""


def _sized(found: LinkEvidence, scale: LinkScale, effect: float, variance: float) -> LinkEvidence:
    """Return evidence with its size; p is that of the size where the study told none."""
    p = found.p if np.isfinite(found.p) else float(2 * scipy.stats.norm.sf(abs(effect) / np.sqrt(variance)))
    return replace(found, scale=scale, effect=effect, variance=variance, sign=int(np.sign(effect)), p=p)


def _sign(row: Row) -> int:
    word = row.text("sign").lower()
    if word not in SIGNS:
        raise WrongDataError(f"{row.where('sign')} is {word!r}; expected +, - or 0, or columns g and v, or r and n.")
    return SIGNS[word]


def _p(row: Row) -> float:
    """Return the p that a study reports; a bound such as <.001 is taken as it stands."""
    text = row.text("p").lstrip("<= ")
    told = Row(row.path, row.line, {"p": text}).number("p")
    if not 0 < told <= 1 and not np.isnan(told):
        raise WrongDataError(
            f"{row.where('p')} is {text!r}; expected a two-sided p above 0 and at most 1, or n/a; write .000 as <.001."
        )
    return told


def links_of_outputs(studies: Mapping[str, Study], folder: Path) -> Iterator[LinkEvidence]:
    """Yield the paths of every diagram that outputs of deqi held against their data, as correlations within arms.

    A path of several diagrams of one output is that of the first of them; an output that several studies name has the
    participants of the first.
    """
    samples: dict[Path, str] = {}
    for name, study in studies.items():
        root = (folder / study.output.removeprefix("bids::") / "pathways").resolve()
        if not study.output:
            continue
        sample, told = samples.setdefault(root, study.sample), set[tuple[str, str]]()
        for sidecar in sorted(root.glob("*_diagram.json")):
            about = read_sidecar(sidecar, DiagramSaid)
            contrast = f"within {about.among or 'arms'}"
            for path in about.paths:
                link = f"{path.parent} → {path.child}"
                if (link, contrast) in told or path.df < FEWEST:
                    continue
                told.add((link, contrast))
                r = path.t / np.sqrt(path.t**2 + path.df)
                node = about.nodes[path.child]
                yield LinkEvidence(
                    study=name, sample=sample, link=link, modality=str(node["Modality"] or node["What"]),
                    contrast=contrast, sign=int(np.sign(path.t)), p=path.p, scale="r",
                    effect=float(np.arctanh(r)), variance=1 / (path.df - 1), where=sidecar.name,
                )  # fmt: skip
