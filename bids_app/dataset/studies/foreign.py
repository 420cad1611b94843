"""Studies in the formats of other tools: NIMADS, datasets of NiMARE, Sleuth, NeuroSynth, and tables of foci."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.tables import read_rows
from bids_app.dataset.studies.cells import Row, in_mni, is_talairach, place_of, require_columns
from bids_app.dataset.tables import Json, read_json, require_content
from bids_app.errors import WrongDataError
from bids_app.vocabulary.studies import CONTRASTS, EVERY, ReportedPeaks, Studies, Study, StudyMaps, contrast_word

UNKNOWN_SIZE = 20.0
"""Participants of a study where a format does not tell them."""


@dataclass(frozen=True, kw_only=True)
class ForeignAnalysis:
    """One analysis of a foreign file: foci (foci, 3) in MNI space; images are pairs of what they hold and a name.

    `facts` are what else is told of the study, as the cells of a row of studies.tsv would be.
    """

    study: str
    name: str
    sizes: tuple[float, ...]
    foci: NDArray[np.float64]
    moved: bool
    images: Sequence[tuple[str, str]] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def people(self) -> float:
        """All participants, NaN where they are not told."""
        return sum(self.sizes) if self.sizes else float("nan")


def _foci(points: Iterable[tuple[Sequence[float], str]], where: str) -> tuple[NDArray[np.float64], bool]:
    """Return foci in MNI space from places and their spaces, and whether some were moved."""
    found = [(place_of(place, where), is_talairach(space, where)) for place, space in points]
    foci = [in_mni(place[None], talairach=talairach)[0] for place, talairach in found]
    return np.array(foci).reshape(-1, 3), any(talairach for _, talairach in found)


def studies_of(path: Path, analyses: Sequence[ForeignAnalysis], more: Collection[str], folder: Path) -> Studies:
    """Return studies from the analyses of a foreign file.

    Names of analyses that are contrast words are taken as such. Where none is, all are one contrast, with a note; where
    some are and others not, directions could be pooled that differ.

    Raises
    ------
    WrongDataError
        If names of some analyses alone are contrast words.
    """
    words = [contrast_word(one.name, more) for one in analyses]
    unknown = sorted({one.name for one, word in zip(analyses, words, strict=True) if word is None})
    if unknown and any(words):
        raise WrongDataError(
            f"{path}: {', '.join(map(repr, unknown[:5]))} are no contrast words, and others are; directions must not "
            f"be pooled. Write words such as {CONTRASTS}, or name yours in syntheses.coordinates.contrasts."
        )
    directed = [name for name in unknown if re.search("[<>]", name)]
    if len(unknown) > 1 and directed:
        raise WrongDataError(
            f"{path}: {', '.join(map(repr, unknown[:5]))} may be opposite directions, which must not be pooled. Write "
            f"words such as {CONTRASTS}, or name yours in syntheses.coordinates.contrasts: each is then taken for "
            "itself."
        )
    said = (
        f"{path.name}: names of analyses are no contrast words (such as verum>sham), so all {len(analyses)} are taken "
        "as one contrast. Make sure that they look in one direction."
    )
    peaks, maps, absent = [], [], []
    for one, word in zip(analyses, words, strict=True):
        contrast, people = word or EVERY, one.people
        peaks.append(ReportedPeaks(study=one.study, contrast=contrast, people=people, foci=one.foci, moved=one.moved))
        paths = {kind: folder / name for kind, name in one.images if (folder / name).exists()}
        absent += [one.study for _, name in one.images if not (folder / name).exists()]
        if paths:
            maps.append(StudyMaps(study=one.study, subject=contrast.word, paths=paths, people=one.sizes))
    told: dict[str, dict[str, str]] = {}
    for one in analyses:
        told.setdefault(one.study, {}).update(one.facts)
    return Studies(
        studies={
            name: Study(name=name, sample=facts.get("sample_id") or name, facts=facts) for name, facts in told.items()
        },
        peaks=tuple(peaks), maps=tuple(maps),
        files=(path,), notes=(*((said,) if unknown else ()), *_absent(path, absent)),
    )  # fmt: skip


def _absent(path: Path, studies: Sequence[str]) -> list[str]:
    """Return what is said of images that a file names and that are not beside it."""
    names = [*dict.fromkeys(studies)]
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return [f"{path.name} names images that are not beside it, of {shown}: they are not pooled."] if names else []


def _sound(path: Path, analyses: Iterator[ForeignAnalysis]) -> Iterator[ForeignAnalysis]:
    """Yield analyses; what lacks something, or holds it in another form, ends with the file named."""
    try:
        yield from analyses
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WrongDataError(
            f"{path} is not as its format has it ({type(error).__name__}: {error}). Write it again with the tool that "
            "made it."
        ) from error


def nimads(path: Path, content: Json) -> Iterator[ForeignAnalysis]:
    """Yield the analyses of a NIMADS studyset."""
    for study in content["studies"]:
        for analysis in study["analyses"]:
            points = analysis.get("points") or []
            about = {**(study.get("metadata") or {}), **(analysis.get("metadata") or {})}
            told = [(p["coordinates"], str(p.get("space") or "")) for p in points]
            foci, moved = _foci(told, f"{path}, {study['id']}")
            yield ForeignAnalysis(
                foci=foci, moved=moved, study=str(study.get("name") or study["id"]),
                name=str(about.get("contrast") or analysis.get("name") or ""),
                sizes=_sizes(about),
                images=[(str(i["value_type"]).lower(), str(i["filename"])) for i in analysis.get("images") or []],
                facts=_facts({**study, **(study.get("metadata") or {})}),
            )  # fmt: skip


def _facts(about: Json) -> dict[str, str]:
    """Return what is told of a study in one word or number."""
    return {
        name: str(value)
        for name, value in about.items()
        if name not in ("id", "name") and isinstance(value, str | int | float)
    }


def nimare_dataset(path: Path, content: Json) -> Iterator[ForeignAnalysis]:
    """Yield the contrasts of a dataset as NiMARE wrote it before NIMADS."""
    for name, study in content.items():
        for contrast, one in study["contrasts"].items():
            found = one.get("coords") or {}
            places = list(zip(*(found.get(axis) or [] for axis in "xyz"), strict=True))
            space = str(found.get("space") or "")
            foci, moved = _foci([(place, space) for place in places], f"{path}, {name}")
            sizes = _sizes(one.get("metadata") or {})
            yield ForeignAnalysis(study=name, name=str(contrast), sizes=sizes, foci=foci, moved=moved)


def _sizes(about: Json) -> tuple[float, ...]:
    """Return the participants of each group of an analysis; none where they are not told."""
    sizes = about.get("sample_sizes") or about.get("sample_size") or about.get("n")
    found = tuple(float(n) for n in (sizes if isinstance(sizes, list) else [sizes]) if n)
    if any(n <= 0 for n in found):
        raise ValueError(f"a sample of {min(found):g}")
    return found


_NAMED = re.compile(r"(?P<study>.*?)(:\s*(?P<contrast>.*))?")


def sleuth(path: Path) -> Iterator[ForeignAnalysis]:
    """Yield the experiments of a Sleuth text file.

    Raises
    ------
    WrongDataError
        If it does not say its space, or a line is neither a comment nor three numbers.
    """
    space = ""
    names: list[str] = []
    people, places = float("nan"), list[list[float]]()
    text = require_content(path).read_text(encoding="utf-8-sig", errors="replace")
    for number, line in enumerate([*text.splitlines(), ""], 1):
        said, where = line.strip(), f"{path}, line {number}"
        if places and not (said and not said.startswith("//")):  # a blank line, or the head of the next experiment
            yield _sleuth_experiment(names, people, places, space, where)
            names, people, places = [], float("nan"), []
        if said.startswith("//"):
            said = said.strip("/ \t")
            if said.lower().startswith("reference"):
                space = said.partition("=")[2].strip()
            elif said.lower().startswith("subjects"):
                people = Row(path, number, {"Subjects": said.partition("=")[2]}).needed("Subjects", above=0)
            else:
                names.append(said)
        elif said:
            cells = dict(zip("xyz", said.split(), strict=False))
            places.append([Row(path, number, cells).needed(axis) for axis in "xyz"])
        elif names and np.isfinite(people):  # an experiment without any focus
            yield _sleuth_experiment(names, people, places, space, where)
            names, people = [], float("nan")


def _sleuth_experiment(
    names: Sequence[str], people: float, places: Sequence[Sequence[float]], space: str, where: str
) -> ForeignAnalysis:
    if not (space and names):
        raise WrongDataError(f"{where}: expected // Reference=MNI or Talairach at the top, and // Author: contrast.")
    found = _NAMED.fullmatch(" ".join(names))
    assert found is not None  # everything is optional
    foci, moved = _foci([(place, space) for place in places], where)
    return ForeignAnalysis(
        study=found["study"].strip(), name=(found["contrast"] or "").strip(),
        sizes=(people,) if np.isfinite(people) else (), foci=foci, moved=moved,
    )  # fmt: skip


def foci_table(path: Path) -> Iterator[ForeignAnalysis]:
    """Yield the experiments of a table of foci: x, y, z, and `study` (or `citation`), `n`, `space` and `contrast`."""
    yield from _grouped(path, _table(path, "xyz"), ("study", "citation", "study_id", "id"))


def neurosynth(coordinates: Path, metadata: Path) -> Iterator[ForeignAnalysis]:
    """Yield the studies of NeuroSynth's tables of coordinates and metadata, with `UNKNOWN_SIZE` participants each."""
    spaces = {row.text("id"): row.text("space") for row in _table(metadata, ["id"])}
    for one in _grouped(coordinates, _table(coordinates, ["id", *"xyz"]), ("id",), spaces):
        yield replace(one, sizes=(UNKNOWN_SIZE,))


def _table(path: Path, needed: Sequence[str]) -> list[Row]:
    header, *rows = read_rows(path) or [[]]
    names = [name.strip().lower() for name in header]
    require_columns(path, dict.fromkeys(names), needed)
    return [Row(path, line, dict(zip(names, row, strict=True))) for line, row in enumerate(rows, 2)]


def _grouped(
    path: Path, rows: Sequence[Row], columns: Sequence[str], spaces: Mapping[str, str] | None = None
) -> Iterator[ForeignAnalysis]:
    """Yield what rows of one study and contrast tell."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        name = next((row.text(column) for column in columns if row.text(column)), path.name)
        found.setdefault((name, row.text("contrast")), []).append(row)
    for (name, contrast), own in found.items():
        told = [row.text("space") or (spaces or {}).get(name, "") for row in own]
        places = [[row.needed(axis) for axis in "xyz"] for row in own]
        where = f"{path}, line {own[0].line}"
        foci, moved = _foci(zip(places, told, strict=True), where)
        people = own[0].number("n", above=0)
        sizes = (people,) if np.isfinite(people) else ()
        yield ForeignAnalysis(study=name, name=contrast, sizes=sizes, foci=foci, moved=moved)


def json_analyses(path: Path) -> tuple[str, Iterator[ForeignAnalysis]] | None:
    """Return which format a JSON file of studies has, and its analyses; None if it holds none.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read.
    """
    content = read_json(path)
    if isinstance(content.get("studies"), list):
        return "nimads", _sound(path, nimads(path, content))
    first = next(iter(content.values()), None)
    there = isinstance(first, Mapping) and "contrasts" in first
    return ("nimare", _sound(path, nimare_dataset(path, content))) if there else None
