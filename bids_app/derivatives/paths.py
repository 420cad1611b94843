"""Where outputs lie in the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bids_app.vocabulary.entities import DATATYPES, join

VOLUME_ENTITIES = ("space", "cohort", "res", "den")

STAT_OF = {"voxel": "logpvoxfwe", "extent": "logpextentfwe", "mass": "logpmassfwe", "tfce": "logptfcefwe"}
"""Map of corrected p of each statistic."""


def robust_stat(statistic: str) -> str:
    """Return the map of corrected robust p of a statistic.

    >>> robust_stat("mass")
    'logprobustmassfwe'
    """
    return STAT_OF[statistic].replace("logp", "logprobust")


TABLE_SUFFIXES = ("edges", "regions", "metrics", "channels", "pairs", "points")
"""Suffixes of group tables, one for each unit that a place of a table can be."""


def table_suffix(unit: str) -> str:
    """Return the suffix of the group tables of places of a unit.

    >>> table_suffix("edge")
    'edges'
    """
    if f"{unit}s" not in TABLE_SUFFIXES:
        raise ValueError(f"{unit!r} is no unit of tables; expected one of {', '.join(TABLE_SUFFIXES)} without s.")
    return f"{unit}s"


def participant_path(
    output_dir: Path, entities: Mapping[str, str], suffix: str, extension: str, datatype: str = "func"
) -> Path:
    """Return `sub-*/[ses-*/]<datatype>/<name>`."""
    folder = output_dir / f"sub-{entities['sub']}"
    if "ses" in entities:
        folder /= f"ses-{entities['ses']}"
    return folder / datatype / join(entities, suffix, extension)


def group_path(
    output_dir: Path, entities: Mapping[str, str], suffix: str, extension: str, datatype: str = "func"
) -> Path:
    """Return `group/<name>` of fMRI and of what belongs to no modality, else `group/<datatype>/<name>`."""
    folder = output_dir / "group" if datatype == "func" else output_dir / "group" / datatype
    return folder / join(entities, suffix, extension)


def group_files(output_dir: Path, pattern: str) -> list[Path]:
    """Return the group files of all datatypes whose names fit a pattern, sorted."""
    folder = output_dir / "group"
    return sorted([*folder.glob(pattern), *(path for kind in DATATYPES for path in folder.glob(f"{kind}/{pattern}"))])


def result_sidecars(output_dir: Path) -> list[Path]:
    """Return the sidecar of every contrast of the group level, of maps and of tables."""
    suffixes = ("statmap", *TABLE_SUFFIXES)
    return sorted(path for suffix in suffixes for path in group_files(output_dir, f"*_contrast-*_{suffix}.json"))


def alternative_folder(output_dir: Path, name: str) -> Path:
    """Return the dataset of one alternative of the multiverse, inside the main one."""
    return output_dir / "derivatives" / f"multiverse-{name}"


def template_path(output_dir: Path, entities: Mapping[str, str], extension: str) -> Path:
    """Return the label image of a set of regions in `tpl-*/anat/`."""
    space = entities["space"]
    resolution = f"_res-{entities['res']}" if "res" in entities else ""
    name = f"tpl-{space}_atlas-{entities['atlas']}{resolution}_dseg{extension}"
    return output_dir / f"tpl-{space}" / "anat" / name


def record_path(output_dir: Path, label: str) -> Path:
    """Return the record of a finished job."""
    return output_dir / "logs" / "done" / f"{label}.json"


def begun_path(record: Path) -> Path:
    """Return the record that the work of a job has begun, which stands until it is finished."""
    return record.parents[1] / "begun" / record.name


def person_page(output_dir: Path, label: str) -> Path:
    """Return the page of a participant, `sub-<label>`."""
    return output_dir / f"{label}.html"
