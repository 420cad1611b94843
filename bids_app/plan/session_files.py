"""What the participant level left of one session that the group level compares."""

from __future__ import annotations

from pathlib import Path

from bids_app.dataset.tables import stands
from bids_app.plan.completed_sessions import CompletedSession
from bids_app.plan.provenance import Chosen
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.job import MapKey, SessionMaps

OWN = frozenset({"seed", "meas", "seg", "atlas", "stat", "desc"})
"""Entities that tell outputs of one session apart; what has others is of a single run."""


def maps_of(session: CompletedSession, chosen: Chosen) -> SessionMaps | None:
    """Return the maps and tables of one session that are still there, and the mask that maps need."""
    mask: Path | None = None
    maps: dict[MapKey, Path] = {}
    for path in session.files:
        entities, suffix, extension = parse(path.name)
        of_a_run = entities.keys() - session.entities.keys() - OWN
        if of_a_run or not stands(path):
            continue
        if suffix == "mask" and extension == ".nii.gz":
            mask = path
        for measure, (output, labels) in chosen.items():
            label = entities.get(output.entity, "")
            fits = suffix == output.suffix and output.entities.items() <= entities.items()
            fits = fits and extension == (".nii.gz" if output.is_map else ".tsv")
            # Labels that data decide (events, networks) are anyone's: the record tells whose they are.
            own = session.labels.get(measure, ()) if output.entity == "meas" else labels or {label}
            if fits and label and label in own:
                maps[MapKey(measure, output.entity, label)] = path
    complete = mask or not any(chosen[key.measure][0].is_map for key in maps)
    return SessionMaps(mask, maps, session.refused) if complete and maps else None
