"""What stands beside a contrast and tests no arm: power, variances of arms, clusters by participant, baseline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.levels.group.arm_similarity import Stacks, outcome_of
from bids_app.statistics import effect_size
from bids_app.statistics.clusters.cluster_values import MOST, Profile, effects, means
from bids_app.statistics.permutation import corrections, linear_model, permutation_test
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.residuals import residual_tiles
from bids_app.statistics.result import Result, variance_of
from bids_app.trial.contrasts import labels_of
from bids_app.vocabulary import array_allocation
from bids_app.vocabulary.contrast_sidecar import ArmVariances, Power, PowerAt, Symmetry
from bids_app.vocabulary.design import Contrast

SIZES = (0.2, 0.3, 0.5, 0.8)


"""Standardised effects that the number of participants is told for."""


def _heights(
    model: linear_model.LinearModel, null: permutation_test.NullDistribution, alpha: float
) -> dict[str, float]:
    """Return which |t| passes at one place named beforehand, and anywhere in the brain (infinite if none can)."""
    return {
        "voxel": float(stats.t.isf(alpha / (1 + null.both), model.df)),
        "brain": corrections.critical(null.maxima["voxel"], alpha),
    }


def detectable(
    model: linear_model.LinearModel, null: permutation_test.NullDistribution, alpha: float
) -> dict[str, NDArray[np.float32]]:
    """Return the smallest effect with 80 % power at each voxel, by what it is corrected over."""
    heights = {name: height for name, height in _heights(model, null, alpha).items() if np.isfinite(height)}
    variance = variance_of(model, null)
    found = {name: effect_size.detectable(variance, model.df, height) for name, height in heights.items()}
    return {f"detectable_{name}": effect.astype(np.float32) for name, effect in found.items()}


def power(
    model: linear_model.LinearModel, null: permutation_test.NullDistribution, contrast: Contrast,
    baseline: NDArray[np.float32] | None, alpha: float,
) -> Power:  # fmt: skip
    """Return which effect would have been found with 80 % power, from the variance that was observed."""
    found: dict[str, PowerAt] = {}
    variance = variance_of(model, null)
    for kind, height in _heights(model, null, alpha).items():
        smallest = effect_size.detectable(variance, model.df, height) if np.isfinite(height) else None
        found[kind] = PowerAt(
            critical_t=height,
            smallest_detectable_effect_median=None if smallest is None else float(np.nanmedian(smallest)),
            participants_for=_participants(variance, model.df, contrast, baseline, height),
        )
    return Power(one_voxel_or_region=found["voxel"], any_voxel_of_the_brain=found["brain"])


def _participants(
    variance: NDArray[np.float64], df: int, contrast: Contrast, baseline: NDArray[np.float32] | None, height: float
) -> dict[str, int]:
    """Return how many participants, arms together, standardised effects would need where |t| must reach a height."""
    if contrast.effect == "slope" or not np.isfinite(height):
        return {}
    people = len(contrast.members)
    arm = contrast.tested[:, 0]
    if baseline is not None and contrast.effect == "ancova":
        scaled = np.sqrt(variance) / effect_size.pooled_deviation(baseline, arm)
    else:  # of a standard deviation of the outcome itself
        sizes = [arm.sum()] if contrast.effect == "one_sample" else [arm.sum(), people - arm.sum()]
        scaled = np.full(1, np.sqrt(sum(1 / size for size in sizes)))
        scaled *= 0.5 if contrast.effect == "crossover" else 1.0
    error = float(np.nanmedian(scaled)) * np.sqrt(people)
    p, spent = 2 * float(stats.t.sf(height, df)), people - df
    return {f"{size:g}": effect_size.participants_for(error, size, p, spent) for size in SIZES}


SMALL_ARM = 20


"""People below whom variances of arms are known too badly for the largest statistic of a map (docs/validation.md)."""


ALIKE = 0.5, 2.0


"""Ratios of variances between which arms count as alike."""


SKEWED = 1.0


"""Median absolute skewness of the wider arm from which on its mean is badly known."""


Floats = NDArray[np.float32]


def arm_variances(model: LinearModel, contrast: Contrast) -> ArmVariances:
    """Return how much more one arm varies than the other, and a warning where that distorts p.

    The ratio is the median over the places of the residuals' variances, its limits are those of a single place.
    """
    arm = contrast.tested[:, 0] == 1
    sizes = int(arm.sum()), int((~arm).sum())
    each = np.concatenate([_of_arms(left, arm) for _, left in residual_tiles(model)], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.nanmedian(each[0] / each[1]))
    low, high = (float(ratio / stats.f.ppf(p, sizes[0] - 1, sizes[1] - 1)) for p in (0.975, 0.025))
    unequal = not ALIKE[0] <= ratio <= ALIKE[1]
    skewness = float(np.nanmedian(each[2 if ratio >= 1 else 3]))
    return ArmVariances(
        median_ratio=ratio, median_ratio_limits=(low, high), median_absolute_skewness=skewness, unequal=unequal,
        unreliable=unequal and skewness > SKEWED, warning=_warning(model, sizes, ratio),
    )  # fmt: skip


FEW = 12


"""People below whom nothing can be said of the symmetry of their changes."""


def symmetry(model: LinearModel, people: int) -> Symmetry:
    """Return how skewed the residuals of a mean are, whose signs are flipped, and a warning where that distorts p."""
    each = np.concatenate([np.abs(_skewness(left)) for _, left in residual_tiles(model)])
    skewness = float(np.nanmedian(each))
    said = [f"{people} participants"] * (people < FEW) + ["skewed changes"] * (skewness > SKEWED)
    warning = (
        f"Sign flips need changes that are symmetric around their mean; with {' and '.join(said)} p may be too small."
    )
    return Symmetry(median_absolute_skewness=skewness, warning=warning if said else "")


def _warning(model: LinearModel, sizes: tuple[int, int], ratio: float) -> str:
    """Return what a reader must know of p where arms vary unequally, or nothing."""
    few = f"An arm has fewer than {SMALL_ARM} people" if min(sizes) < SMALL_ARM else "The arms differ in variance"
    if model.by_arm and (min(sizes) < SMALL_ARM or not ALIKE[0] <= ratio <= ALIKE[1]):
        return (
            f"{few} and each has a variance of its own (by-arm): the largest statistic over a map, cluster mass too, "
            "then finds too much. Read the robust p."
        )
    if ALIKE[0] <= ratio <= ALIKE[1] or model.robust is not None:
        return ""
    more = f" and in size ({sizes[0]} and {sizes[1]})" if not 0.8 <= sizes[0] / sizes[1] <= 1.25 else ""
    return (
        f"The arms differ in variance (median ratio {ratio:.2f}){more}: re-randomisation then finds differences where "
        "the means are the same. Read the robust p."
    )


def _of_arms(left: Floats, arm: NDArray[np.bool_]) -> Floats:
    """Return the variance of both arms and the absolute skewness of both, (4, voxels)."""
    arms = left[arm], left[~arm]
    return np.stack([*(each.var(axis=0, ddof=1) for each in arms), *(np.abs(_skewness(each)) for each in arms)])


def _skewness(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((centred**3).mean(axis=0) / (centred**2).mean(axis=0) ** 1.5, dtype=np.float32)


def profile(
    result: Result, stacks: Stacks, ready: Callable[[linear_model.LinearModel], linear_model.LinearModel]
) -> Profile | None:
    """Return the means of the largest clusters by stage, and their effect; None where nothing forms a cluster.

    Parameters
    ----------
    stacks : mapping of (participants, voxels)
        Maps by stage, as the result was made from.
    ready : callable
        A plain model as permutations need it.
    """
    contrast = result.contrast
    numbers = [cluster.number for cluster in result.clusters[:MOST]]
    if not result.map_set.domain.clustered or not numbers:
        return None
    small = {stage: means(stacks[stage], result.labels, numbers) for stage in contrast.asked.outcome.stages}
    before = contrast.asked.outcome.baseline
    baseline = small[before][contrast.members] if before else None
    model = linear_model.fit(outcome_of(small, contrast), contrast.tested, contrast.nuisance, baseline)
    values = {stage: np.asarray(found[contrast.members]) for stage, found in small.items()}
    return Profile(values, effects(ready(model), result.scheme))


def name_of(primary: Result) -> str:
    """Return the name of the difference before treatment between the arms of a contrast, such as verumVsShamPre."""
    design, contrast = primary.map_set.design, primary.contrast
    labels = dict(zip(design.arms, labels_of(design.arms), strict=True))
    arms = [design.rows[i]["arm"] for i in contrast.members]
    first, second = (labels[arms[int(np.argmax(contrast.tested[:, 0] == side))]] for side in (1, 0))
    return f"{first}Vs{second[:1].upper()}{second[1:]}Pre"


def difference(contrast: Contrast, stacks: Stacks) -> dict[str, NDArray[np.float32]]:
    """Return the difference of two arms in the baseline of a contrast, (voxels,) each by `stat`; none without one.

    The difference is adjusted for covariates and strata like the contrast itself; Hedges g has the limits of the
    noncentral t.
    """
    before = contrast.asked.outcome.baseline
    if not before or contrast.effect != "ancova":
        return {}
    arm = contrast.tested[:, 0]
    model = linear_model.fit(
        array_allocation.rows_of(stacks[before], contrast.members), contrast.tested, contrast.nuisance
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        t = model.effect / np.sqrt(model.variance)
    values = np.stack([t, *effect_size.noncentral_limits(t, model.df)])
    g = effect_size.two_sample_g(values, int(arm.sum()), int((arm == 0).sum()))
    maps = {"effect": model.effect, "variance": model.variance, "g": g[0], "gLower": g[1], "gUpper": g[2]}
    return {name: found.astype(np.float32) for name, found in maps.items()}
