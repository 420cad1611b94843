"""Outputs of deqi as studies: the maps of the comparison between arms, and how they were made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bids_app.dataset.settings_toml import read_file
from bids_app.dataset.tables import Json, read_json, read_tsv
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.vocabulary.entities import companion, parse
from bids_app.vocabulary.studies import Study, StudyMaps

URI = "bids::"

KINDS = ("effect", "variance", "g", "t")


PART = "deqi_contrast"
"""Column of studies.tsv: the comparison that is meant of this output, where one dataset is several studies (sites)."""


def maps_of_studies(studies: Mapping[str, Study], folder: Path, contrasts: Collection[str] = ()) -> Iterator[StudyMaps]:
    """Yield the maps of every study whose column `deqi` names an output dataset.

    Parameters
    ----------
    contrasts : collection of str
        Which comparisons between arms, each a subject of its own; empty: the primary one. The column `deqi_contrast`
        names another one for a study, such as that of one site.

    Raises
    ------
    MissingInputError
        If a dataset is not there, or its group level is not done.
    WrongDataError
        If it has no such comparison.
    """
    for name, study in studies.items():
        if study.output:
            root, part = folder / study.output.removeprefix(URI), study.facts.get(PART, "")
            for contrast in [part] if part else contrasts or [""]:
                found = _maps(name, root, contrast)
                if part:  # named for this study alone; that of the others has another name
                    found = (replace(one, made_with=_without_contrast(one.made_with)) for one in found)
                elif len(contrasts) > 1:
                    found = (replace(one, subject=f"{one.subject}, {contrast}") for one in found)
                yield from found


def _maps(study: str, root: Path, contrast: str) -> Iterator[StudyMaps]:
    if not root.is_dir():
        raise MissingInputError(
            f"studies.tsv: deqi of {study} is {root}, which is not there; expected an output of deqi."
        )
    sidecars = sorted((root / "group").glob("*_contrast-*_statmap.json"))
    if not sidecars and (root / "pathways").is_dir():
        return  # declared paths alone
    if not sidecars:
        raise MissingInputError(
            f"{root}, of {study}, has no group results. Run its group level: deqi BIDS_DIR {root} group"
        )
    compared = [(path, about) for path in sidecars if (about := read_json(path)).get("BetweenArms")]
    names = sorted({parse(path.name)[0]["contrast"] for path, _ in compared})
    chosen = [(path, about) for path, about in compared if _is_asked(path, about, contrast)]
    if not chosen:
        raise WrongDataError(
            f"{root}, of {study}, compares arms by {', '.join(names) or 'nothing'}; expected "
            f"{contrast or 'a primary one'}. Name one that all have: syntheses.maps.contrasts, or {PART} of the study."
        )
    settings = root / "logs" / "settings.toml"
    made = read_file(settings) if settings.exists() else {}
    for path, about in chosen:
        found = _of_sidecar(study, path, about, made)
        described = (path, companion(path, "design", ".tsv"), settings)
        yield replace(found, described=tuple(one for one in described if one.exists()))


def _without_contrast(made_with: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in made_with.items() if name != "contrast"}


def _is_asked(path: Path, about: Json, contrast: str) -> bool:
    return parse(path.name)[0]["contrast"] == contrast if contrast else bool(about.get("Primary"))


def _of_sidecar(study: str, path: Path, about: Json, made: Json) -> StudyMaps:
    entities = parse(path.name)[0]
    key = next(name for name in ("seed", "meas", "label") if name in entities)
    measure, label = str(about["Measure"]), entities[key]
    there = {kind: companion(path, "statmap", ".nii.gz", stat=kind) for kind in KINDS}
    return StudyMaps(
        study=study, subject=f"{measure}, {key} {label}", units=str(about.get("Scale") or about["Units"]),
        paths={kind: one for kind, one in there.items() if one.exists()},
        people=tuple(float(n) for n in about["ParticipantsByArm"].values()), labels=_labels(path),
        made_with={
            **_made_with(made, measure, label), "space": entities.get("space", ""), "contrast": entities["contrast"],
        },
    )  # fmt: skip


def _labels(path: Path) -> tuple[str, ...]:
    design = companion(path, "design", ".tsv")
    if not design.exists():
        return ()
    table = read_tsv(design)
    arms = table.get("arm", [""] * len(table["participant_id"]))
    return tuple(sorted(f"{person} {arm}" for person, arm in zip(table["participant_id"], arms, strict=True)))


OF_FILES = ("seeds", "atlas", "maps", "table", "regions")
"""Options that name places; of seeds the one of a map is compared, by its own words."""


def _made_with(made: Json, measure: str, label: str) -> dict[str, object]:
    """Return the settings that decide what values mean: of cleaning and of the measure, and the words of a seed."""
    found: dict[str, object] = {}
    for kind, name in [*(("modalities", one) for one in made.get("modalities", {})), ("measures", measure)]:
        options = made.get(kind, {}).get(name, {})
        found |= {f"{kind}.{name}.{key}": value for key, value in options.items() if key not in OF_FILES}
    seeds = made.get("measures", {}).get(measure, {}).get("seeds", [])
    return found | {"seed": [word for word in seeds if word.split(":")[0].split("=")[0] == label]}
