"""Reported peaks that converge: activation likelihood (ALE) or density (MKDA) of the experiments of one contrast."""

from __future__ import annotations

from bids_app.syntheses import _coordinate_options
from bids_app.vocabulary.studies import Studies
from bids_app.vocabulary.synthesis import Subject, SynthesisRequest, SynthesisResult

Options = _coordinate_options.Options

ASKS = "foci"

METHODS = (
    "Reported peaks were brought together in MNI space, one experiment for each sample and contrast [@Turkeltaub2012], "
    "by activation likelihood [@Eickhoff2012] or by density [@Wager2007]. Clusters of voxels were corrected over the "
    "brain by their extent, with foci redrawn within it. Claims need 17 experiments or more [20 for effects of medium "
    "size, @Eickhoff2016]. How many studies that found something elsewhere a cluster bears was found by adding noise "
    "[@Acar2018]."
)


def subjects(studies: Studies, _: Options) -> tuple[Subject, ...]:
    """Return each contrast for which a study reports foci: directions are never pooled."""
    found = dict.fromkeys(one.contrast for one in studies.peaks)
    return tuple(Subject(word.word, word.label) for word in found)


def synthesise(request: SynthesisRequest, options: Options) -> SynthesisResult:
    """Find where the peaks of one contrast converge.

    Raises
    ------
    WrongDataError
        If there are too few experiments, or participants are not told.
    """
    # Brings the compiler.
    from bids_app.syntheses import _convergence

    return _convergence.converging(request, options)
