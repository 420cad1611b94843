"""`phenotype/*.tsv`: measures of people outside the scanner, wide as BIDS wants them, long as people write them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bids_app.dataset.tables import labels_of, read_tsv
from bids_app.errors import WrongDataError
from bids_app.statistics.covariate_coding import is_missing
from bids_app.vocabulary.near_matches import bare


def visits(words: Iterable[str], path: Path) -> list[str]:
    """Return the labels of visits without `ses-` and blanks.

    Raises
    ------
    WrongDataError
        If one is missing, or two differ by case or leading zeros alone: they would become two columns.
    """
    labels = [word.strip().removeprefix("ses-") for word in words]
    seen: dict[str, str] = {}
    for line, label in enumerate(labels, 2):
        if is_missing(label):
            raise WrongDataError(f"{path}, line {line} has no session; write which visit it is of.")
        other = seen.setdefault(bare(label.lower().removeprefix("ses-")), label)
        if other != label:
            raise WrongDataError(f"{path} has sessions {other!r} and {label!r}, nearly the same; write one in one way.")
    return labels


def read_phenotype(path: Path) -> dict[str, dict[str, str]]:
    """Return the values of each participant by label (without `sub-`).

    A long table (participant_id repeated, one row a session) becomes wide: `vas` of session `pre` is `vas_pre`.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read, or rows cannot be told apart.
    InvalidBidsError
        If there is no participant_id, or a row without one.
    """
    # pandas costs half a second to import: only the group level pays.
    import pandas as pd

    table = read_tsv(path)
    table |= {"participant_id": labels_of(table, path, "participant_id", "sub-")}
    frame = pd.DataFrame(table, dtype=str).replace("n/a", None)
    time = next((name for name in ("session_id", "session", "visit", "time") if name in frame), None)
    repeated = frame["participant_id"].duplicated().any()
    if time is not None and (repeated or len(set(frame[time])) > 1):
        frame[time] = visits(frame[time].fillna(""), path)
        if frame.duplicated(["participant_id", time]).any():
            raise WrongDataError(f"{path} names participants more than once with one {time}. Keep one row a visit.")
        frame = frame.pivot_table(index="participant_id", columns=time, aggfunc="first")
        frame.columns = pd.Index([f"{name}_{session}" for name, session in frame.columns])
    elif repeated:
        raise WrongDataError(
            f"{path} names participants more than once and has no session_id that tells the rows apart. "
            "Write one row for each participant (vas_pre, vas_post), or add session_id."
        )
    else:
        frame = frame.set_index("participant_id")
    rows = frame.fillna("n/a").to_dict("index")
    return {str(label): {str(name): str(value) for name, value in row.items()} for label, row in rows.items()}
