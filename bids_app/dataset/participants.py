"""participants.tsv: who is in which arm, with covariates; identifiers checked, never order."""

from __future__ import annotations

from pathlib import Path

from bids_app.dataset.tables import labels_of, read_tsv, stands
from bids_app.errors import InvalidBidsError, MissingInputError


def participants_file(*roots: Path) -> Path:
    """Return the first participants.tsv among dataset roots.

    Raises
    ------
    MissingInputError
        If none has one.
    """
    for root in roots:
        if stands(root / "participants.tsv"):
            return root / "participants.tsv"
    raise MissingInputError(
        f"No participants.tsv in {' or '.join(map(str, roots))}. The group level reads each participant's arm "
        "from it: write a table with participant_id and group."
    )


def read_participants(path: Path) -> dict[str, dict[str, str]]:
    """Return the row of each participant by label (without `sub-`), whitespace trimmed.

    Raises
    ------
    InvalidBidsError
        If the table has no `participant_id`, a row without one, or names a participant twice.
    """
    table = read_tsv(path)
    rows: dict[str, dict[str, str]] = {}
    for i, label in enumerate(labels_of(table, path, "participant_id", "sub-")):
        if label in rows:
            raise InvalidBidsError(
                f"{path} names participant {label!r} twice (ids with and without 'sub-' are the same). "
                "Keep one row for each participant."
            )
        rows[label] = {name: values[i].strip() for name, values in table.items()}
    return rows
