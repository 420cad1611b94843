"""`phenotype/*.tsv`: measures of people outside the scanner, wide as BIDS wants them, long as people write them."""

from __future__ import annotations

from pathlib import Path

from bids_app.dataset.tables import read_tsv
from bids_app.errors import WrongDataError


def read_phenotype(path: Path) -> dict[str, dict[str, str]]:
    """Return the values of each participant by label (without `sub-`).

    A long table (participant_id repeated, one row a session) becomes wide: `vas` of session `pre` is `vas_pre`.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read, there is no participant_id, or rows cannot be told apart.
    """
    # pandas costs half a second to import: only the group level pays.
    import pandas as pd

    frame = pd.DataFrame(read_tsv(path), dtype=str).replace("n/a", None)
    if "participant_id" not in frame:
        raise WrongDataError(f"{path} has columns {', '.join(frame)}; expected participant_id among them.")
    frame["participant_id"] = frame["participant_id"].str.strip().str.removeprefix("sub-")
    if frame["participant_id"].duplicated().any():
        time = next((name for name in ("session_id", "session", "visit", "time") if name in frame), None)
        if time is None or frame.duplicated(["participant_id", time]).any():
            raise WrongDataError(
                f"{path} names participants more than once and has no session_id that tells the rows apart. "
                "Write one row for each participant (vas_pre, vas_post), or add session_id."
            )
        frame[time] = frame[time].str.removeprefix("ses-")
        frame = frame.pivot_table(index="participant_id", columns=time, aggfunc="first")
        frame.columns = pd.Index([f"{name}_{session}" for name, session in frame.columns])
    else:
        frame = frame.set_index("participant_id")
    rows = frame.fillna("n/a").to_dict("index")
    return {str(label): {str(name): str(value) for name, value in row.items()} for label, row in rows.items()}
