"""Peaks of two contrasts of the same trials, compared by exchanging the labels within each trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.clusters.cluster_table import Cluster, tabulate
from bids_app.statistics.permutation.corrections import critical, familywise_p, unsurpassed
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis.coordinates import Brain, Experiment
from bids_app.statistics.synthesis.subtraction import LEAST, Pair, difference, subtracted
from bids_app.syntheses import _coordinate_options, _experiments
from bids_app.vocabulary.studies import contrast_word
from bids_app.vocabulary.synthesis import MINUS, Columns, Subject, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import StudyUse, SubtractionSynthesis


def subtracted_peaks(request: SynthesisRequest, options: _coordinate_options.Options) -> SynthesisResult:
    """Return where the peaks of two contrasts converge differently.

    Raises
    ------
    WrongDataError
        If fewer than six trials report both.
    """
    assert request.brain is not None
    first, second = request.subject.title.split(MINUS)
    sides = [_by_sample(word, request, options) for word in (first, second)]
    names = [name for name in sides[0] if name in sides[1]]
    pairs: list[Pair] = [(sides[0][name], sides[1][name]) for name in names]
    if len(pairs) < LEAST:
        raise WrongDataError(
            f"{request.subject.title}: {len(pairs)} trials report both contrasts; at least {LEAST} are needed, for "
            "labels are exchanged within trials. Sets of different trials are not compared: they differ in more than "
            "the arm."
        )
    brain = Brain(grid=request.brain.grid, mask=request.brain.mask)
    scheme = SignFlips(len(pairs), request.inference.random_seed, options.redraws)
    observed = difference(pairs, [1.0] * len(pairs), brain)
    maxima = subtracted(pairs, brain, scheme, request.threads, request.progress)
    p = familywise_p(np.abs(observed), maxima)
    height, alpha = critical(maxima, request.inference.alpha), request.inference.alpha
    above = unsurpassed(maxima, alpha)
    clusters = tabulate(observed, brain.lattice.label(observed, above), above)
    about = SubtractionSynthesis(
        title=request.subject.title, first=first, second=second, trials=tuple(names), patterns=scheme.total,
        patterns_possible=scheme.possible, smallest_possible_p=scheme.smallest_p, smallest_p=float(p.min()),
        critical=height, alpha=alpha, random_seed=request.inference.random_seed, passing=len(clusters), notes=(),
        use=_use(request, names),
    )  # fmt: skip
    maps: dict[str, NDArray[np.floating]] = {"difference": observed, "logpvoxfwe": -np.log10(p)}
    tables = {"clusters": _table(clusters, brain, p, request), "nullmax": {"voxel": [*maxima]}}
    return SynthesisResult(about=about, maps=maps, domain=request.brain, tables=tables)


def _by_sample(word: str, request: SynthesisRequest, options: _coordinate_options.Options) -> dict[str, Experiment]:
    contrast = contrast_word(word, options.contrasts)
    assert contrast is not None
    subject = Subject(word, contrast.label)
    chosen = _experiments.chosen_experiments(request.studies, subject, options.unknown_size, ale=True)
    return dict(zip(chosen.samples, chosen.experiments, strict=True))


def _use(request: SynthesisRequest, names: Sequence[str]) -> tuple[StudyUse, ...]:
    reason = "does not report both contrasts, or looked at regions alone"
    return tuple(
        StudyUse(study=name, used=one.sample in names, reason="" if one.sample in names else reason)
        for name, one in request.studies.studies.items()
    )


def _table(clusters: Sequence[Cluster], brain: Brain, p: NDArray[np.float64], request: SynthesisRequest) -> Columns:
    at = [one.peak for one in clusters]
    where = brain.positions[at]
    found: dict[str, list[object]] = {"cluster": list(range(1, len(at) + 1))}
    found |= {axis: [*values] for axis, values in zip("xyz", where.T, strict=True)}
    found["place"] = [request.named(place[None]) or None for place in where]
    found["more_in"] = ["first" if one.positive else "second" for one in clusters]
    found["peak_difference"] = [one.peak_t for one in clusters]
    found["voxels"] = [one.extent for one in clusters]
    found["p_voxel_fwe"] = [float(p[i]) for i in at]
    return found
