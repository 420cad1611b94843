"""Tables of a folder of studies (`studies`, `foci`, `effects`, `links`), each where there is something to tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from bids_app.dataset.studies.cells import Row, in_mni, is_talairach, place_of, require_columns, rows_of
from bids_app.dataset.studies.links import NAME as LINKS
from bids_app.dataset.studies.links import read_links
from bids_app.dataset.tables import read_tsv, stands
from bids_app.errors import InvalidBidsError, WrongDataError
from bids_app.vocabulary.near_matches import nearest
from bids_app.vocabulary.studies import (
    CONTRASTS,
    ContrastWord,
    EffectForm,
    ReportedEffect,
    ReportedPeaks,
    Studies,
    Study,
    contrast_word,
)

NAMES = ("studies.tsv", "foci.tsv", "effects.tsv", LINKS)

FORMS: Mapping[EffectForm, tuple[str, ...]] = {
    "endpoint": ("mean", "sd", "n", "mean_comparator", "sd_comparator", "n_comparator"),
    "change": ("change_mean", "change_sd", "n", "change_mean_comparator", "change_sd_comparator", "n_comparator"),
    "events": ("events", "n", "events_comparator", "n_comparator"),
    "g": ("g", "v"),
}
"""Columns of each way in which an effect can be told."""

LARGEST = 50.0
"""No standardised difference is beyond it."""


def read_own_tables(folder: Path, more: Collection[str] = ()) -> Studies:
    """Return what the tables of a folder hold; `more` are contrast words beside those that are known.

    Raises
    ------
    DeqiError
        If a table cannot be read; the message names the cell.
    """
    tables = {name: read_tsv(folder / name) for name in NAMES if stands(folder / name)}
    studies = _studies(folder / NAMES[0], tables.get(NAMES[0], {}))
    told = NAMES[0] in tables
    peaks, effects = [], []
    if NAMES[1] in tables:
        peaks = _peaks(folder / NAMES[1], tables[NAMES[1]], studies, more, told=told)
    if NAMES[2] in tables:
        effects = _effects(folder / NAMES[2], tables[NAMES[2]])
        if told:
            for one in effects:
                _known(one.study, studies, f"{folder / NAMES[2]}, line {one.line}")
    links = read_links(folder / LINKS, studies) if LINKS in tables else []
    for link in links if told else []:
        _known(link.study, studies, f"{folder / LINKS}, {link.where}")
    named = dict.fromkeys(one.study for reported in (peaks, effects, links) for one in reported)
    studies |= {name: Study(name=name, sample=name) for name in named if name not in studies}
    return Studies(
        studies=studies,
        peaks=tuple(peaks),
        effects=tuple(effects),
        links=tuple(links),
        files=tuple(folder / name for name in tables),
    )


def _studies(path: Path, table: Mapping[str, list[str]]) -> dict[str, Study]:
    if not table:
        return {}
    require_columns(path, table, ["study_id"])
    found: dict[str, Study] = {}
    for row in rows_of(path, table):
        name = row.text("study_id")
        if not name or name in found:
            said = f"names {name!r} a second time" if name else "has no study_id"
            raise InvalidBidsError(f"{path}, line {row.line} {said}; expected one row for each study.")
        found[name] = Study(
            name=name, sample=row.text("sample_id") or name, n=row.number("n", above=0),
            n_verum=row.number("n_verum", above=0), n_sham=row.number("n_sham", above=0),
            whole_brain=row.yes("whole_brain", default=True), output=row.text("deqi"),
            facts={column: row.text(column) for column in table},
        )  # fmt: skip
    return found


def _known(name: str, studies: Mapping[str, Study], where: str) -> None:
    if name not in studies:
        near = nearest(name, studies)
        meant = f" Is {near!r} meant?" if near else ""
        raise InvalidBidsError(f"{where} is of study {name!r}, which has no row in studies.tsv.{meant} Add it there.")


def _peaks(
    path: Path, table: Mapping[str, list[str]], studies: Mapping[str, Study], more: Collection[str], *, told: bool
) -> list[ReportedPeaks]:
    require_columns(path, table, ["study_id", "contrast", "x", "y", "z"])
    found: dict[tuple[str, ContrastWord, bool], list[Row]] = {}
    for row in rows_of(path, table):
        name, where = row.text("study_id"), f"{path}, line {row.line}"
        if not name:
            raise InvalidBidsError(f"{where} has no study_id. Write it, or take the row out.")
        if told:
            _known(name, studies, where)
        contrast = contrast_word(row.text("contrast"), more)
        if contrast is None:
            raise WrongDataError(
                f"{row.where('contrast')} is {row.text('contrast')!r}; expected a word such as {CONTRASTS}, or one of "
                "your own in syntheses.coordinates.contrasts."
            )
        space = row.text("space") or studies.get(name, Study(name=name, sample=name)).facts.get("space", "")
        found.setdefault((name, contrast, is_talairach(space, where)), []).append(row)
    return [
        ReportedPeaks(
            study=name, contrast=contrast, moved=talairach,
            foci=in_mni(np.array([_place(row) for row in rows]), talairach=talairach),
            people=_people(rows, studies.get(name), contrast),
        )
        for (name, contrast, talairach), rows in found.items()
    ]  # fmt: skip


def _place(row: Row) -> np.ndarray:
    return place_of([row.needed(axis) for axis in "xyz"], f"{row.path}, line {row.line}")


def _people(rows: list[Row], study: Study | None, contrast: ContrastWord) -> float:
    sizes = {n for row in rows if np.isfinite(n := row.number("n", above=0))}
    if len(sizes) > 1:
        raise WrongDataError(
            f"{rows[0].where('n')}: foci of one study and contrast have several n, "
            f"{', '.join(f'{n:g}' for n in sorted(sizes))}; write one number."
        )
    own = min(sizes, default=float("nan"))
    return own if np.isfinite(own) or study is None else study.people(contrast)


def _effects(path: Path, table: Mapping[str, list[str]]) -> list[ReportedEffect]:
    require_columns(path, table, ["study_id", "outcome"])
    return [_effect(row) for row in rows_of(path, table)]


def _effect(row: Row) -> ReportedEffect:
    where = f"{row.path}, line {row.line}"
    names = {column: row.text(column) for column in ("study_id", "outcome", "arm", "comparator", "time")}
    if not (names["study_id"] and names["outcome"]):
        raise InvalidBidsError(f"{where} has no study_id or no outcome. Write it, or take the row out.")
    form = _form(row, where)
    numbers = {}
    for column in FORMS[form]:
        least = 0.0 if column.startswith(("sd", "change_sd", "n", "v")) else -np.inf
        numbers[column.removeprefix("change_")] = row.needed(column, above=least)
    if form in ("endpoint", "change") and min(numbers["n"], numbers["n_comparator"]) < 2:
        raise WrongDataError(f"{where}: an arm has fewer than two participants; means need two and more in each.")
    if form == "g" and abs(numbers["g"]) > LARGEST:
        raise WrongDataError(f"{row.where('g')} is {numbers['g']:g}; expected a standardised difference.")
    if form == "events":
        for end in ("", "_comparator"):
            if not 0 <= numbers[f"events{end}"] <= numbers[f"n{end}"]:
                raise WrongDataError(
                    f"{row.where(f'events{end}')} is {numbers[f'events{end}']:g} of n{end} = {numbers[f'n{end}']:g}; "
                    "expected a count from 0 to n."
                )
    return ReportedEffect(
        study=names["study_id"], outcome=names["outcome"], arm=names["arm"], comparator=names["comparator"],
        time=names["time"], lower_is_better=_direction(row), form=form, numbers=numbers, line=row.line,
    )  # fmt: skip


def _form(row: Row, where: str) -> EffectForm:
    told = [form for form, columns in FORMS.items() if any(row.text(one) for one in columns if not one.startswith("n"))]
    if len(told) > 1:
        raise WrongDataError(
            f"{where} tells one effect in several ways ({', '.join(told)}); keep one, or write two rows."
        )
    if told:
        return told[0]
    known = "; ".join(", ".join(columns) for columns in FORMS.values())
    raise WrongDataError(f"{where} has no numbers of an effect; expected the columns of one of: {known}.")


def _direction(row: Row) -> bool | None:
    text = row.text("direction").lower()
    if text and not text.startswith(("lower", "higher")):
        raise WrongDataError(
            f"{row.where('direction')} is {text!r}; expected lower or higher (what is better), or n/a."
        )
    return text.startswith("lower") if text else None
