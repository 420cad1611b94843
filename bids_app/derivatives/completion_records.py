"""Records of finished work, so that it is recognised and never done twice."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bids_app import __version__
from bids_app.derivatives.files import plain, write_json
from bids_app.derivatives.paths import begun_path
from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.describe import as_table
from bids_app.vocabulary.selected import Selected

_SMALL = 1 << 20


def fingerprint(context: Mapping[str, object], inputs: Iterable[Path]) -> str:
    """Return a hash of all that results depend on: version, options, and every file read.

    Files up to 1 MiB count by content, larger ones by size and time of change.
    """
    digest = hashlib.sha256(__version__.encode())
    digest.update(json.dumps(_plain(context), sort_keys=True).encode())
    for path in sorted(set(inputs), key=lambda path: (path.name, path)):
        digest.update(path.name.encode())  # not the folder: a container has it elsewhere
        with contextlib.suppress(OSError):  # its reader says what is wrong with it
            status = path.stat()
            small = status.st_size <= _SMALL
            stamp = f"{status.st_size} {status.st_mtime_ns}"
            digest.update(_content(path, stamp) if small else stamp.encode())
    return digest.hexdigest()


@functools.lru_cache(32)
def _content(path: Path, _: str) -> bytes:
    """Return what a file holds; files shared by all, such as seeds, are read once."""
    return path.read_bytes()


def _plain(value: object) -> object:
    """Turn options, mappings with any keys, and paths into what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def made_with(
    modality: Selected[Options], measures: Mapping[str, Options], segments: Mapping[str, Options]
) -> dict[str, object]:
    """Return version and options as they stand in the record of a session."""
    kinds = {"modalities": {modality.name: modality.options}, "measures": measures}
    options = {f"{kind}.{name}": dataclasses.asdict(o) for kind, plugs in kinds.items() for name, o in plugs.items()}
    cut = {name: as_table(rule) for name, rule in segments.items()}
    return {"Version": __version__, "Options": plain(options), "Segments": plain(cut)}


def digest(path: Path) -> str:
    """Return the SHA-256 of the content of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_record(record: Path) -> dict[str, Any]:
    """Return what a record of finished work says; nothing if it is absent or damaged."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        return content if isinstance(content, dict) and "Outputs" in content else {}
    except (OSError, ValueError, RecursionError):
        return {}


def is_done(record: Path, mark: str) -> bool:
    """Tell whether a record says that this very work is finished and its files are still there."""
    content = read_record(record)
    if content.get("Fingerprint") != mark:
        return False
    try:
        return all((record.parents[2] / name).stat().st_size > 0 for name in content["Outputs"])
    except OSError:
        return False


def begin(record: Path, about: Mapping[str, object]) -> None:
    """Take away the record of earlier work before its files are touched: a mixture of two must not pass for either.

    What is known of the files stays, in the record that work has begun.
    """
    write_json(begun_path(record), {"Outputs": sorted(_former(record)), **about})
    record.unlink(missing_ok=True)


def _former(record: Path) -> set[str]:
    """Return the names of files that earlier runs of the same work wrote, whatever they depended on."""
    return {name for place in (record, begun_path(record)) for name in read_record(place).get("Outputs", ())}


def forget(record: Path) -> None:
    """Remove the files that earlier runs of the same work wrote."""
    for stale in _former(record):
        (record.parents[2] / stale).unlink(missing_ok=True)


def write_record(record: Path, mark: str, outputs: Iterable[Path], summary: Mapping[str, object]) -> None:
    """Write the record of finished work, after all its files.

    `record` lies in `logs/done/` of the output dataset. Files that an earlier run of this work wrote and
    this one did not are removed, so that no result of other settings stays behind.
    """
    root = record.parents[2]
    written = {path.relative_to(root).as_posix() for path in outputs}
    for stale in _former(record) - written:
        (root / stale).unlink(missing_ok=True)
    write_json(record, {"Fingerprint": mark, "Outputs": sorted(written), **summary})
    begun_path(record).unlink(missing_ok=True)
