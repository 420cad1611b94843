"""Peaks of two contrasts compared: labels exchanged within trials that report both, or between different trials."""

from __future__ import annotations

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import Listed, SignFlips
from bids_app.statistics.synthesis.coordinates import Brain, Experiment
from bids_app.statistics.synthesis.subtraction import (
    LEAST,
    Exchanged,
    between_trials,
    difference,
    subtracted,
    within_trials,
)
from bids_app.syntheses import _compared, _coordinate_options, _experiments
from bids_app.vocabulary.synthesis import MINUS, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import SubtractionSynthesis


def subtracted_peaks(request: SynthesisRequest, options: _coordinate_options.Options) -> SynthesisResult:
    """Return where the peaks of two contrasts converge differently.

    Raises
    ------
    WrongDataError
        If fewer than six trials report both, and some do, or either has too few experiments of different trials.
    """
    assert request.brain is not None
    words = request.subject.title.split(MINUS)
    first, second = (_experiments.by_sample(request.studies, word, options) for word in words)
    both = [name for name in first if name in second]
    draws = request.inference.random_seed, options.redraws
    scheme: Listed
    exchanged: Exchanged
    if both:
        _require_trials(request.subject.title, len(both))
        names, experiments = both, (len(both), len(both))
        scheme = flips = SignFlips(len(both), *draws)
        exchanged = within_trials([(first[name], second[name]) for name in both], flips)
    else:
        _require_experiments(request.subject.title, first, second, options.least)
        names, experiments = [*first, *second], (len(first), len(second))
        labels = np.repeat([0.0, 1.0], experiments)
        scheme = arms = Rerandomisation(labels, np.zeros(len(labels), dtype=np.intp), *draws)
        exchanged = between_trials([*first.values(), *second.values()], arms)
    brain = Brain(grid=request.brain.grid, mask=request.brain.mask)
    found = _compared.Compared(
        name="difference", observed=difference(exchanged(0), brain), scheme=scheme, brain=brain, request=request,
        maxima=subtracted(exchanged, scheme.total, brain, request.threads, request.progress),
    )  # fmt: skip
    about = SubtractionSynthesis(
        title=request.subject.title, first=words[0], second=words[1], experiments=experiments,
        exchanged="within" if both else "between", trials=tuple(names), notes=(),
        use=_compared.use_of(request.studies, names, _REASONS[bool(both)]), **found.said(),
    )  # fmt: skip
    return found.result(about)


_REASONS = {
    True: "does not report both contrasts, or looked at regions alone",
    False: "reports neither contrast, or looked at regions alone",
}


def _require_trials(title: str, count: int) -> None:
    if count < LEAST:
        raise WrongDataError(
            f"{title}: {count} trials report both contrasts; at least {LEAST} are needed, for labels are exchanged "
            "within trials. Take trials that report both, or sets of trials that have none in common."
        )


def _require_experiments(title: str, first: dict[str, Experiment], second: dict[str, Experiment], least: int) -> None:
    if min(len(first), len(second)) < least:
        raise WrongDataError(
            f"{title}: no trial reports both contrasts, and {len(first)} and {len(second)} experiments report one; at "
            f"least {least} of each are needed where trials are different (syntheses.coordinates.least)."
        )
