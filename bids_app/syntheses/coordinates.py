"""Reported peaks that converge: activation likelihood (ALE) or density (MKDA) of the experiments of one contrast."""

from __future__ import annotations

from collections import Counter

from bids_app.errors import UsageError
from bids_app.syntheses import _coordinate_options
from bids_app.vocabulary.studies import Studies, contrast_word, opposite
from bids_app.vocabulary.synthesis import MINUS, OPPOSITE, Subject, SynthesisRequest, SynthesisResult

Options = _coordinate_options.Options

ASKS = "foci"

METHODS = (
    "Reported peaks were brought together in MNI space, one experiment for each sample and contrast [@Turkeltaub2012], "
    "by activation likelihood [@Eickhoff2012] or by density [@Wager2007]. Clusters of voxels were corrected over the "
    "brain by their extent, with foci redrawn within it. Claims need 17 experiments or more [20 for effects of medium "
    "size, @Eickhoff2016]. How many studies that found something elsewhere a cluster bears was found by adding noise "
    "[@Acar2018]."
)


_LEAST = 6
"""Experiments without which no sign flip can pass."""


def subjects(studies: Studies, options: Options) -> tuple[Subject, ...]:
    """Return each contrast for which a study reports foci, for directions are never pooled, and what is compared.

    Beside each contrast of which both directions are reported stands which of them is reported more.

    Raises
    ------
    UsageError
        If a contrast to be compared is none of those reported.
    """
    found = {one.contrast.word: one.contrast.label for one in studies.peaks if len(one.foci)}
    asked = [word.word for one in options.subtract if (word := contrast_word(one, options.contrasts))]
    if (options.subtract and not set(asked) <= found.keys()) or len(asked) != len(options.subtract):
        raise UsageError(
            f"syntheses.coordinates.subtract names {' and '.join(options.subtract)}; foci are reported of "
            f"{', '.join(found) or 'nothing'}."
        )
    # Of contrasts to be compared those with too few experiments are not also looked at by themselves.
    told = {(one.contrast.word, studies.studies[one.study].sample) for one in studies.peaks if len(one.foci)}
    counts = Counter(word for word, _ in told)
    order = list(found)
    directions = [word for word in found if opposite(word) in order[order.index(word) + 1 :]]
    alone = [word for word in found if word not in asked or counts[word] >= options.least]
    every = tuple(Subject(word, found[word]) for word in alone)
    every += tuple(
        Subject(f"{word}{OPPOSITE}{opposite(word)}", f"{found[word]}Direction")
        for word in directions
        if len({sample for one, sample in told if one in (word, opposite(word))}) >= _LEAST
    )
    if not asked:
        return every
    first, second = (found[word] for word in asked)
    return (*every, Subject(MINUS.join(asked), f"{first}Minus{second[:1].upper()}{second[1:]}"))


def synthesise(request: SynthesisRequest, options: Options) -> SynthesisResult:
    """Find where the peaks of one contrast converge.

    Raises
    ------
    WrongDataError
        If there are too few experiments, or participants are not told.
    """
    # All bring the compiler.
    if OPPOSITE in request.subject.title:
        from bids_app.syntheses import _direction

        return _direction.directed(request, options)
    if MINUS in request.subject.title:
        from bids_app.syntheses import _subtraction

        return _subtraction.subtracted_peaks(request, options)
    from bids_app.syntheses import _convergence

    return _convergence.converging(request, options)
