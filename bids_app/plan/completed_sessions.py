"""What the participant level finished, by its records: nothing half done, failed or made otherwise joins a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bids_app.dataset.tables import Json
from bids_app.derivatives.completion_records import read_record
from bids_app.derivatives.failure_records import read_failures
from bids_app.errors import WrongDataError
from bids_app.vocabulary.entities import DATATYPES, parse, without

Key = tuple[str, str]
Shared = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class CompletedSession:
    """One session of one task, as its record tells it.

    Attributes
    ----------
    entities : mapping
        Those of the session: sub, ses, task, space ...
    datatype : str
        Folder of its files, which tells the modality.
    files : tuple of Path
        What was written.
    runs : tuple of Path
        Series that went into it.
    options : mapping
        Options of each plug by the name of its table, e.g. `measures.reho`.
    stage : str
        Entity whose labels are the stages of a design.
    flipped : bool
        Whether its left and right were exchanged.
    made_with : mapping
        All that maps of one analysis must have in common, as one flat table.
    problem : str
        Why it cannot be used, or nothing.
    refused : mapping of str
        Why a seed, condition or measure has no map, by its name.
    segments : mapping
        Rule by which runs were cut into the segment, by its name; empty for whole runs.
    labels : mapping of sequence of str
        Labels (`meas`) of the maps and tables of each measure.
    """

    record: Path
    entities: Mapping[str, str]
    datatype: str
    files: tuple[Path, ...]
    runs: tuple[Path, ...]
    options: Mapping[str, Mapping[str, object]]
    made_with: Mapping[str, object]
    problem: str
    stage: str = "ses"
    flipped: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Participant and label of the stage; empty where there is none."""
        return self.entities["sub"], self.entities.get(self.stage, "")

    @property
    def shared(self) -> Shared:
        """Entities that the sessions of one analysis have in common."""
        return tuple(without(self.entities, "sub", self.stage).items())


def finished_sessions(output_dir: Path) -> list[CompletedSession]:
    """Return every session that the participant level finished, and those that it failed with.

    A record of finished work is taken away before that work is done anew: where it stands, it is true.
    """
    failures = read_failures(output_dir)
    sessions = []
    for path in sorted((output_dir / "logs" / "done").glob("sub-*.json")):
        content = read_record(path)
        if "Options" in content:
            failures.pop(path.stem, "")
            sessions.append(_finished(path, content, output_dir, content.get("LeftOut", "")))
    for label, why in failures.items():
        if label.startswith("sub-") and "_" in label:
            entities, _, _ = parse(f"{label}_x")
            nothing = CompletedSession(
                record=output_dir / "logs" / "failed" / f"{label}.json",
                entities=entities,
                datatype=_datatype(label),
                files=(),
                runs=(),
                options={},
                made_with={},
                problem=f"participant level failed: {why}",
            )
            sessions.append(nothing)
    return sessions


def _finished(path: Path, content: Json, output_dir: Path, problem: str) -> CompletedSession:
    entities, _, _ = parse(f"{path.stem}_x")
    flat = {"the version of deqi": content.get("Version")}
    flat |= {f"{table}.{name}": v for table, options in content["Options"].items() for name, v in options.items()}
    flat |= {f"the content of {name}": digest for name, digest in content.get("SharedInputs", {}).items()}
    flat |= {f"segments.{name}": rule for name, rule in content.get("Segments", {}).items()}
    files = tuple(output_dir / name for name in content["Outputs"])
    runs = tuple(Path(name) for name in content.get("Runs", ()))
    return CompletedSession(
        record=path,
        entities=entities,
        datatype=_datatype(path.stem),
        files=files,
        runs=runs,
        options=content["Options"],
        made_with=flat,
        problem=problem,
        flipped=content.get("LeftRightExchanged", False),
        refused=content.get("Refused", {}),
        segments=content.get("Segments", {}),
        labels=content.get("Labels", {}),
    )


def _datatype(label: str) -> str:
    """Return the datatype that the label of a job ends with; that of labels from before there were several."""
    last = label.rpartition("_")[2]
    return last if last in DATATYPES else DATATYPES[0]


def failed_people(output_dir: Path) -> dict[str, str]:
    """Return why a participant as a whole came to no end, by label."""
    failures = read_failures(output_dir).items()
    return {name.removeprefix("sub-"): why for name, why in failures if name.startswith("sub-") and "_" not in name}


def require_alike(sessions: Sequence[CompletedSession]) -> None:
    """Refuse to pool maps that were made in different ways.

    Raises
    ------
    WrongDataError
        If sessions differ in any option, seed file or version; the message names who and in what.
    """
    made = [session for session in sessions if session.made_with]
    for name in sorted({name for session in made for name in session.made_with}):
        # The rule of a segment is a matter of the sessions that are of it.
        concerned = [one for one in made if name in one.made_with or not name.startswith("segments.")]
        values = Counter(repr(session.made_with.get(name)) for session in concerned)
        if len(values) == 1:
            continue
        usual = values.most_common(1)[0][0]
        other = [session for session in concerned if repr(session.made_with.get(name)) != usual]
        who = ", ".join(session.record.stem for session in other[:4]) + (" ..." if len(other) > 4 else "")
        raise WrongDataError(
            f"Maps that were made differently cannot be compared: {name} is {usual} for {values[usual]} sessions, but "
            f"{other[0].made_with.get(name)!r} for {who}. Run the participant level for all participants with the same "
            "options (only those that differ are computed again), or choose with --task-id, --space or "
            "--participant-label."
        )


def why_left_out(
    session: CompletedSession, wanted_sessions: Sequence[str], matches: Callable[[Path], bool] | None
) -> str:
    """Return why a session does not take part in this call, or nothing."""
    if wanted_sessions and session.key[1] not in wanted_sessions:
        return "left out by --session-label"
    if matches and not all(matches(run) for run in session.runs):
        return "left out by --bids-filter-file"
    return session.problem
