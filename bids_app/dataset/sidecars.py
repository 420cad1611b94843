"""Sidecars read back as the records that wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from bids_app.dataset.tables import read_json
from bids_app.errors import WrongDataError
from bids_app.vocabulary.json_record import JsonRecord

_R = TypeVar("_R", bound=JsonRecord)


def read_sidecar(path: Path, kind: type[_R]) -> _R:
    """Return the record of a sidecar.

    Raises
    ------
    WrongDataError
        If it lacks a key, as those of older versions may.
    """
    try:
        return kind.from_json(read_json(path))
    except (TypeError, KeyError) as error:
        raise WrongDataError(
            f"{path} cannot be read ({error}); another version wrote it. Run the level that wrote it again."
        ) from error
