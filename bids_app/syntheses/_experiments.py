"""Which experiments take part in a synthesis of coordinates: one for each sample, of studies of the whole brain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.synthesis.coordinates import Experiment
from bids_app.syntheses import _coordinate_options
from bids_app.vocabulary.studies import ContrastWord, ReportedPeaks, Studies, contrast_word
from bids_app.vocabulary.synthesis import Subject
from bids_app.vocabulary.synthesis_sidecars import StudyUse

_STANDINGS = ((20, "claim"), (17, "few"), (10, "descriptive"), (0, "insufficient"))


def standing(experiments: int) -> str:
    """Return what so many experiments allow to be said (Eickhoff 2016, doi:10.1016/j.neuroimage.2016.04.072)."""
    return next(word for least, word in _STANDINGS if experiments >= least)


@dataclass(frozen=True, eq=False, kw_only=True)
class Chosen:
    """Experiments of one contrast, and what is known of the other studies.

    Attributes
    ----------
    samples : tuple of str
        Those of the experiments.
    silent : tuple of str
        Studies of the whole brain that tell of nothing else and reported no peak of any contrast.
    silent_people : tuple of float
        Their participants.
    use : tuple of StudyUse
        What becomes of every study.
    moved : int
        Foci that were reported in Talairach space.
    """

    contrast: ContrastWord
    experiments: tuple[Experiment, ...]
    samples: tuple[str, ...]
    silent: tuple[str, ...]
    silent_people: tuple[float, ...]
    use: tuple[StudyUse, ...]
    moved: int
    notes: tuple[str, ...]


def chosen_experiments(studies: Studies, subject: Subject, unknown_size: int, *, ale: bool) -> Chosen:
    """Return the experiments of a contrast.

    Raises
    ------
    WrongDataError
        If the participants of a study are not told, and are needed.
    """
    own = [one for one in studies.peaks if one.contrast.label == subject.label]
    regional = {name for name, study in studies.studies.items() if not study.whole_brain}
    told = {one.study for one in studies.peaks} | {one.study for one in studies.effects}
    told |= {one.study for one in studies.maps}
    samples = {studies.studies[name].sample for name in told}
    silent = [
        study for name, study in studies.studies.items() if name not in told | regional and study.sample not in samples
    ]
    by_sample: dict[str, list[ReportedPeaks]] = {}
    for one in own:
        if one.study not in regional and len(one.foci):
            by_sample.setdefault(studies.studies[one.study].sample, []).append(one)
    notes = [
        f"Experiments of one sample were merged: {', '.join(one.study for one in some)}."
        for some in by_sample.values() if len({one.study for one in some}) > 1
    ]  # fmt: skip
    people = [one.people(own[0].contrast) for one in silent]
    unknown = [some[0].study for some in by_sample.values() if not np.isfinite(max(one.people for one in some))]
    if unknown and not unknown_size and ale:
        raise WrongDataError(
            f"{', '.join(unknown[:8])}: participants are not told, and the width of their foci depends on them. Write "
            "n in studies.tsv, or set syntheses.coordinates.unknown_size."
        )
    if unknown and unknown_size:
        notes.append(f"{unknown_size} participants were taken where they are not told: {', '.join(unknown)}.")
    size = float(unknown_size or 1)
    return Chosen(
        contrast=own[0].contrast, experiments=tuple(_experiment(some, size) for some in by_sample.values()),
        samples=tuple(by_sample), silent=tuple(one.name for one in silent),
        silent_people=tuple(n if np.isfinite(n) else size for n in people), use=_use(studies, own, regional),
        moved=sum(len(one.foci) for one in own if one.moved), notes=tuple(notes),
    )  # fmt: skip


def by_sample(studies: Studies, word: str, options: _coordinate_options.Options) -> dict[str, Experiment]:
    """Return the experiments of a contrast by sample.

    Raises
    ------
    WrongDataError
        If the participants of a study are not told.
    """
    contrast = contrast_word(word, options.contrasts)
    assert contrast is not None
    chosen = chosen_experiments(studies, Subject(word, contrast.label), options.unknown_size, ale=True)
    return dict(zip(chosen.samples, chosen.experiments, strict=True))


def _experiment(some: Sequence[ReportedPeaks], size: float) -> Experiment:
    people = [one.people for one in some if np.isfinite(one.people)]
    name = " + ".join(dict.fromkeys(one.study for one in some))
    return Experiment(name=name, foci=np.concatenate([one.foci for one in some]), people=max(people, default=size))


def _use(studies: Studies, own: Sequence[ReportedPeaks], regional: set[str]) -> tuple[StudyUse, ...]:
    used = {one.study for one in own if len(one.foci)} - regional
    found = []
    for name in studies.studies:
        reason = ""
        if name in regional:
            reason = "looked at regions chosen beforehand alone (whole_brain = false)"
        elif name not in used:
            reason = "reports no peak of this contrast"
        found.append(StudyUse(study=name, used=name in used, reason=reason))
    return tuple(found)
