"""Runs as one session: what sidecars may say of all of them, and which runs each result is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bids_app.vocabulary.output import Feature

SUMMED = (
    "VolumesTotal", "VolumesKept", "VolumesNonSteadyState", "VolumesWithoutConfounds", "ResidualDegreesOfFreedom",
)  # fmt: skip
"""Counts, of which that of the session is the sum."""


def together(runs: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return what is true of all runs: a value that they share, the sum of a count, else a list with one for each run.

    >>> together([{"RepetitionTime": 2, "VolumesKept": 90}, {"RepetitionTime": 0.8, "VolumesKept": 200}])
    {'RepetitionTime': [2, 0.8], 'VolumesKept': 290}
    """
    said: dict[str, object] = {}
    for key in dict.fromkeys(key for run in runs for key in run):
        values = [run.get(key) for run in runs]
        if key in SUMMED:
            said[key] = sum(value for value in values if isinstance(value, int | float))
        else:
            said[key] = values[0] if all(value == values[0] for value in values) else values
    return said


def parts_of(runs: Sequence[Sequence[Feature]]) -> Iterator[tuple[tuple[int, ...], list[list[Feature]]]]:
    """Divide features by the runs that have them: a seed or condition that one run lacks is that of the others.

    Yields
    ------
    places, features
        Numbers of runs, and the features with labels that just these runs have, run by run.
    """
    having: dict[str, tuple[int, ...]] = {}
    for label in dict.fromkeys(feature.label for run in runs for feature in run):
        having[label] = tuple(i for i, run in enumerate(runs) if any(f.label == label for f in run))
    for places in dict.fromkeys(having.values()):
        yield places, [[f for f in runs[i] if having[f.label] == places] for i in places]


def over_runs(combined: Feature, runs: Sequence[Sequence[Feature]]) -> Feature:
    """Return the feature of a session with metadata that is true of all its runs.

    What its measure says of the session stands; what it took over from the first run alone is said of each.
    """
    same = [f for run in runs for f in run if f.output is combined.output and f.label == combined.label]
    if len(same) < 2:
        return combined
    first, every = same[0].metadata, together([f.metadata for f in same])
    taken = {key: every[key] for key, value in combined.metadata.items() if key in first and value == first[key]}
    return replace(combined, metadata={**combined.metadata, **taken})
