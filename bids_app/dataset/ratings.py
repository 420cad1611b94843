"""Ratings of sessions by people who looked at the pages: who is left out, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bids_app.dataset.tables import read_tsv
from bids_app.errors import WrongDataError
from bids_app.statistics.covariate_coding import is_missing
from bids_app.vocabulary.entities import stage_label

RATINGS = ("keep", "exclude", "unsure")


@dataclass(frozen=True, kw_only=True)
class Rating:
    """What a rater said of a participant, or of one session or task; empty stands for all."""

    participant: str
    session: str
    task: str
    rating: str
    comment: str

    def covers(self, entities: Mapping[str, str]) -> bool:
        """Tell whether it speaks of a session with these entities."""
        asked = {"sub": self.participant, "task": self.task}
        of_session = {"", *(entities.get(name, "") for name in ("ses", "segment"))}
        return self.session in of_session and all(
            not value or entities.get(name, "") == value for name, value in asked.items()
        )


def read_ratings(path: Path) -> list[Rating]:
    """Return the rows of a table of ratings.

    Columns: `participant_id` and `rating` (keep, exclude or unsure), and as wanted `session_id`, `task` and `comment`.

    Raises
    ------
    WrongDataError
        If a column is missing or a rating is another word.
    """
    table = read_tsv(path)
    if absent := {"participant_id", "rating"} - set(table):
        raise WrongDataError(
            f"{path} has columns {', '.join(table)}; expected {', '.join(sorted(absent))} too. A list of exclusions "
            "needs participant_id and rating (keep, exclude, unsure); index.html exports one."
        )
    found = []
    for i, participant in enumerate(table["participant_id"]):
        own = {name: "" if is_missing(values[i]) else values[i].strip() for name, values in table.items()}
        if own["rating"] not in RATINGS:
            raise WrongDataError(f"{path}, {participant}: rating is {own['rating']!r}; expected {', '.join(RATINGS)}.")
        found.append(
            Rating(
                participant=own["participant_id"].removeprefix("sub-"),
                session=stage_label(own.get("session_id", "")),
                task=own.get("task", "").removeprefix("task-"),
                rating=own["rating"],
                comment=own.get("comment", ""),
            )
        )
    return found


def require_known(ratings: Sequence[Rating], known: Collection[Mapping[str, str]], path: Path) -> None:
    """Make sure that every exclusion speaks of something that is there: a typing error must not keep anybody in.

    Raises
    ------
    WrongDataError
        If one does not.
    """
    for rating in ratings:
        if rating.rating == "exclude" and not any(rating.covers(entities) for entities in known):
            words = [f"sub-{rating.participant}"]
            words += [f"ses-{rating.session}"] if rating.session else []
            words += [f"task-{rating.task}"] if rating.task else []
            raise WrongDataError(f"{path} excludes {' '.join(words)}, which the outputs do not have. Correct the row.")


def excluded_by(ratings: Sequence[Rating], entities: Mapping[str, str]) -> str:
    """Return why a session is left out by rating, or nothing."""
    found = [r for r in ratings if r.rating == "exclude" and r.covers(entities)]
    return f"excluded by rating: {found[0].comment or 'no comment'}" if found else ""
