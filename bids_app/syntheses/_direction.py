"""Which direction of a contrast experiments report near each place: stands beside convergence, never in its place."""

from __future__ import annotations

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis import direction
from bids_app.statistics.synthesis.coordinates import Brain, Experiment
from bids_app.syntheses import _compared, _coordinate_options, _experiments
from bids_app.vocabulary.studies import contrast_word
from bids_app.vocabulary.synthesis import OPPOSITE, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import DirectionSynthesis


def directed(request: SynthesisRequest, options: _coordinate_options.Options) -> SynthesisResult:
    """Return where one direction of a contrast is reported more than the other.

    Raises
    ------
    WrongDataError
        If fewer than six experiments report either.
    """
    assert request.brain is not None
    words = request.subject.title.split(OPPOSITE)
    first, second = (_experiments.by_sample(request.studies, word, options) for word in words)
    names = list(dict.fromkeys([*first, *second]))
    if len(names) < direction.LEAST:
        raise WrongDataError(
            f"{request.subject.title}: {len(names)} experiments report either; at least {direction.LEAST} are needed "
            "to say which direction is reported more."
        )
    brain = Brain(grid=request.brain.grid, mask=request.brain.mask)
    own, other = ([side.get(name, _SILENT) for name in names] for side in (first, second))
    people = [max(one.people, two.people) for one, two in zip(own, other, strict=True)]
    weights = [float(np.sqrt(n)) if options.weights == "root" else 1.0 for n in people]
    signs = direction.signs_near(own, other, brain, options.radius)
    scheme = SignFlips(len(names), request.inference.random_seed, options.redraws)
    maxima = direction.flipped(signs, weights, scheme, request.threads, request.progress)
    found = _compared.Compared(
        name="meansign", observed=direction.mean_sign(signs, weights), maxima=maxima, scheme=scheme, brain=brain,
        request=request,
    )  # fmt: skip
    word = contrast_word(words[0], options.contrasts)
    about = DirectionSynthesis(
        title=request.subject.title, first=words[0], second=words[1], within=word.within if word else "",
        experiments=(len(first), len(second)), samples=len(names), standing=_experiments.standing(len(names)),
        radius=options.radius, notes=(),
        use=_compared.use_of(request.studies, names, "reports neither direction, or looked at regions alone"),
        **found.said(),
    )  # fmt: skip
    return found.result(about)


_SILENT = Experiment(name="", foci=np.zeros((0, 3)), people=0.0)
