"""A plan that is sealed before arms can be read, and what a later call does differently."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bids_app import __version__, settings
from bids_app.dataset.atlases.images import table_beside
from bids_app.dataset.atlases.tables import sidecar
from bids_app.dataset.participant_tables import read_people
from bids_app.dataset.participants import participants_file
from bids_app.dataset.tables import Json, read_json, read_tsv, stands
from bids_app.dataset.treatment import needle_files
from bids_app.derivatives.completion_records import digest
from bids_app.derivatives.files import plain, write_json
from bids_app.errors import UsageError, WrongDataError
from bids_app.plan.bids_uri import at
from bids_app.plan.inputs import find_roots
from bids_app.plan.participants_table import people_of
from bids_app.plan.pathways import check_diagrams
from bids_app.settings import Settings
from bids_app.trial.allocation_secrecy import readable
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.preregistration import Deviation, Preregistration

SAID = ("Direction", "Units", "Minimum", "Maximum", "MinimalImportantDifference", "RemissionCutoff")
_FILE = re.compile(r"(?:^|=)([^=#@]+(?:\.(?:nii|tsv|gmt|csv)(?:\.gz)?|/))(?:[#@]|$)")
"""A file, or a folder that is written with a slash at its end, in a word of the settings."""


def content_of(execution: Execution, chosen: Settings) -> dict[str, Any]:
    """Return the science of a call as JSON knows it: every table, what files it names hold, who and what is chosen.

    What the dataset says of outcomes (direction, units, range) counts as a setting: it decides as much.
    """
    tables = {name: plain(values) for name, (_, values) in settings.describe_settings(chosen).items()}
    named = {word: Path(at(word, execution.bids_dir)) for word in (*_files(tables), *_references(tables))}
    # By the words of the settings: in a container the same files have other paths.
    beside = {word[: -len(path.name)] + file.name: file for word, path in named.items() for file in _beside(path)}
    whole = beside | named
    files = {word: mark for word, path in sorted(whole.items()) if (mark := _content(path))}
    described = _described(execution, chosen) if chosen.outcomes else {}
    for name, options in chosen.outcomes.items():
        stem = options.column or name
        tables[f"outcomes.{name}"]["said"] = {
            column: {key: said[key] for key in SAID if key in said}
            for column, said in sorted(described.items())
            if column.rpartition(".")[2] == stem or column.rpartition(".")[2].startswith(f"{stem}_")
        }
    chosen_by = {"bids_filter_file": execution.filter_file, "exclusions": execution.ratings}
    tables["call"] = {
        "participant_label": sorted(label.removeprefix("sub-") for label in execution.participants),
        **{key: digest(path) if path else None for key, path in chosen_by.items()},
    }
    return {"Settings": tables, "Files": files}


def _described(execution: Execution, chosen: Settings) -> Mapping[str, Mapping[str, object]]:
    table = participants_file(execution.bids_dir, *find_roots(execution, chosen.modalities).values())
    return read_people(table, execution.bids_dir).described


def _references(tables: Json) -> Iterator[str]:
    """Yield the words of associations that name a folder of references, with a slash at its end or without."""
    for name, options in tables.items():
        if name.startswith("associations."):
            words = (word for value in options.values() for word in (value if isinstance(value, list) else [value]))
            yield from (word for word in words if isinstance(word, str) and "/" in word and Path(word).is_dir())


def _beside(path: Path) -> Iterator[Path]:
    """Yield what lies beside a file and belongs to it: the labels of an atlas, what a JSON says of a map or table."""
    labels = [table_beside(path)] if path.name.endswith((".nii", ".nii.gz")) else []
    yield from (file for file in (*labels, sidecar(path)) if path.is_file() and file.is_file())


def _content(path: Path) -> str:
    """Return the digest of a file, or of all files of a folder and their names; nothing if it is not there."""
    if path.is_file():
        return digest(path)
    inside = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else []
    whole = "".join(f"{file.name} {digest(file)}\n" for file in inside)
    return hashlib.sha256(whole.encode()).hexdigest() if whole else ""


def _files(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _files(item)
    elif isinstance(value, list):
        for item in value:
            yield from _files(item)
    elif isinstance(value, str) and (found := _FILE.search(value)):
        yield found[1]


def hash_of(sealed: Mapping[str, object]) -> str:
    """Return the SHA-256 of all that a sealed file says but this, in canonical form: keys sorted, no spaces."""
    content = {key: value for key, value in sealed.items() if key != "SHA256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def lock_plan(execution: Execution, chosen: Settings, path: Path, *, after: bool) -> str:
    """Write a locked plan and return its hash.

    Raises
    ------
    UsageError
        If arms can be read in the dataset and that was not admitted (`after`), or the file is there.
    """
    if stands(path):
        raise UsageError(f"{path} is there; a plan is sealed once. Give another name, and keep both.")
    people = people_of(
        execution, participants_file(execution.bids_dir, *find_roots(execution, chosen.modalities).values())
    )
    check_diagrams(chosen, people)
    readable = arms_readable(execution, chosen)
    if readable and not after:
        raise UsageError(
            f"{readable}: arms can be read, so it cannot be shown that this plan was made without them. Keep the "
            "allocation in a file of its own (--allocation) until the plan is sealed; or seal it with "
            "--lock-after-unblinding, which every result will say."
        )
    return write_locked_plan(execution, chosen, path, late=bool(readable))


def write_locked_plan(execution: Execution, chosen: Settings, path: Path, *, late: bool) -> str:
    """Write a sealed plan and return its hash; `late` if arms could be read."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    about = {"Version": __version__, "LockedOn": today, "AfterUnblinding": late}
    sealed = plain({"Plan": content_of(execution, chosen), **about})
    mark = hash_of(sealed)
    write_json(path, {**sealed, "SHA256": mark})
    return mark


def arms_readable(execution: Execution, chosen: Settings) -> str:
    """Return where the arms of people can be read, or nothing."""
    options = chosen.design.options
    arms = set(getattr(options, "arms", ()))
    if execution.allocation:
        return f"--allocation {execution.allocation}"
    people = people_of(
        execution, participants_file(execution.bids_dir, *find_roots(execution, chosen.modalities).values())
    )
    column = getattr(options, "column", "")
    if arms and (said := readable(people.rows, column, arms, people.described, chosen.trial.guess)):
        return said
    if needles := needle_files(execution.bids_dir, people.rows):
        return f"{needles[0]} and its like tell who was needled how"
    for path in sorted(execution.output_dir.glob("group/*people.tsv")):
        if arms & set(read_tsv(path).get("arm", ())):
            return f"{path} has the arms of people: results were written with them"
    return ""


def read_locked_plan(execution: Execution, chosen: Settings) -> Preregistration | None:
    """Return what became of a locked plan in this call: its hash, and all that differs.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read, or is not what was locked.
    """
    path = execution.plan
    if path is None:
        return None
    sealed = read_json(path)
    plan = sealed.get("Plan")
    if not isinstance(plan, Mapping) or sealed.get("SHA256") != hash_of(sealed):
        raise WrongDataError(
            f"{path} is not what was sealed: its SHA256 does not belong to what it says. Get the sealed file."
        )
    now = content_of(execution, chosen)
    differs = [*_differences(plan["Settings"], now["Settings"]), *_files_differ(plan["Files"], now["Files"])]
    return Preregistration(
        sha256=str(sealed["SHA256"]), locked_on=str(sealed.get("LockedOn", "")),
        after_unblinding=bool(sealed.get("AfterUnblinding")), deviations=tuple(differs),
    )  # fmt: skip


def _differences(planned: Json, now: Json) -> Iterator[Deviation]:
    for table in sorted({*planned, *now}):
        before, after = planned.get(table), now.get(table)
        if before is None or after is None:
            yield Deviation(table=table, kind="added" if before is None else "dropped")
            continue
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield Deviation(table=table, key=key, kind="changed", planned=before.get(key), now=after.get(key))


def _files_differ(planned: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Deviation]:
    for name in sorted(planned):
        if planned[name] != now.get(name):
            yield Deviation(table="file", key=name, kind="changed" if name in now else "dropped")
