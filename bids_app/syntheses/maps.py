"""Maps of studies, pooled voxel by voxel: outputs of deqi, and images of NIMADS studysets."""

from __future__ import annotations

from bids_app.syntheses import _map_options
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.studies import Studies
from bids_app.vocabulary.synthesis import Subject, SynthesisRequest, SynthesisResult

Options = _map_options.Options

ASKS = "maps"

METHODS = (
    "Maps of studies were pooled voxel by voxel with random effects [@DerSimonian1986] and t of Hartung and Knapp "
    "[@Hartung2001]; heterogeneity is told as tau² and I² [@Higgins2002] and as the interval in which the effect of a "
    "further study is expected [@Higgins2009]. P were corrected over the brain by flipping the signs of whole studies."
)


def subjects(studies: Studies, _: Options) -> tuple[Subject, ...]:
    """Return each measure and map, or contrast, of which two studies or more have images."""
    found = [one.subject for one in studies.maps]
    return tuple(Subject(word, as_label(word)) for word in dict.fromkeys(found) if found.count(word) > 1)


def synthesise(request: SynthesisRequest, options: Options) -> SynthesisResult:
    """Pool the maps of one subject.

    Raises
    ------
    WrongDataError
        If maps were made in different ways, or of the same participants.
    """
    # Brings the compiler.
    from bids_app.syntheses import _pooled_maps

    return _pooled_maps.pooled(request, options)
