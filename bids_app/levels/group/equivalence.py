"""Arms that differ by less than a margin: two one-sided re-randomisation tests, by voxel and by declared region."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.errors import UsageError
from bids_app.statistics.clusters.adjacency import adjacency
from bids_app.statistics.permutation import corrections, linear_model, permutation_test
from bids_app.statistics.result import MapSet
from bids_app.vocabulary import array_allocation
from bids_app.vocabulary.contrast_sidecar import Equivalence, EquivalentRegion
from bids_app.vocabulary.design import Contrast
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.margin import Margin
from bids_app.vocabulary.options.inference import Inference

if TYPE_CHECKING:
    from bids_app.levels.group.contrast_test import ContrastModel, GroupContext

Floats = NDArray[np.float32]


def margin_of(map_set: MapSet, contrast: Contrast, inference: Inference) -> Margin | None:
    """Return the margin that is declared in the units of a map, if a contrast is held against it."""
    held = contrast.asked.primary or contrast.asked.step == "pair"
    margin = inference.margin if held and contrast.between_arms else None
    return margin if margin and margin.suits(map_set.output.scale) else None


def require_units(jobs: Sequence[GroupJob]) -> None:
    """Make sure that some of the maps are in the units of a declared margin.

    Raises
    ------
    UsageError
        If none is.
    """
    margin = jobs[0].inference.margin if jobs else None
    measures = {key.measure for job in jobs for maps in job.sessions.values() for key in maps.maps}
    scales = {name: plugs.measure(name).compared.scale for name in sorted(measures)}
    if margin and scales and not any(margin.suits(scale) for scale in scales.values()):
        there = ", ".join(f"{scale} ({name})" for name, scale in scales.items())
        raise UsageError(f"inference.equivalence_margin is in {margin.units!r}; the maps are in {there}.")


def shifted_outcomes(outcome: Callable[[], Floats], arm: NDArray[np.float64], margin: float) -> Iterator[Floats]:
    """Yield the two outcomes of equivalence, (n, voxels): arms that differ by less than the margin are both positive.

    The margin is added to, or taken from, all participants of the active arm (`arm` is 1 there, else 0). `outcome`
    makes what is shifted, (n, voxels), which is not kept while one of them is tested.
    """
    shift = margin * arm[:, None].astype(np.float32)
    for sign in (1, -1):
        whole = outcome()
        moved = array_allocation.empty_array((whole.shape[0], whole.shape[1]))
        np.multiply(whole, np.float32(sign), out=moved)
        del whole
        moved += shift
        yield moved


def equivalence(
    outcomes: Iterable[Floats], relabel: Callable[[Floats], permutation_test.NullDistribution]
) -> dict[str, Floats]:
    """Return -log10 p that the arms differ by less than a margin: each voxel alone, and corrected over the map.

    Two one-sided re-randomisation tests, of the shifted outcomes. The larger p of both counts.

    Parameters
    ----------
    relabel : callable
        Permutes an outcome, looking at positive values alone.
    """
    alone, everywhere = [], []
    for outcome in outcomes:
        null = relabel(outcome)
        alone.append(np.maximum(null.reached, 1) / len(null.maxima["voxel"]))
        everywhere.append(corrections.familywise_p(null.t, null.maxima["voxel"]))
    pairs = {"logptost": alone, "logptostfwe": everywhere}
    return {name: (-np.log10(np.maximum(*pair))).astype(np.float32) for name, pair in pairs.items()}


def equivalence_maps(
    question: ContrastModel, map_set: MapSet, run: GroupContext, margin: Margin
) -> tuple[dict[str, Floats], Equivalence]:
    """Return maps of p that arms are alike within a margin, and where they are: on the map, and in regions."""
    maps = _tested(question, run, margin)
    p = _p(maps["logptostfwe"])
    return maps, Equivalence(
        margin=margin.value, units=margin.units, share_shown=float(np.nanmean(p <= run.job.inference.alpha)),
        smallest_p=float(np.nanmin(p)), regions=tuple(_of_regions(question, map_set, run, margin)),
    )  # fmt: skip


def _tested(question: ContrastModel, run: GroupContext, margin: Margin) -> dict[str, Floats]:
    return equivalence(
        shifted_outcomes(question.outcome, question.contrast.tested[:, 0], margin.value),
        lambda maps: question.relabellings(question.fitted(maps), question.above, run).null(),
    )


def _p(log_p: Floats) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 10.0 ** -log_p.astype(np.float64)
    return found


def _of_regions(question: ContrastModel, map_set: MapSet, run: GroupContext, margin: Margin) -> list[EquivalentRegion]:
    """Return the same of the mean of each declared region, corrected over the regions."""
    domain = map_set.domain
    regions = run.regions if isinstance(domain, Voxels) else {}
    inside = {name: region[map_set.voxels.mask] for name, region in regions.items()}
    covered = {name: voxels for name, voxels in inside.items() if voxels.any()}
    if not covered:
        return [_absent(name) for name in inside]
    asked = _by_region(question, covered)
    maps = _tested(asked, run, margin)
    alone, over_all = _p(maps["logptost"]), _p(maps["logptostfwe"])
    found = {
        name: EquivalentRegion(
            region=name, voxels=int(voxels.sum()), difference=float(asked.model.effect[i]),
            p=float(alone[i]), p_corrected=float(over_all[i]), shown=bool(over_all[i] <= run.job.inference.alpha),
        )
        for i, (name, voxels) in enumerate(covered.items())
    }  # fmt: skip
    return [found.get(name) or _absent(name) for name in inside]


def _absent(name: str) -> EquivalentRegion:
    return EquivalentRegion(region=name, voxels=0, shown=False)


def _by_region(question: ContrastModel, covered: Mapping[str, NDArray[np.bool_]]) -> ContrastModel:
    """Return the same question to the mean of each region; regions have no neighbours."""

    def means(maps: Floats) -> Floats:
        return np.stack([maps[:, voxels].mean(axis=1, dtype=np.float64) for voxels in covered.values()], axis=1).astype(
            np.float32
        )

    contrast = question.contrast
    baseline = None if question.baseline is None else means(question.baseline)

    def fitted(maps: Floats) -> linear_model.LinearModel:
        return question.ready(linear_model.fit(maps, contrast.tested, contrast.nuisance, baseline))

    outcome = means(question.outcome())
    apart = adjacency(len(covered), (), unit="region")
    geometry = replace(question.geometry, neighbours=apart, enhancing=False)
    return replace(
        question, outcome=lambda: outcome, baseline=baseline, fitted=fitted, model=fitted(outcome), geometry=geometry
    )
